import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Proves the arrows between packages and inside the agent (docs/ARCHITECTURE.md). Prints each import that turns back,
 * exits 1 when there is one. `--self-test` first shows that a wrong arrow would be found.
 */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

interface Zone {
  name: string
  /** Files of the zone: a path prefix from the repository's root. */
  at: string
  /** Zones (or npm packages, or `node:*`) that its product code may import. */
  may: string[]
}

const CORE_LIBRARIES = [
  'viem',
  'zod',
  '@noble/curves',
  '@noble/hashes',
  '@scure/bip39',
  'cborg',
  'ipaddr.js',
  'croner',
]
const NODE_FILES = ['node:crypto', 'node:module', 'node:zlib', '@chainsafe/hashtree', '@dmc/native']

/** First match wins, so the narrow ones stand first. */
export const ZONES: Zone[] = [
  { name: 'agent/disk', at: 'apps/agent/src/disk/', may: ['core', 'node'] },
  { name: 'agent/store', at: 'apps/agent/src/store/', may: ['core', 'node', 'agent/disk', 'agent/worker'] },
  {
    name: 'agent/worker',
    at: 'apps/agent/src/worker/',
    may: ['core', 'node', 'agent/source', 'agent/sector'],
  },
  {
    name: 'agent/source',
    at: 'apps/agent/src/source/',
    may: ['core', 'node', 'agent/disk', 'agent/store', 'agent/worker', 'npm'],
  },
  {
    name: 'agent/sector',
    at: 'apps/agent/src/sector/',
    may: ['core', 'node', 'agent/disk', 'agent/store', 'agent/worker', 'npm'],
  },
  { name: 'agent/chain', at: 'apps/agent/src/chain/', may: ['core', 'node', 'agent/store', 'npm'] },
  {
    name: 'agent/contract',
    at: 'apps/agent/src/contract/',
    may: [
      'core',
      'node',
      'agent/disk',
      'agent/store',
      'agent/worker',
      'agent/source',
      'agent/sector',
      'agent/chain',
      'npm',
    ],
  },
  {
    name: 'agent/account',
    at: 'apps/agent/src/account/',
    may: [
      'core',
      'node',
      'agent/store',
      'agent/chain',
      'agent/contract',
      'agent/source',
      'agent/sector',
      'npm',
    ],
  },
  // of the dashboard the agent knows the types of its procedures, nothing that runs: see `typeOnly`
  { name: 'agent', at: 'apps/agent/', may: ['core', 'node', 'npm', 'agent/*', 'web'] },
  { name: 'web', at: 'apps/web/', may: ['core', 'db', 'node', 'npm'] },
  { name: 'db', at: 'packages/db/', may: ['core', 'node', 'npm'] },
  { name: 'core', at: 'packages/core/', may: CORE_LIBRARIES },
  { name: 'contracts', at: 'packages/contracts/', may: ['core', 'node', 'npm'] },
  { name: 'testkit', at: 'packages/testkit/', may: ['core', 'node', 'npm', 'agent/*', 'agent', 'db', 'web'] },
  {
    name: 'root',
    at: '',
    may: ['core', 'node', 'npm', 'agent/*', 'agent', 'contracts', 'testkit', 'db', 'web', 'root'],
  },
]

const PACKAGES: Record<string, string> = {
  '@dmc/core/': 'packages/core/src/',
  '@dmc/db/': 'packages/db/src/',
  '@dmc/web/': 'apps/web/src/',
  '@dmc/testkit/': 'packages/testkit/src/',
  '@dmc/contracts/': 'packages/contracts/',
  'dmc-agent/': 'apps/agent/src/',
}

const zoneOf = (file: string): Zone => ZONES.find((zone) => file.startsWith(zone.at)) as Zone

/** Tests, benches and scripts look at anything; only product code has arrows. */
const isProduct = (file: string): boolean =>
  !/\.(test|bench)\.tsx?$/.test(file) &&
  !/(^|\/)(test|bench|scripts|e2e)\//.test(file) &&
  !file.startsWith('bench/')

