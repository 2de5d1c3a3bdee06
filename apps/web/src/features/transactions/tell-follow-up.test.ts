import { afterAll, beforeAll, expect, it } from 'vitest'
import { type SignedIn, signIn, startDashboard } from '../../../test/support/dashboard.ts'
import type { WebServer } from '../../server/start-server.ts'
import { tellFollowUp } from './tell-follow-up.ts'

let server: WebServer
let person: SignedIn
const [MEANT, TWIN] = [
  '11111111-1111-4111-8111-111111111111',
  '99999999-9999-4999-8999-999999999999',
] as const

/** Two hosts of one wallet; the second one says that it has the first one's source and sector, and says it last. */
beforeAll(async () => {
  server = await startDashboard()
  person = await signIn(server)
  const { prisma } = server.services.db
  const owner = person.account.address
  for (const [index, id] of [MEANT, TWIN].entries()) {
    const facts = { hostName: id, os: 'Linux', arch: 'x64', version: '1', roles: [] }
    await prisma.agent.create({
      data: { ...facts, id, owner, identity: id, operator: owner, name: `host ${index}` },
    })
    const updatedAt = new Date(Date.now() + index * 1_000)
    const row = { agentId: id, owner, path: '/x', createdAt: updatedAt, updatedAt }
    await prisma.source.create({ data: { ...row, sourceId: 's1', name: 'x', state: 'ready' } })
    const sizes = { size: 1n, used: 0n, free: 1n, mounted: true }
    await prisma.sector.create({ data: { ...row, ...sizes, sectorId: 'd1', state: 'registered' } })
  }
})
afterAll(() => server.close())

const given = async (kind: string) =>
  (await server.services.db.prisma.command.findMany({ where: { kind } })).map(({ agentId }) => agentId)

it('an order and a bill go to the host that they were made for, not to its twin', async () => {
  for (const agentId of [MEANT, TWIN]) {
    const orderId = agentId === MEANT ? '7' : '8'
    await tellFollowUp(person.api, {
      followUp: { kind: 'order', sourceId: 's1', agentId },
      result: { orderId },
    })
    const billId = agentId === MEANT ? '3' : '4'
    await tellFollowUp(person.api, {
      followUp: { kind: 'bill', sectorId: 'd1', agentId },
      result: { billId },
    })
  }
  expect(await given('backup.start')).toEqual([MEANT, TWIN])
  expect(await given('bill.link')).toEqual([MEANT, TWIN])
})

it('an entry without a result tells nothing', async () => {
  const before = await server.services.db.prisma.command.count()
  await tellFollowUp(person.api, { followUp: { kind: 'order', sourceId: 's1', agentId: MEANT } })
  await tellFollowUp(person.api, {})
  expect(await server.services.db.prisma.command.count()).toBe(before)
})
