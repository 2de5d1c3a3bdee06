import { readdirSync, readFileSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { expect, it } from 'vitest'

/** Niceness of a thread of this process (`man 5 proc`, field 19 of stat, counted behind the name in brackets). */
const niceOf = (thread: string): number =>
  Number(readFileSync(`/proc/self/task/${thread}/stat`, 'utf8').split(') ')[1]?.split(' ')[16])

const threads = () => new Map(readdirSync('/proc/self/task').map((thread) => [thread, niceOf(thread)]))

it.skipIf(process.platform !== 'linux')('a thread that steps back does so alone', async () => {
  const before = threads()
  const worker = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
     import(workerData).then(({ stepBack }) => { stepBack(); parentPort.postMessage('back') })
     parentPort.on('message', () => process.exit())`,
    { eval: true, workerData: new URL('./step-back.ts', import.meta.url).href },
  )
  await new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  const after = threads()
  const changed = [...after].filter(([thread, nice]) => nice !== (before.get(thread) ?? 0))
  expect(changed.map(([, nice]) => nice)).toEqual([10])
  expect(before.has(changed[0]?.[0] ?? ''), 'it is the thread that was started').toBe(false)
  expect(niceOf(String(process.pid))).toBe(before.get(String(process.pid)))
  await worker.terminate()
})
