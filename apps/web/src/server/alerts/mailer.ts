import type { Transporter } from 'nodemailer'
import type { WebEnv } from '../../env.ts'
import type { Sent } from './post-webhook.ts'

export interface Mail {
  to: string
  subject: string
  text: string
  /** The same for every attempt: many mailboxes drop a second one. */
  id: string
  /** Where one request stops these mails (RFC 8058); null: a mail that was asked for. */
  stopUrl: string | null
}

export interface Mailer {
  send(mail: Mail): Promise<Sent>
  close(): void
}

/** One address as people have it: no name, no list, no quoting, nothing that could begin another header. */
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/
export const isMailAddress = (text: string): boolean =>
  text.length <= 254 && ADDRESS.test(text) && !text.includes('..')

const LIMIT_MS = 15_000

/** Sends plain text by the SMTP server of the environment; null when there is none. */
export function createMailer({ smtp }: WebEnv): Mailer | null {
  if (smtp === null) return null
  const { url, from } = smtp
  let transport: Promise<Transporter> | null = null
  const open = () => {
    // most dashboards send no mail: the library is read when the first one goes out
    transport ??= import('nodemailer').then(({ createTransport }) => {
      const { protocol, hostname, port, username, password } = new URL(url)
      const secure = protocol === 'smtps:'
      const host = hostname.replace(/^\[|\]$/g, '')
      return createTransport({
        host,
        port: port === '' ? (secure ? 465 : 587) : Number(port),
        secure,
        // in the clear only to this machine itself
        requireTLS: !secure && !isLoopback(host),
        ignoreTLS: !secure && isLoopback(host),
        ...(username === ''
          ? {}
          : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
        connectionTimeout: LIMIT_MS,
        greetingTimeout: LIMIT_MS,
        socketTimeout: LIMIT_MS,
        dnsTimeout: LIMIT_MS,
        disableFileAccess: true,
        disableUrlAccess: true,
      })
    })
    return transport
  }
  return {
    async send({ to, subject, text, id, stopUrl }) {
      try {
        await (await open()).sendMail({
          from,
          to: { name: '', address: to },
          subject,
          text,
          messageId: `<${id}@${from.split('@')[1] ?? 'dmc'}>`,
          headers: {
            'Auto-Submitted': 'auto-generated',
            ...(stopUrl === null
              ? {}
              : {
                  'List-Unsubscribe': `<${stopUrl}>`,
                  'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
                }),
          },
        })
        return { ok: true, status: 250, error: null }
      } catch (error) {
        return failed(error)
      }
    },
    close() {
      transport?.then(
        (open) => open.close(),
        () => {},
      )
    },
  }
}

const isLoopback = (host: string) => host === 'localhost' || host === '::1' || /^127\./.test(host)

/** What a mail server says is for whoever runs the dashboard as well as for the person: code and sentence, no address of ours. */
function failed(error: unknown): Sent {
  const { responseCode, code, response } = (error ?? {}) as {
    responseCode?: unknown
    code?: unknown
    response?: unknown
  }
  const status = typeof responseCode === 'number' ? responseCode : null
  const said =
    typeof response === 'string'
      ? response
          .replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, ' ')
          .replace(/\s+/g, ' ')
          .trim()
          .slice(0, 200)
      : null
  if (code === 'EAUTH') {
    return { ok: false, status, error: 'The mail server does not take this dashboard’s password.' }
  }
  if (said !== null && said !== '') return { ok: false, status, error: `The mail server answered: ${said}` }
  const reason = typeof code === 'string' ? ` (${code})` : ''
  return { ok: false, status, error: `The mail server can’t be reached${reason}.` }
}
