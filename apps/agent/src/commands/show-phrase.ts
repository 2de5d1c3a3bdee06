import { randomInt } from 'node:crypto'
import type { Io } from '../output/io.ts'
import { askText } from '../output/prompt.ts'

/** Shows the 24 words once, on stderr, and asks for two of them again. */
export async function showPhrase(io: Io, phrase: string): Promise<void> {
  const words = phrase.split(' ')
  const { bold, dim, yellow } = io.colors
  const say = (line = '') => process.stderr.write(`${line}\n`)
  say()
  say(bold('Your recovery phrase'))
  say('These 24 words, with your wallet’s address, bring every backup back on any machine.')
  say(
    yellow(
      'They are shown once. Write them down on paper, in this order. Whoever has them can read your backups.',
    ),
  )
  say()
  for (let row = 0; row < 6; row++) {
    const cells = [0, 6, 12, 18].map((column) => {
      const at = row + column
      return `${dim(String(at + 1).padStart(2))} ${bold((words[at] ?? '').padEnd(10))}`
    })
    say(`   ${cells.join('  ')}`)
  }
  say()
  const first = randomInt(12)
  for (const at of [first, 12 + randomInt(12)]) {
    await askText(`Word ${at + 1}, to check what you wrote`, (value) =>
      value.trim().toLowerCase() === words[at] ? undefined : `That is not word ${at + 1}; look again.`,
    )
  }
}
