import { expect, it } from 'vitest'
import { keepAlive } from './keep-alive.ts'

const rest = (ms: number) => new Promise((done) => setTimeout(done, ms))

class Program {
  readonly name = 'miner'
  running = false
  starts = 0
  async start() {
    this.starts++
    await rest(30)
    this.running = true
  }
}

it('starts again what has ended, once', async () => {
  const program = new Program()
  const said: string[] = []
  const kept = keepAlive([program], (line) => said.push(line), 5)
  while (!program.running) await rest(5)
  await rest(50)
  expect(program.starts).toBe(1)
  expect(said).toEqual(['The miner agent ended; starting it again.'])
  await kept.end()
})

it('an agent that the demo had just stopped: never started again', async () => {
  const program = new Program()
  program.running = true
  const kept = keepAlive([program], () => {}, 5)
  await rest(20)
  await kept.end()
  program.running = false
  await rest(50)
  expect(program.starts).toBe(0)
})

it('ends only when a start that is under way is over', async () => {
  const program = new Program()
  const kept = keepAlive([program], () => {}, 5)
  while (program.starts === 0) await rest(1)
  await kept.end()
  expect(program.running).toBe(true)
})
