import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { shellWord } from './shell-word.ts'

it('leaves alone what needs no quotes', () => {
  for (const plain of ['photos', '0x12ab', '/home/me/a-b_c.d', 'a,b:c=d+e'])
    expect(shellWord(plain)).toBe(plain)
})

it('is one word to a shell, with every character as it was', () => {
  const words = fc.sample(
    fc
      .string({ unit: 'binary', maxLength: 20 })
      .filter((word) => !word.includes('\0') && word.isWellFormed()),
    100,
  )
  words.push('', "it's", '$(id)', '`id`', '-x', '!!', 'two words', '*', '~', '# no', 'a\nb')
  const script = `printf '%s\\0' ${words.map(shellWord).join(' ')}`
  const said = execFileSync('sh', ['-c', script]).toString().split('\0').slice(0, -1)
  expect(said).toEqual(words)
})
