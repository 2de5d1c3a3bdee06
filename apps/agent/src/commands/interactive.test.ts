import { spawn, spawnSync } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { NODE } from '../../test/support/node-command.ts'
import { CLI, type CliHome, cliHome, DEVNET } from './test/run-cli.ts'

/** A person at a terminal: the command runs in a pseudo terminal of util-linux's `script`. */
const hasScript = spawnSync('script', ['--version']).status === 0
if (!hasScript) console.warn('`script` (util-linux) is not here: what a terminal shows is not tested')

let home: CliHome
beforeEach(() => {
  home = cliHome()
})
afterEach(() => home.remove())

const clean = Object.entries(process.env).filter(([name]) => !/^(DMC_|NO_COLOR$|FORCE_COLOR$)/.test(name))

/** Types each answer when its question stands on the screen; resolves with the exit code and all that was shown. */
function type(
  args: string[],
  answers: [question: RegExp, answer: string | ((screen: string) => string)][],
): Promise<{ exitCode: number | null; screen: string }> {
  return new Promise((done, failed) => {
    const words = [...NODE, CLI, ...args].map((word) => `'${word}'`).join(' ')
    // `script` copies the size of its own terminal, and has none here.
    const command = `stty cols 100 rows 50; exec ${words}`
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd: home.folder,
      env: {
        ...Object.fromEntries(clean),
        TERM: 'xterm',
        DMC_DATA_DIR: home.dataDir,
        DMC_TEST_FAST_SCRYPT: '1',
      },
    })
    const waiting = [...answers]
    let screen = ''
    let seen = 0
    child.stdout.on('data', (data: Buffer) => {
      screen += stripVTControlCharacters(String(data))
      const [next] = waiting
      if (!next?.[0].test(screen.slice(seen))) return
      waiting.shift()
      seen = screen.length
      const answer = typeof next[1] === 'string' ? next[1] : next[1](screen)
      setTimeout(() => child.stdin.write(answer), 100)
    })
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      failed(new Error(`still waiting for ${waiting[0]?.[0] ?? 'the end'}; on the screen:\n${screen}`))
    }, 60_000)
    child.on('error', failed)
    child.on('close', (exitCode) => {
      clearTimeout(timer)
      done({ exitCode, screen })
    })
  })
}

const ENTER = '\r'
const BACKSPACE = '\u007f'
const wordOf = (screen: string): string => {
  const asked = [...screen.matchAll(/Word (\d+), to check/g)].at(-1)?.[1] ?? ''
  // only in the table: "These 24 words" above it is no word 24
  const table = screen.slice(screen.indexOf('in this order'))
  return new RegExp(`\\b${asked} ([a-z]+)`).exec(table)?.[1] ?? 'not found'
}
const chain = ['--rpc', DEVNET.DMC_RPC_URLS, '--chain-id', '31337', '--market', DEVNET.DMC_MARKET]

describe.skipIf(!hasScript)('at a terminal', () => {
  it('shows the phrase once, checks two words of it, asks for a password twice; then asks for it when needed', async () => {
    const made = await type(
      ['init', ...chain],
      [
        [/Word \d+, to check/, `wrong${ENTER}`],
        [/look again/, (screen) => `${BACKSPACE.repeat(5)}${wordOf(screen)}${ENTER}`],
        [/Word (1[3-9]|2\d), to check/, (screen) => `${wordOf(screen)}${ENTER}`],
        [/New password/, `short${ENTER}`],
        [/At least 8/, `er but longer${ENTER}`],
        [/same password again/, `shorter but longer${ENTER}`],
      ],
    )
    expect(made.screen).toContain('They are shown once.')
    expect(made.screen).toMatch(/Operator 0x[0-9a-fA-F]{40}/)
    expect(made.screen).not.toContain('shorter but longer')
    expect(made.exitCode).toBe(0)

    const wallet = await type(
      ['wallet', 'create'],
      [
        [/Password for/, `wrong one${ENTER}`],
        [/That does not open it; again \(2 of 3\)/, `shorter but longer${ENTER}`],
      ],
    )
    expect(wallet.screen).toMatch(/0x[0-9a-fA-F]{40}/)
    expect(wallet.exitCode).toBe(0)
  })

  it('makes nothing when the person leaves at a question, 130', async () => {
    const { exitCode, screen } = await type(['init', ...chain], [[/Word \d+, to check/, '\u0003']])
    expect(exitCode).toBe(130)
    expect(screen).toContain('(INTERRUPTED)')
    const doctor = await home.run(['config', 'path'])
    expect(doctor.exitCode).toBe(0)
    expect((await home.run(['wallet', 'show', '--offline'])).exitCode).toBe(5)
  })
})
