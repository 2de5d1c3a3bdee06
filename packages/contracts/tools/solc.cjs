#!/usr/bin/env node
// The compiler that forge calls: the npm package `solc` (WebAssembly) behind solc's command line.
// forge needs `--version` and `--standard-json`, nothing else; no download, same bytes on every machine.
const { readFileSync } = require('node:fs')

const args = process.argv.slice(2)
if (args.includes('--version')) {
  // forge refuses a platform that it doesn't know, so name one that it does.
  const version = require('solc/package.json').version
  const build = require('solc').version().replace('Emscripten.clang', 'Linux.g++')
  process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${build}\n`)
  if (!build.startsWith(version)) process.exit(1)
} else if (args.includes('--standard-json')) {
  const solc = require('solc')
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
} else {
  process.stderr.write('solc.cjs: only --version and --standard-json\n')
  process.exit(1)
}
