import { createServer, type Socket } from 'node:net'

export interface ReceivedMail {
  from: string
  to: string[]
  /** As it came, dots unstuffed, lines ending in \n. */
  raw: string
  subject: string
  /** The text, decoded. */
  text: string
  header(name: string): string | null
}

export interface SmtpReceiver {
  url: string
  port: number
  mails: ReceivedMail[]
  /** How the next recipients are refused, like `550 5.1.1 No such user`; null: they are taken. */
  refuse: string | null
  close(): Promise<void>
}

/** A mail server on this machine that takes what it is given and keeps it: RFC 5321's commands, one after the other. */
export async function startSmtpReceiver(): Promise<SmtpReceiver> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    serve(socket, receiver)
  })
  const receiver: SmtpReceiver = {
    url: '',
    port: 0,
    mails: [],
    refuse: null,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  receiver.port = (server.address() as { port: number }).port
  receiver.url = `smtp://127.0.0.1:${receiver.port}`
  return receiver
}

function serve(socket: Socket, receiver: SmtpReceiver): void {
  const say = (line: string) => socket.write(`${line}\r\n`)
  let rest = ''
  let data: string[] | null = null
  let from = ''
  let to: string[] = []
  const command = (line: string) => {
    const word = line.slice(0, 4).toUpperCase()
    const address = /<([^>]*)>/.exec(line)?.[1] ?? ''
    if (word === 'EHLO') say('250-receiver\r\n250-8BITMIME\r\n250 SMTPUTF8')
    else if (word === 'HELO') say('250 receiver')
    else if (word === 'MAIL') {
      from = address
      to = []
      say('250 2.1.0 Ok')
    } else if (word === 'RCPT') {
      if (receiver.refuse !== null) say(receiver.refuse)
      else {
        to.push(address)
        say('250 2.1.5 Ok')
      }
    } else if (word === 'DATA') {
      if (to.length === 0) say('503 5.5.1 No recipient')
      else {
        data = []
        say('354 End data with <CR><LF>.<CR><LF>')
      }
    } else if (word === 'RSET' || word === 'NOOP') say('250 2.0.0 Ok')
    else if (word === 'QUIT') {
      say('221 2.0.0 Bye')
      socket.end()
    } else say('502 5.5.2 Unknown command')
  }
  say('220 receiver ESMTP')
  socket.setEncoding('utf8')
  socket.on('data', (part: string) => {
    rest += part
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end)
      rest = rest.slice(end + 2)
      if (data === null) command(line)
      else if (line === '.') {
        receiver.mails.push(mailOf(from, to, data.join('\n')))
        data = null
        say('250 2.0.0 Taken')
      } else data.push(line.startsWith('.') ? line.slice(1) : line)
    }
  })
}

function mailOf(from: string, to: string[], raw: string): ReceivedMail {
  const end = raw.indexOf('\n\n')
  const headers = raw.slice(0, end).replace(/\n[ \t]+/g, ' ')
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(headers)?.[1] ?? null
  const body = raw.slice(end + 2)
  const encoding = header('content-transfer-encoding')?.toLowerCase() ?? '7bit'
  const text =
    encoding === 'base64'
      ? Buffer.from(body, 'base64').toString('utf8')
      : encoding === 'quoted-printable'
        ? fromQuoted(body.replace(/=\n/g, ''), /=([0-9A-F]{2})/g)
        : body
  return { from, to, raw, header, text, subject: fromWords(header('subject') ?? '') }
}

const fromQuoted = (text: string, escapes: RegExp): string =>
  Buffer.from(
    text.replace(escapes, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString('utf8')

/** RFC 2047: what is not ASCII in a header. */
const fromWords = (text: string): string =>
  text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_all, kind: string, word: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(word, 'base64').toString('utf8')
        : fromQuoted(word.replace(/_/g, ' '), /=([0-9A-Fa-f]{2})/g),
    )
