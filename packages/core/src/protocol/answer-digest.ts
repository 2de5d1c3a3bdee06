import { domainSeparator, type Hex, hexToBytes, keccak256, stringToBytes } from 'viem'
import { type AgentDomain, type AnswerMessage, answerTypedData } from './typed-data.ts'

const TYPE_HASH = keccak256(
  stringToBytes(
    'Answer(uint256 orderId,bytes32 nonce,bytes32 root,uint64 size,bytes32 answersHash,uint64 signedAt)',
  ),
  'bytes',
)
const WORD = 32

/** Of a chain and Market, of which a process has one. */
const separators = new Map<string, Uint8Array>()

/**
 * What is signed for an answer: the EIP-712 hash of `answerTypedData`, without the general encoder, which takes several times as long as
 * everything else that is hashed for an answer (`answer-digest.test.ts` holds both together).
 */
export function answerDigest(domain: AgentDomain, message: AnswerMessage): Hex {
  const words = new Uint8Array(7 * WORD)
  words.set(TYPE_HASH)
  putInteger(words, 1, message.orderId)
  words.set(hexToBytes(message.nonce, { size: WORD }), 2 * WORD)
  words.set(hexToBytes(message.root, { size: WORD }), 3 * WORD)
  putInteger(words, 4, message.size)
  words.set(hexToBytes(message.answersHash, { size: WORD }), 5 * WORD)
  putInteger(words, 6, message.signedAt)
  const signed = new Uint8Array(2 + 2 * WORD)
  signed.set([0x19, 0x01])
  signed.set(separatorOf(domain, message), 2)
  signed.set(keccak256(words, 'bytes'), 2 + WORD)
  return keccak256(signed)
}

function separatorOf(domain: AgentDomain, message: AnswerMessage): Uint8Array {
  const key = `${domain.chainId}:${domain.market}`
  const known = separators.get(key)
  if (known) return known
  const separator = hexToBytes(domainSeparator({ domain: answerTypedData(domain, message).domain }))
  separators.set(key, separator)
  return separator
}

function putInteger(words: Uint8Array, word: number, value: bigint): void {
  const view = new DataView(words.buffer, word * WORD, WORD)
  for (let at = WORD - 8, rest = value; at >= 0; at -= 8, rest >>= 64n) view.setBigUint64(at, rest)
}
