import { createHash } from 'node:crypto'
import { marketAbi } from '@dmc/core/chain/generated/market-abi'
import { tokenAbi } from '@dmc/core/chain/generated/token-abi'
import { DEFAULT_PARAMETERS } from '@dmc/core/market/parameters'
import { type Abi, type Address, encodeFunctionData, type Hex, parseSignature } from 'viem'
import { deployMarket } from './deploy.ts'
import { GENESIS, type LocalChain, startLocalChain } from './local-chain.ts'

const ONE_DMC = 10n ** 18n
const TIB_IN_MIB = 1n << 20n
const DEPLOYER = 0
const MINER = 1
const USER = 2
const STRANGER = 3
const OPERATOR = 4
/** Has never held a credit: the worst case for a reward. */
const REPORTER = 5
const OTHER_MINER = 6
const OTHER_USER = 7
const FAR = 4_000_000_000n
const MINUTE = 60n

const sha256 = (...parts: Uint8Array[]) => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}
const hex = (bytes: Uint8Array): Hex => `0x${Buffer.from(bytes).toString('hex')}`
/** Bytes without zeros, as calldata counts them at the full price. */
const noise = (label: string, length: number): Uint8Array => {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    sha256(Buffer.from(`${label} ${i}`)),
  )
  return Uint8Array.from(Buffer.concat(blocks).subarray(0, length), (byte) => byte || 1)
}

/** A leaf, a path of `depth` made-up siblings and the root they lead to: no terabyte needed for a terabyte's proof. */
function proof(index: bigint, depth: number) {
  const leaf = noise('leaf', 1024)
  let node = sha256(leaf)
  const path = Array.from({ length: depth }, (_, level) => {
    const sibling = noise(`sibling ${level}`, 32)
    node = (index >> BigInt(level)) & 1n ? sha256(sibling, node) : sha256(node, sibling)
    return hex(sibling)
  })
  return { leaf: hex(leaf), path, root: hex(node) }
}

export interface Measured {
  /** Gas of a whole transaction (intrinsic, calldata and its floor, refunds) per act, on a Prague chain. */
  gas: Record<string, number>
  /** Bytes of the deployed code. */
  marketRuntime: number
  tokenRuntime: number
}

/** Deploys on a chain of its own and runs every act there. */
export async function measureGas(): Promise<Measured> {
  const chain = await startLocalChain()
  try {
    return await measureOn(chain)
  } finally {
    await chain.stop()
  }
}

