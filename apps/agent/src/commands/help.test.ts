import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { buildProgram } from './build-program.ts'
import { type CliHome, cliHome } from './test/run-cli.ts'

function* everyCommand(command: Command, path = 'dmc-agent'): Generator<[string, Command]> {
  yield [path, command]
  for (const child of command.commands) yield* everyCommand(child, `${path} ${child.name()}`)
}

function pageOf(command: Command): string {
  let page = ''
  command.configureOutput({ writeOut: (text) => (page += text), getOutHasColors: () => false })
  command.outputHelp()
  return page
}

const pages = [...everyCommand(buildProgram())].map(([path, command]) => [path, pageOf(command)] as const)

describe('help', () => {
  it.each(pages)('%s', (path, page) => {
    expect(page).toMatchSnapshot()
    expect(page, 'starts with how to call it').toMatch(new RegExp(`^Usage: ${path}\\b`))
    for (const line of page.split('\n')) expect(line.length, line).toBeLessThanOrEqual(110)
  })

  it('has examples on every page that takes an argument or an option', () => {
    const without = pages.filter(([, page]) => !page.includes('\nExamples:\n  $ dmc-agent '))
    expect(without.map(([path]) => path)).toEqual(['dmc-agent config path', 'dmc-agent version'])
  })

  it('shows examples that the command line understands', () => {
    const program = buildProgram()
    const known = new Set([...everyCommand(program)].map(([path]) => path))
    for (const [path, page] of pages) {
      for (const [, line = ''] of page.matchAll(/^ {2}\$ (dmc-agent .*?)(?: {2,}#.*)?$/gm)) {
        const words = line.split(' ')
        const noun = known.has(words.slice(0, 3).join(' ')) ? words.slice(0, 3) : words.slice(0, 2)
        expect(known, `${path}: ${line}`).toContain(noun.join(' '))
        const command = [...everyCommand(program)].find(([name]) => name === noun.join(' '))?.[1]
        const options = [...(command?.options ?? []), ...program.options].flatMap(({ long, short }) => [
          long,
          short,
        ])
        for (const word of words.filter((candidate) => /^--?[a-zA-Z]/.test(candidate))) {
          expect(options, `${path}: ${line}`).toContain(word)
        }
      }
    }
  })

  it('tells the exit codes', () => {
    const [, top = ''] = pages[0] ?? []
    for (const code of [0, 1, 2, 3, 4, 5, 6, 7, 64, 78, 130])
      expect(top).toMatch(new RegExp(`\\b${code} [a-z]`))
  })
})

describe('dmc-agent --help', () => {
  const home: CliHome = cliHome()

  it('loads nothing that a help page does not need', async () => {
    const hook = `import { registerHooks } from 'node:module'
      registerHooks({ load(url, context, next) { process.stderr.write('loads ' + url + '\\n'); return next(url, context) } })`
    const { exitCode, stdout, stderr } = await home.run(['order', 'create', '--help'], {
      nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(hook)}`],
    })
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^Usage: dmc-agent order create/)
    const loaded = stderr.split('\n').filter((line) => line.startsWith('loads '))
    expect(loaded.some((line) => line.includes('/commander/'))).toBe(true)
    expect(loaded.filter((line) => /\/(viem|zod|@clack|@noble|env-paths)\//.test(line))).toEqual([])
    expect(loaded.length).toBeLessThan(60)
    home.remove()
  })
})
