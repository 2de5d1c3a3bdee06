// Makes "one command on a fresh machine" true: installs what is missing, then gets out of the way.
// Plain JavaScript without dependencies, so that it runs on whatever Node is there.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const stamp = join(root, 'node_modules', '.dmc-setup')
const lock = join(root, 'package-lock.json')

function installed() {
  if (!existsSync(stamp)) return false
  if (readFileSync(stamp, 'utf8') !== String(statSync(lock).size)) return false
  return nodeVersion() === pinned()
}

function pinned() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node
}

function nodeVersion() {
  const run = spawnSync(join(root, 'node_modules', '.bin', 'node'), ['--version'], { encoding: 'utf8' })
  return run.status === 0 ? run.stdout.trim().slice(1) : ''
}

if (!installed()) {
  console.error('Installing what the project needs (npm install, about a minute the first time) ...')
  const run = spawnSync('npm', ['install', '--no-fund', '--no-audit', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (run.status !== 0) {
    console.error(
      'npm install failed: read its message above. The project needs the npm registry and nothing else.',
    )
    process.exit(run.status ?? 1)
  }
  const version = nodeVersion()
  if (version !== pinned()) {
    console.error(
      `The project runs on Node ${pinned()}, which the npm package "node" brings, but node_modules/.bin/node says "${version}".`,
    )
    console.error('Its install script probably did not run: allow it (npm rebuild node) and try again.')
    process.exit(78)
  }
  writeFileSync(stamp, String(statSync(lock).size))
}
