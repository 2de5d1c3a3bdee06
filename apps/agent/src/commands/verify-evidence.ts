import { constants } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { EVIDENCE_LIMITS, parseEvidence } from '@dmc/core/evidence/bundle'
import type { EvidenceVerdict } from '@dmc/core/evidence/judge-answer'
import { type CheckedAnswer, type EvidenceReport, verifyEvidence } from '@dmc/core/evidence/verify-evidence'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { formatTime } from '@dmc/core/units/format-time'
import { openRpcClient } from '../chain/rpc-client.ts'
import { cleanText } from '../output/clean-text.ts'
import { count } from '../output/format.ts'
import { fail, type Io } from '../output/io.ts'
import { printPairs } from '../output/print-table.ts'
import { parseAddress } from './arguments.ts'
import type { Action } from './shell.ts'

export interface VerifyEvidenceOptions {
  rpc: string
  market?: string
}

const VERDICTS: Record<EvidenceVerdict, string> = {
  proved: 'miner proved',
  wrong: 'miner signed a wrong answer (evidence against it)',
  worthless: 'not signed by the miner: worthless',
  unverifiable: 'not verifiable',
}
const RESULTS: Record<EvidenceReport['result'], { code: number; text: string }> = {
  holds: { code: 0, text: 'All of it is so, and nothing is left out.' },
  incomplete: { code: 2, text: 'Nothing in it is false, but some of it can’t be verified.' },
  false: { code: 4, text: 'Something in it is not so: don’t rely on the rest of this file.' },
}
/** Lines of one kind that a person is shown; --json has all. */
const MOST_LINES = 20

/** Needs the file and an RPC URL: no data folder, no keys, no running agent. */
export const verifyEvidenceFile: Action<[string], VerifyEvidenceOptions> = async (
  { io, signal },
  options,
  path,
) => {
  const bundle = parseEvidence(await readBounded(path))
  const { client } = openRpcClient({ chainId: bundle.chainId, urls: [parseUrl(options.rpc)], signal })
  const report = await verifyEvidence(client, bundle, {
    hasher: createNodeHasher(),
    ...(options.market === undefined ? {} : { market: parseAddress(options.market) }),
  })
  io.document('verify-evidence', { ...report, file: path })
  if (!io.json) show(io, report)
  return RESULTS[report.result].code
}

function show(io: Io, report: EvidenceReport): void {
  const { bold, red, green, yellow } = io.colors
  io.print(bold(`Order ${report.orderId} on chain ${report.chainId}`))
  const say = (answers: CheckedAnswer[]) =>
    (Object.keys(VERDICTS) as EvidenceVerdict[])
      .map(
        (verdict) =>
          [answers.filter((answer) => answer.verdict === verdict).length, VERDICTS[verdict]] as const,
      )
      .filter(([number]) => number > 0)
      .map(([number, text]) => `${number} ${text}`)
      .join(', ')
  const isTrue = report.claims.filter(({ result }) => result === 'true').length
  printPairs(
    io,
    [
      ['Market', report.market],
      ['User', report.user ?? '–'],
      ['Miner', report.miner ?? '–'],
      ['Told up to block', String(report.asOf)],
      ['On chain', `${isTrue} of ${count(report.claims.length, 'claim')} are so`],
      ['Left out', report.complete ? String(report.leftOut.length) : 'can’t be told'],
      ['Answers', say(report.answers) || 'none'],
    ],
    '  ',
  )
  const line = (mark: string, text: string) => `${mark}${cleanText(text)}`
  const rest: string[] = [
    ...report.claims
      .filter(({ result }) => result !== 'true')
      .map(({ claim, result, reason }) =>
        line(result === 'false' ? red('not so') : yellow('not verifiable'), `: ${claim}. ${reason}`),
      ),
    ...report.leftOut.map((event) => line(red('left out'), `: ${event}`)),
    ...report.answers
      .filter(({ verdict }) => verdict !== 'proved')
      .map(({ verdict, signedAt, reason }) =>
        line(yellow(VERDICTS[verdict]), `, ${formatTime(signedAt)}: ${reason}`),
      ),
  ]
  if (rest.length > 0) io.print()
  for (const text of rest.slice(0, MOST_LINES)) io.print(`  ${text}`)
  if (rest.length > MOST_LINES) io.print(`  … and ${rest.length - MOST_LINES} more; --json has all`)
  io.print()
  const { text } = RESULTS[report.result]
  io.print(report.result === 'holds' ? green(text) : report.result === 'false' ? red(text) : yellow(text))
  io.note(`Is ${report.market} the Market that you mean? Anybody can deploy one; --market insists on yours.`)
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url && ['http:', 'https:'].includes(url.protocol)) return text
  throw fail('USAGE', `'${text.slice(0, 60)}' is not an RPC URL.`, 'Give http://… or https://….')
}

/** @throws EVIDENCE_INVALID, USAGE */
async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    if (size > EVIDENCE_LIMITS.bytes) throw tooLong(path, size)
    // a FIFO would be waited for without end
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      if (!(await file.stat()).isFile())
        throw fail('USAGE', `${path} is not a file.`, 'Name the file itself.')
      return await file.readFile()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (DmcError.is(error)) throw error
    const { code } = error as NodeJS.ErrnoException
    throw fail('USAGE', `${path} can’t be read: ${code}.`, 'Name the file that `order evidence` has written.')
  }
}

const tooLong = (path: string, size: number) =>
  fail(
    'EVIDENCE_INVALID',
    `${path} has ${size} bytes; evidence has at most ${EVIDENCE_LIMITS.bytes}.`,
    'Ask for the file again.',
  )
