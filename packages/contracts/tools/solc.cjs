#!/usr/bin/env node
// The compiler that forge calls: the npm package `solc` (WebAssembly) behind solc's command line.
// forge needs `--version` and `--standard-json`, nothing else; no download, same bytes on every machine.
const { readFileSync } = require('node:fs')

const args = process.argv.slice(2)
if (args.includes('--version')) {
  // Asked for in every run, so the compiler is not loaded for it. forge wants a platform that it knows.
  const { version } = require('solc/package.json')
  process.stdout.write(
    `solc, the solidity compiler commandline interface\nVersion: ${version}+commit.npm.Linux.g++\n`,
  )
} else if (args.includes('--standard-json')) {
  process.stdout.write(require('solc').compile(readFileSync(0, 'utf8')))
} else {
  process.stderr.write('solc.cjs: only --version and --standard-json\n')
  process.exit(1)
}
