// Writes packages/core/vectors/tree.json; with --check only compares, and exits 1 when the file is stale.
import { readFileSync, writeFileSync } from 'node:fs'
import { makeVectors } from '../test/merkle/make-vectors.ts'

const file = new URL('../vectors/tree.json', import.meta.url)
const made = makeVectors()
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== made) {
    process.stderr.write(
      'packages/core/vectors/tree.json is stale: run node packages/core/scripts/make-vectors.ts\n',
    )
    process.exit(1)
  }
} else {
  writeFileSync(file, made)
}