async function measureOn(chain: LocalChain): Promise<Measured> {
  const gas: Record<string, number> = {}
  const { token, market } = await deployMarket({
    rpcUrl: chain.rpcUrl,
    privateKey: hex(chain.wallets[DEPLOYER]?.account.getHdKey().privateKey ?? new Uint8Array()),
    devnet: true,
    parameters: {},
  })
  const address = (index: number): Address => chain.wallets[index]?.account.address ?? '0x'
  const encode = (act: string, args: unknown[]) =>
    encodeFunctionData({ abi: marketAbi as Abi, functionName: act, args })
  const act = async (from: number, name: string, args: unknown[], label?: string, value = 0n) => {
    const receipt = await chain.send(from, market, encode(name, args), value)
    if (label) gas[label] = Number(receipt.gasUsed)
  }
  const tokenAct = async (from: number, functionName: 'transfer' | 'approve', args: [Address, bigint]) =>
    chain.send(from, token, encodeFunctionData({ abi: tokenAbi, functionName, args }))

  for (const holder of [MINER, USER, OTHER_MINER, OTHER_USER, STRANGER]) {
    await tokenAct(DEPLOYER, 'transfer', [address(holder), 1_000_000n * ONE_DMC])
    if (holder !== OTHER_MINER && holder !== OTHER_USER) {
      await tokenAct(holder, 'approve', [market, 900_000n * ONE_DMC])
    }
  }
  const billTerms = {
    capacity: 4n * TIB_IN_MIB,
    step: 1_024n,
    price: 12_345_678_901_234n,
    pledgeRate: 12n,
    minWeeks: 4n,
    maxWeeks: 104n,
    bond: 3n * ONE_DMC,
    expiresAt: BigInt(GENESIS) + 90n * 86_400n,
  }
  const orderTerms = {
    billId: 1n,
    expectedMiner: address(MINER),
    capacity: TIB_IN_MIB,
    weeks: 26n,
    maxPrice: billTerms.price,
    minPledgeRate: 12n,
    maxBond: 3n * ONE_DMC,
    challenges: 3n,
  }
  const size = TIB_IN_MIB << 20n
  const index = 0x2aaaaaaan
  const tib = proof(index, 30)

  await act(MINER, 'createBill', [billTerms], 'createBill, first of a miner')
  await act(USER, 'createOrder', [orderTerms], 'createOrder, first of a user')
  await act(USER, 'prepare', [1n, 0n, tib.root, size], 'prepare, first')
  await act(MINER, 'prepare', [1n, 1n, tib.root, size], 'prepare, agreeing: active')
  await act(MINER, 'createBill', [billTerms], 'createBill')
  await act(USER, 'createOrder', [{ ...orderTerms, challenges: 1n }], 'createOrder')
  await act(USER, 'setOperator', [address(OPERATOR), 3n, FAR], 'setOperator with a gas float', ONE_DMC)
  await act(
    MINER,
    'setEndpoint',
    [1n, `https://miner.example.net:8443#spki=${'a'.repeat(43)}.${'b'.repeat(43)}`],
    'setEndpoint, 116 bytes',
  )
  await act(OPERATOR, 'prepare', [1n, 0n, tib.root, size], 'prepare, first backup, stated by an operator')
  await act(MINER, 'prepare', [1n, 1n, tib.root, size], 'prepare, first backup, agreeing')
  await act(USER, 'prepare', [1n, 0n, tib.root, size], 'prepare, second backup, stated')
  await act(MINER, 'prepare', [1n, 1n, tib.root, size], 'prepare, second backup, agreeing')
  await act(USER, 'prepare', [1n, 0n, tib.root, size], 'prepare, third backup, stated')
  await act(MINER, 'prepare', [1n, 1n, tib.root, size], 'prepare, third backup, agreeing')
  await act(USER, 'extendOrder', [1n, 4n, billTerms.price], 'extendOrder')
  await act(USER, 'shorten', [1n, 28n], 'shorten')
  await act(STRANGER, 'topUp', [1n, 2n], 'topUp')
  await act(USER, 'challenge', [1n, index], 'challenge')
  await act(MINER, 'answer', [1n, tib.leaf, tib.path], 'answer, 1 TiB')
  await chain.warp(DEFAULT_PARAMETERS.cooldown)
  await act(OPERATOR, 'challenge', [1n, index], 'challenge by an operator')
  await act(STRANGER, 'answer', [1n, tib.leaf, tib.path], 'answer, 1 TiB, credit not empty')
  await chain.warp(2n * DEFAULT_PARAMETERS.week)
  await act(STRANGER, 'claim', [1n], 'claim')
  await act(STRANGER, 'withdraw', [address(MINER)], 'withdraw')
  await act(STRANGER, 'cancelOrder', [2n], 'cancelOrder')

  // An order of a user who has no credit yet, reported by an account that has none either: the dearest slash.
  await tokenAct(OTHER_USER, 'approve', [market, 900_000n * ONE_DMC])
  await act(OTHER_USER, 'createOrder', [{ ...orderTerms, challenges: 1n }])
  await act(OTHER_USER, 'prepare', [3n, 0n, tib.root, size])
  await act(MINER, 'prepare', [3n, 1n, tib.root, size])
  await act(OTHER_USER, 'challenge', [3n, index])
  await chain.warp(DEFAULT_PARAMETERS.answerWindow + MINUTE)
  await act(STRANGER, 'slash', [3n, address(REPORTER)], 'slash')

  await act(USER, 'createOrder', [orderTerms])
  await act(MINER, 'refuse', [4n, 'no space left on the disk'], 'refuse')
  await act(USER, 'createOrder', [orderTerms])
  await act(USER, 'prepare', [5n, 0n, tib.root, size])
  await act(MINER, 'prepare', [5n, 1n, tib.root, size])
  await act(USER, 'end', [5n, FAR], 'end, stated')
  await act(MINER, 'end', [5n, FAR], 'end, agreed')
  await act(MINER, 'quit', [1n], 'quit')
  await chain.warp(DEFAULT_PARAMETERS.notice + MINUTE)
  await act(STRANGER, 'finish', [1n], 'finish')
  await act(MINER, 'shrinkBill', [1n, 1_024n], 'shrinkBill')
  await act(MINER, 'cancelBill', [1n], 'cancelBill')

  const permit = async (holder: number, value: bigint) => {
    const signature = await chain.wallets[holder]?.signTypedData({
      domain: { name: 'DMC', version: '1', chainId: 31_337, verifyingContract: token },
      types: {
        Permit: [
          { name: 'owner', type: 'address' },
          { name: 'spender', type: 'address' },
          { name: 'value', type: 'uint256' },
          { name: 'nonce', type: 'uint256' },
          { name: 'deadline', type: 'uint256' },
        ],
      },
      primaryType: 'Permit',
      message: { owner: address(holder), spender: market, value, nonce: 0n, deadline: FAR },
    })
    const { r, s, yParity } = parseSignature(signature ?? '0x')
    return { value, deadline: FAR, v: 27 + yParity, r, s }
  }
  const grant = { operator: address(OPERATOR), scopes: 15n, expiresAt: FAR }
  const url = `https://miner.example.net:8443#spki=${'a'.repeat(43)}`
  await act(
    OTHER_MINER,
    'openAsMiner',
    [await permit(OTHER_MINER, 1_000n * ONE_DMC), grant, billTerms, url],
    'openAsMiner',
    ONE_DMC,
  )
  const openTerms = { ...orderTerms, billId: 3n, expectedMiner: address(OTHER_MINER) }
  await tokenAct(OTHER_USER, 'approve', [market, 0n])
  await act(
    OTHER_USER,
    'openAsUser',
    [await permit(OTHER_USER, 1_000n * ONE_DMC), grant, openTerms],
    'openAsUser',
    ONE_DMC,
  )
  const codeBytes = async (of: Address) =>
    ((await chain.client.getCode({ address: of }))?.length ?? 0) / 2 - 1
  return { gas, marketRuntime: await codeBytes(market), tokenRuntime: await codeBytes(token) }
}

if (import.meta.main) console.log(JSON.stringify(await measureGas(), null, 2))
