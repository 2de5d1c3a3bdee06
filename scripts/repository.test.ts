import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { importsOf, judge, judgeTypeOnly } from './check-arrows.ts'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const tracked = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
})
  .toString()
  .split('\0')
  .filter((file) => file !== '')

const textOf = (file: string): string => {
  try {
    return readFileSync(join(ROOT, file), 'utf8')
  } catch {
    return '' // deleted and not committed yet, or a link
  }
}

/** What anvil prints at start: known to everybody, worth nothing anywhere else. */
const PUBLISHED_KEYS = [
  'ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80',
  '59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d',
  '5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a',
]

describe('lockfile', () => {
  const lock = JSON.parse(textOf('package-lock.json')) as {
    packages: Record<
      string,
      { version?: string; integrity?: string; resolved?: string; link?: boolean; optional?: boolean }
    >
  }
  const packages = Object.entries(lock.packages).filter(
    ([name, entry]) => name.startsWith('node_modules/') && !entry.link,
  )

  it('names no registry, no git and no file dependency', () => {
    expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([name]) => name)).toEqual([])
  })

  it('has an integrity on every entry except stubs of platform packages', () => {
    expect(
      packages.filter(([, { integrity, optional }]) => !integrity && !optional).map(([name]) => name),
    ).toEqual([])
  })

  it('pins exact versions in every package.json', () => {
    const loose: string[] = []
    for (const file of tracked.filter((name) => /(^|\/)package\.json$/.test(name))) {
      const manifest = JSON.parse(textOf(file)) as Record<string, Record<string, string> | undefined>
      for (const kind of ['dependencies', 'devDependencies', 'optionalDependencies']) {
        for (const [name, version] of Object.entries(manifest[kind] ?? {})) {
          if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) loose.push(`${file}: ${name} ${version}`)
        }
      }
    }
    expect(loose).toEqual([])
  })
})

describe('repository', () => {
  const texts = tracked
    .filter((file) => /\.(ts|mjs|cjs|sol|md|json|toml|sh)$/.test(file) && file !== 'package-lock.json')
    .map((file) => [file, textOf(file)] as const)

  it('holds no private key that is not published by anvil', () => {
    // a key is only told from a hash by its name, so names are what is looked for
    const pattern = /(?:private_?key|secret|mnemonic)\w*['"]?\s*[:=]\s*['"](?:0x)?([0-9a-f]{64})['"]/gi
    const found = texts.flatMap(([file, text]) =>
      [...text.matchAll(pattern)].map((match) => [file, (match[1] ?? '').toLowerCase()] as const),
    )
    const unknown = found.filter(
      ([, key]) => !PUBLISHED_KEYS.includes(key) && !/^(.)\1+$/.test(key) && !/^(..)\1+$/.test(key),
    )
    expect(unknown.map(([file]) => file)).toEqual([])
  })

  it('holds nothing that a run or a profile left behind', () => {
    expect(tracked.filter((file) => /\.(log|cpuprofile|heapsnapshot|heapprofile)$/.test(file))).toEqual([])
  })

  it('has no test that is skipped or run alone by mistake', () => {
    const found = texts.filter(
      ([file, text]) => /\.test\.ts$/.test(file) && /\b(?:it|describe|test)\.only\(/.test(text),
    )
    expect(found.map(([file]) => file)).toEqual([])
  })

  it('links in README and docs lead to files that are there', () => {
    const broken: string[] = []
    for (const [file, text] of texts.filter(
      ([name]) => name === 'README.md' || /^docs\/.*\.md$/.test(name),
    )) {
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^https?:/.test(target)) continue
        const path = join(dirname(file), target).replace(/\/$/, '')
        if (!tracked.some((name) => name === path || name.startsWith(`${path}/`)))
          broken.push(`${file}: ${target}`)
      }
    }
    expect(broken).toEqual([])
  })

  it('ARCHITECTURE names files that are there', () => {
    const paths = [
      ...textOf('docs/ARCHITECTURE.md').matchAll(/`((?:apps|packages|scripts|bench)\/[\w./-]+)`/g),
    ].map((m) => m[1] ?? '')
    expect(paths.length).toBeGreaterThan(10)
    const missing = paths.filter(
      (path) => !tracked.some((name) => name === path || name.startsWith(path.replace(/\/?$/, '/'))),
    )
    expect(missing).toEqual([])
  })
})

describe('arrow checker', () => {
  it('finds an arrow that turns back', () => {
    expect(judge('packages/core/src/a.ts', 'node:fs')).toMatch(/no I\/O in core/)
    expect(judge('apps/agent/src/source/a.ts', '../contract/b.ts')).toMatch(/agent\/contract/)
    expect(judge('apps/agent/src/sector/a.ts', '../account/b.ts')).not.toBeNull()
    expect(judge('packages/core/src/a.ts', '../../../apps/agent/src/cli.ts')).not.toBeNull()
  })

  it('lets the arrows that are meant pass', () => {
    expect(judge('apps/agent/src/account/a.ts', '../contract/b.ts')).toBeNull()
    expect(judge('apps/agent/src/contract/a.ts', '@dmc/core/merkle/hasher')).toBeNull()
    expect(judge('packages/core/src/merkle/node-hasher.ts', 'node:crypto')).toBeNull()
  })

  it('lets the agent have types of the dashboard, and nothing that runs', () => {
    const [file, web] = ['apps/agent/src/dashboard/a.ts', '@dmc/web/server/router']
    expect(judge(file, web)).toBeNull()
    expect(judgeTypeOnly(file, web, `import type { AppRouter } from '${web}'`)).toBeNull()
    expect(judgeTypeOnly(file, web, `import { appRouter } from '${web}'`)).toMatch(/types only/)
    expect(judge('packages/core/src/a.ts', '@dmc/db/open-database')).not.toBeNull()
    expect(judge('packages/db/src/a.ts', '@dmc/web/env')).not.toBeNull()
    expect(judge('apps/web/src/server/a.ts', 'dmc-agent/daemon')).not.toBeNull()
    expect(judge('apps/agent/src/contract/a.ts', web)).not.toBeNull()
    expect(judgeTypeOnly('apps/web/src/a.ts', '@prisma/client', '')).toMatch(/only packages\/db/)
  })

  it('sees every form of import', () => {
    const text = `import a from 'a'\nimport type { B } from './b.ts'\nimport {\n  c,\n} from 'c'\nimport 'd'\nexport * from 'e'\nexport { f } from 'f'\nconst g = await import('g')\nexport const h = ['x', 'y']\n`
    expect(importsOf(text)).toEqual(['a', './b.ts', 'c', 'd', 'e', 'f', 'g'])
  })
})

describe('docs/ENVIRONMENT.md', () => {
  it('names every variable of ours that a script of the repository reads', () => {
    const doc = textOf('docs/ENVIRONMENT.md')
    const read = tracked
      .filter((file) => /^(scripts|bench)\/.*\.ts$/.test(file))
      .flatMap((file) => [...textOf(file).matchAll(/process\.env\.(DMC_\w+)/g)].map(([, name]) => name ?? ''))
    expect(read).toContain('DMC_DEMO_DIR')
    expect(read.filter((name) => !doc.includes(`| \`${name}\` |`))).toEqual([])
  })
})