export function importsOf(text: string): string[] {
  const pattern =
    /(?:^|\n)\s*import\s+(?:[^'";]*?\sfrom\s+)?['"]([^'"\n]+)['"]|(?:^|\n)\s*export\s+(?:type\s+)?(?:\*[^'"\n]*|\{[^}]*\}\s*)from\s+['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

/** One sentence when the import breaks an arrow, else null. */
export function judge(file: string, specifier: string): string | null {
  const zone = zoneOf(file)
  const allowed = (target: string) =>
    zone.may.includes(target) || (target.startsWith('agent/') && zone.may.includes('agent/*'))
  const refuse = (target: string) =>
    `${file} (${zone.name}) imports ${specifier} (${target}); it may import: ${zone.may.join(', ')}`
  if (specifier.startsWith('.') || Object.keys(PACKAGES).some((prefix) => specifier.startsWith(prefix))) {
    const prefix = Object.keys(PACKAGES).find((name) => specifier.startsWith(name))
    const target = prefix
      ? `${PACKAGES[prefix]}${specifier.slice(prefix.length)}`
      : relative(ROOT, resolve(ROOT, dirname(file), specifier))
    const other = zoneOf(target)
    return other.name === zone.name || allowed(other.name) ? null : refuse(other.name)
  }
  if (zone.name === 'core') {
    const bare = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/')
    if (CORE_LIBRARIES.includes(bare)) return null
    const nodeFile = /(^|\/)node-[^/]+\.ts$/.test(file) && NODE_FILES.includes(specifier)
    return nodeFile ? null : refuse('no I/O in core')
  }
  if (specifier.startsWith('node:')) return allowed('node') ? null : refuse('node')
  // a zone without 'npm' still may use what core itself stands on
  return allowed('npm') ||
    CORE_LIBRARIES.some((name) => specifier === name || specifier.startsWith(`${name}/`))
    ? null
    : refuse('npm')
}

/** Arrows for types alone: what runs must not come along. And only packages/db knows Prisma. */
export function judgeTypeOnly(file: string, specifier: string, text: string): string | null {
  if (/^@prisma\/|^prisma$/.test(specifier) && !file.startsWith('packages/db/')) {
    return `${file} imports ${specifier}; only packages/db knows Prisma`
  }
  if (!file.startsWith('apps/agent/') || !specifier.startsWith('@dmc/web/')) return null
  const imported = new RegExp(`import\\s+(type\\s)?[^'"]*['"]${specifier.replaceAll('/', '\\/')}['"]`)
  return imported.exec(text)?.[1]
    ? null
    : `${file} imports ${specifier}; of the dashboard the agent may import types only`
}

function* sources(folder: string): Generator<string> {
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) {
      if (
        ![
          'node_modules',
          'dist',
          'out',
          'cache',
          'lib',
          '.git',
          '.turbo',
          '.demo',
          '.next',
          'generated',
        ].includes(entry.name)
      )
        yield* sources(path)
    } else if (/\.(ts|tsx|mts)$/.test(entry.name)) yield path
  }
}

function main(): void {
  if (
    !judge('packages/core/src/x.ts', 'node:fs') ||
    !judge('apps/agent/src/source/x.ts', '../contract/y.ts')
  ) {
    throw new Error('the checker does not find a wrong arrow')
  }
  const wrong: string[] = []
  let count = 0
  for (const top of ['apps', 'packages', 'scripts', 'bench']) {
    for (const file of sources(top)) {
      if (!isProduct(file)) continue
      const text = readFileSync(join(ROOT, file), 'utf8')
      for (const specifier of importsOf(text)) {
        count++
        const sentence = judge(file, specifier) ?? judgeTypeOnly(file, specifier, text)
        if (sentence) wrong.push(sentence)
      }
    }
  }
  for (const line of wrong) console.error(`wrong arrow: ${line}`)
  console.log(`arrows: ${count} imports checked, ${wrong.length} wrong`)
  if (wrong.length > 0 || count === 0) process.exit(1)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
