import { type Check, NotBuilt } from './accept/check.ts'
import { CHECKS_A } from './accept/milestone-a.ts'
import { CHECKS_B } from './accept/milestone-b.ts'
import { CHECKS_C } from './accept/milestone-c.ts'
import { CHECKS_D } from './accept/milestone-d.ts'

/**
 * `npm run accept -- a [b …] [A1 A4 …]`: one named check per numbered point of the milestones. Prints `A3 ok`, `A3 FAILED: …` or
 * `A3 not built: …` on stdout, everything else on stderr; exits 0 only when all are ok.
 */
const MILESTONES: Record<string, readonly Check[]> = { a: CHECKS_A, b: CHECKS_B, c: CHECKS_C, d: CHECKS_D }

const letters = process.argv.slice(2).map((word) => word.toLowerCase())
const only = process.argv.slice(2).filter((word) => !(word.toLowerCase() in MILESTONES))
const checks = letters.flatMap((letter) => MILESTONES[letter] ?? [])
if (checks.length === 0) {
  console.error(
    `Which milestone? npm run accept -- a   (there ${Object.keys(MILESTONES).length === 1 ? 'is' : 'are'}: ${Object.keys(MILESTONES).join(', ')})`,
  )
  process.exit(64)
}
const lines: string[] = []
let ok = true
for (const check of checks) {
  if (only.length > 0 && !only.includes(check.name)) continue
  console.error(`\n--- ${check.name}: ${check.what}`)
  let line: string
  try {
    line = `${check.name} ok: ${await check.run()}`
  } catch (error) {
    ok = false
    line = `${check.name} ${error instanceof NotBuilt ? 'not built' : 'FAILED'}: ${(error instanceof Error ? error.message : String(error)).split('\n')[0]}`
  }
  lines.push(line)
  console.log(line)
}
console.error(`\n${lines.join('\n')}`)
process.exitCode = ok && lines.length > 0 ? 0 : 1
