#!/usr/bin/env node
// Starts the agent with a Node that can run it. This file itself runs on Node 16 and newer: plain JavaScript, no packages.
// Node too old: the one that this package brings (an optional dependency per platform) is started instead.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { setFlagsFromString } from 'node:v8'

const home = join(dirname(fileURLToPath(import.meta.url)), '..')
const source = join(home, 'src', 'cli.ts')
const fromSource = existsSync(source)
const entry = fromSource ? source : join(home, 'dist', 'dmc-agent.mjs')
/** node:sqlite, zstd and crypto.hash; from source also types that are stripped without a flag. */
const needed = fromSource ? [22, 18] : [22, 15]

const [major, minor] = process.versions.node.split('.').map(Number)
/** Code that is compiled beside the main thread may wait for a collection that never comes while Node ends: it would hang (nodejs/node 54918). */
const exits = '--no-concurrent-sparkplug'
/**
 * For the long-running service. V8's registry of protected code pages can lose count when worker threads come and go, and
 * then ends the process; it is a hardening that an agent without foreign code does without.
 */
const protection = '--no-memory-protection-keys'
/** MiB: the service makes little garbage but runs for long, and V8 would give it 48 for the short-lived. Its memory counts more. */
const nursery = '--max-semi-space-size=2'
const flags = [protection, exits, nursery]
/** Code that earlier starts have compiled: a command starts in two thirds of the time. Whatever is missing there is made anew. */
const compiled = cacheFolder()
/** glibc gives each thread its own heap, which it never gives back: few are enough. */
const environment = {
  MALLOC_ARENA_MAX: '2',
  ...(compiled === null ? {} : { NODE_COMPILE_CACHE: compiled }),
  ...process.env,
}

if (major > needed[0] || (major === needed[0] && minor >= needed[1])) {
  if (
    process.argv[2] === 'run' &&
    typeof process.execve === 'function' &&
    !process.execArgv.includes(flags[0])
  ) {
    // The same process with other flags: its number, its parent and its signals stay.
    process.execve(
      process.execPath,
      [process.execPath, ...process.execArgv, ...flags, entry, ...process.argv.slice(2)],
      environment,
    )
  }
  setFlagsFromString(exits)
  // never throws: without a folder that can be written to nothing is kept
  if (compiled !== null && module.enableCompileCache) module.enableCompileCache(compiled)
  await import(pathToFileURL(entry).href)
} else {
  const node = broughtNode()
  if (node === null) tooOld('this installation brings none for this system')
  else startAgain(node)
}

/** Where this system keeps what programs can make anew, for this person alone; null when there is no such place. */
function cacheFolder() {
  try {
    const base = cacheBase()
    const folder = join(base, 'dmc-agent')
    // step by step: Node's own way of making all folders of a path at once never ends in some places, like /proc
    for (const part of [base, folder]) if (!existsSync(part)) mkdirSync(part, { mode: 0o700 })
    // what lies there is run: nobody else may have put it there
    const { uid, mode } = statSync(folder)
    const others = process.getuid && (uid !== process.getuid() || (mode & 0o022) !== 0)
    return others ? null : folder
  } catch {
    return null
  }
}

function cacheBase() {
  const { XDG_CACHE_HOME = '', LOCALAPPDATA = '' } = process.env
  if (process.platform === 'win32') return LOCALAPPDATA || join(homedir(), 'AppData', 'Local')
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  return isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache')
}

/** The newer Node in this installation, or null. */
function broughtNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const names = [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`, 'node']
  const require = createRequire(import.meta.url)
  for (const name of names) {
    try {
      const manifest = require.resolve(`${name}/package.json`)
      const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
      const file = join(dirname(manifest), bin.node)
      if (existsSync(file)) return file
    } catch {
      // not installed
    }
  }
  return null
}

function startAgain(node) {
  const child = spawn(node, [...flags, entry, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: environment,
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => tooOld(`${node} does not start (${error.code || error.message})`))
  child.on('exit', (code, signal) => {
    for (const name of signals) process.removeAllListeners(name)
    if (signal === null) process.exit(code)
    process.kill(process.pid, signal)
  })
}

function tooOld(why) {
  const message = `dmc-agent needs Node ${needed.join('.')} or newer; this is ${process.versions.node}, and ${why}.`
  const hint =
    'Install a newer Node (https://nodejs.org), or install dmc-agent again without --omit=optional.'
  if (process.argv.includes('--json')) {
    console.log(JSON.stringify({ v: 1, type: 'error', code: 'NODE_TOO_OLD', message, hint }))
  } else console.error(`error: ${message} (NODE_TOO_OLD)\n  next: ${hint}`)
  process.exit(78)
}
