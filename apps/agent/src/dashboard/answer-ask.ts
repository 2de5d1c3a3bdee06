import { constants } from 'node:fs'
import { access, lstat, opendir, readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { readOrder } from '@dmc/core/chain/read-order'
import type { Answer, Ask, AskKind } from '@dmc/core/dashboard/commands'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { hashToHex } from '@dmc/core/merkle/hash-hex'
import { checkExcludes } from '@dmc/core/source/exclude-patterns'
import { bytesToHex } from 'viem'
import type { AgentContext } from '../agent-context.ts'
import { buildAnswer } from '../answer/build-answer.ts'
import { answerContext } from '../answer/open-answering.ts'
import { orderNotHere } from '../answer/order-not-here.ts'
import { snapshotLs } from '../handlers/snapshot-ls.ts'
import { ownerOf } from '../rows/owner-of.ts'
import { isInside } from '../sector/sector-path.ts'
import { Excluder } from '../source/encode/excluder.ts'
import { measureSource } from '../source/measure-source.ts'
import { refused } from './refused.ts'
import { insideRoots, type RootKind, type Roots, sourceInRoots } from './roots.ts'

const MOST_ENTRIES = 500
/** Of names and paths in one answer: the message stays below the socket's limit. */
const MOST_BYTES = 36 * 1024
/** A folder of millions is not read to its end for a screen. */
const MOST_READ = 20_000
const ESTIMATE_MS = 12_000

export interface Answering {
  ctx: Pick<AgentContext, 'sources'> & AgentContext
  roots: Roots
  signal: AbortSignal
}

/** Answers a question of a screen: inside the allowed folders, bounded, nothing kept. @throws PATH_OUTSIDE_ROOTS, SOURCE_UNKNOWN, … */
export async function answerAsk(how: Answering, ask: Ask): Promise<Answer<AskKind>> {
  switch (ask.kind) {
    case 'browse':
      return browse(how.roots, ask.root, ask.path)
    case 'mounts':
      return { mounts: await listMounts(how.roots) }
    case 'estimate':
      return estimate(how, ask)
    case 'snapshot.ls':
      return listSnapshot(how, ask)
    case 'answer.proof':
      return proveChallenge(how, ask.orderId)
  }
}

async function browse(roots: Roots, kind: RootKind, path: string | null): Promise<Answer<'browse'>> {
  if (path === null) {
    const entries = roots[kind].map((root) => ({
      name: root,
      path: root,
      kind: 'directory' as const,
      bytes: null,
    }))
    return { path: null, ...bounded(entries, 0) }
  }
  const real = await insideRoots(roots, kind, path)
  const entries: Answer<'browse'>['entries'] = []
  let seen = 0
  for await (const entry of await opendir(real)) {
    if (++seen > MOST_READ) break
    const type = entry.isDirectory() ? 'directory' : entry.isFile() ? 'file' : 'other'
    entries.push({ name: entry.name, path: join(real, entry.name), kind: type, bytes: null })
  }
  const rank = { directory: 0, file: 1, other: 2 }
  entries.sort((a, b) => rank[a.kind] - rank[b.kind] || a.name.localeCompare(b.name))
  const shown = bounded(entries, Math.max(0, seen - entries.length))
  for (const entry of shown.entries) {
    if (entry.kind === 'file') entry.bytes = (await lstat(entry.path).catch(() => null))?.size ?? null
  }
  return { path: real, ...shown }
}

async function estimate(
  { ctx, roots, signal }: Answering,
  ask: Extract<Ask, { kind: 'estimate' }>,
): Promise<Answer<'estimate'>> {
  const real = await insideRoots(roots, 'read', ask.path)
  const excludes = checkExcludes(ask.excludes ?? [])
  await access(real, constants.R_OK)
  let done = true
  const root = Buffer.from(real)
  const limit = {
    ms: ESTIMATE_MS,
    onCut: () => {
      done = false
    },
  }
  const until = AbortSignal.any([signal, ctx.signal])
  const size = await measureSource(root, until, limit, Excluder.of(root, excludes))
  const { files, bytes, unreadable, excluded } = size
  return { files, bytes, unreadable, excluded, done }
}

async function listSnapshot(
  { ctx, roots, signal }: Answering,
  ask: Extract<Ask, { kind: 'snapshot.ls' }>,
): Promise<Answer<'snapshot.ls'>> {
  await sourceInRoots(roots, ctx.sources.get(ask.sourceId).path)
  const { entries } = await snapshotLs(
    ctx,
    { snapshot: ask.snapshotId, source: ask.sourceId, path: ask.path, recursive: false },
    () => {},
    signal,
  )
  return bounded(
    entries.map(({ name, path, kind, size, mtimeMs }) => ({ name, path, kind, bytes: size, mtimeMs })),
    0,
  )
}

/** flow 14, by hand: leaf and path are public as soon as they answer, and only what the chain asks for now is given out. */
async function proveChallenge({ ctx }: Answering, orderId: bigint): Promise<Answer<'answer.proof'>> {
  const order = await readOrder(ctx.rpc.client, { market: ctx.config.chain.market, orderId })
  const owner = ownerOf(ctx)
  if (order.miner.toLowerCase() !== owner.toLowerCase()) {
    throw refused(
      `order ${orderId} is stored by ${order.miner}, not by the wallet that this host acts for (${owner})`,
    )
  }
  if (order.state !== 'active' || order.challenge === null) {
    throw new DmcError('MARKET_NO_CHALLENGE', `Order ${orderId} has no open challenge.`, {
      hint: 'It was answered already, or never asked.',
    })
  }
  const { leafIndex, deadline } = order.challenge
  const held = await answerContext(ctx).proofs(orderId, { anew: false })
  if (held === null) throw orderNotHere(orderId)
  const { leaf, path } = await buildAnswer(held, order, leafIndex)
  return { leaf: bytesToHex(leaf), path: path.map(hashToHex), index: leafIndex, deadline }
}

/** Disks that lie at or below the folders allowed for sectors, with their space. */
async function listMounts(roots: Roots): Promise<Answer<'mounts'>['mounts']> {
  const table = await readMountTable()
  const found = new Map<string, string>()
  for (const root of roots.sector) {
    const own = table
      .filter(({ path }) => isInside(root, path))
      .sort((a, b) => b.path.length - a.path.length)[0]
    found.set(root, own?.fileSystem ?? '')
    for (const { path, fileSystem } of table) if (isInside(path, root)) found.set(path, fileSystem)
  }
  const mounts: Answer<'mounts'>['mounts'] = []
  for (const [path, fileSystem] of [...found].slice(0, 64)) {
    const space = await statfs(path).catch(() => null)
    if (space === null) continue
    mounts.push({
      path,
      fileSystem,
      totalBytes: space.blocks * space.bsize,
      freeBytes: space.bavail * space.bsize,
    })
  }
  return mounts
}

const DISKS = /^(ext[234]|xfs|btrfs|zfs|f2fs|vfat|exfat|ntfs3?|fuseblk|nfs4?|cifs|overlay|apfs|hfs|bcachefs)$/

/** Linux's own table; elsewhere the allowed folders alone are shown. */
async function readMountTable(): Promise<{ path: string; fileSystem: string }[]> {
  const text = await readFile('/proc/self/mounts', 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const [, path = '', fileSystem = ''] = line.split(' ')
    if (!DISKS.test(fileSystem)) return []
    return [
      {
        path: path.replace(/\\(\d{3})/g, (_, octal: string) =>
          String.fromCharCode(Number.parseInt(octal, 8)),
        ),
        fileSystem,
      },
    ]
  })
}

/** As many entries as fit into one answer, and how many more there are. */
function bounded<E extends { name: string; path: string }>(
  entries: E[],
  unread: number,
): { entries: E[]; more: number } {
  let size = 0
  let count = 0
  for (const entry of entries) {
    size += Buffer.byteLength(entry.name) + Buffer.byteLength(entry.path) + 120
    if (count >= MOST_ENTRIES || size > MOST_BYTES) break
    if (entry.name.length > 1024 || entry.path.length > 4096) break
    count++
  }
  return { entries: entries.slice(0, count), more: entries.length - count + unread }
}
