import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import { readOrder } from '@dmc/core/chain/read-order'
import { devAccount } from '@dmc/testkit/dev-accounts'
import { rpc } from '@dmc/testkit/rpc'
import { setUpAgent } from '@dmc/testkit/set-up-agents'
import { expect, signIn, test } from './support/fixtures.ts'
import { offerSpace } from './support/offer-space.ts'
import { moneyOf } from './support/trade.ts'

test.use({ worldOf: 'answer' })

const MINER = devAccount(4)

test('a miner whose host has no gas answers a challenge with its own wallet, by the proof of its host', async ({
  watched: page,
  world,
  connectAs,
}) => {
  test.setTimeout(300_000)
  const { devnet } = world
  const { client, market } = devnet
  await devnet.fund(MINER.address, { faucetCalls: 2 })
  await connectAs(MINER)
  await signIn(page, world, '/m')
  const nas = await offerSpace(page, world, { name: 'nas', owner: MINER.address, gib: '2' })

  // somebody on the command line stores there, and challenges
  const user = await world.agent('user')
  await setUpAgent(user, devnet)
  await user.start()
  const { source } = await user.json<{ source: { sourceId: string } }>([
    'source',
    'add',
    world.sampleFolder('notes'),
    '--name',
    'notes',
  ])
  const { orderId } = await user.json<{ orderId: string }>([
    'order',
    'create',
    '--source',
    source.sourceId,
    '--weeks',
    '4',
    '--yes',
  ])
  await user.json(['order', 'top-up', orderId, '--challenges', '3', '--yes'])
  await user.json(['backup', source.sourceId])
  const order = () => readOrder(client, { market, orderId: BigInt(orderId) })
  const { operator } = await nas.json<{ operator: { address: `0x${string}` } }>(['wallet', 'show'])
  await rpc(devnet.url, 'anvil_setBalance', [operator.address, '0x1'])
  const opened = await user.json<{ leaf: string }>(['order', 'challenge', orderId, '--yes'])
  expect((await order()).challenge?.leafIndex).toBe(BigInt(opened.leaf))

  await page.goto(`${world.url}/m/challenges`)
  await expect(page.getByRole('main')).toContainText(`Order ${orderId}`, { timeout: 30_000 })
  await page.goto(`${world.url}/m/orders/${orderId}`)
  const panel = page.getByRole('region', { name: 'Answer' })
  await expect(panel).toContainText(`Answer with leaf ${opened.leaf}`)
  const { bond } = await order()
  const before = await moneyOf(world, MINER)
  await panel.getByRole('button', { name: 'Answer with my wallet' }).click()
  await expect.poll(async () => (await order()).challenge, { timeout: 60_000 }).toBeNull()
  const [answer, ...more] = await client.getContractEvents({
    address: market,
    abi: marketAbi,
    eventName: 'ChallengeAnswered',
    fromBlock: 0n,
  })
  expect(answer?.args).toMatchObject({ orderId: BigInt(orderId), caller: MINER.address })
  expect(more).toEqual([])
  expect((await moneyOf(world, MINER)).credit).toBe(before.credit + bond)
  await expect(page.getByRole('region', { name: 'Challenges on chain' })).toContainText('Answered', {
    timeout: 30_000,
  })
  await expect(panel).toBeHidden()
})
