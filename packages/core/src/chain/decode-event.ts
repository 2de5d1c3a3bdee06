import { type AbiParameter, getAddress, type Hex, hexToBytes, toEventSelector } from 'viem'
import { marketAbi } from './generated/market-abi.ts'

/** Of one event: its name, and what stands in its topics and in its data, in the ABI's order. */
interface Layout {
  name: string
  indexed: Field[]
  data: Field[]
}

interface Field {
  name: string
  read: Reader
}

/** One word (64 hex digits) to a value; a string also needs the whole data. @throws for what the type can't hold */
type Reader = (word: string, data: string) => unknown

const WORD = 64
/** Whole words. */
const DATA = /^0x(?:[0-9a-f]{64})*$/i

// before the layouts: they are made of these when this file is loaded
const READERS: Record<string, Reader> = {
  uint256: number,
  // enums; small integers are plain numbers, as everywhere with this ABI
  uint8: (word) => Number(below(number(word), 1n << 8n)),
  bool: (word) => below(number(word), 2n) === 1n,
  bytes32: (word) => `0x${number(word).toString(16).padStart(WORD, '0')}`,
  address: (word) =>
    getAddress(
      `0x${below(number(word), 1n << 160n)
        .toString(16)
        .padStart(40, '0')}`,
    ),
  string: (word, data) => {
    const start = Number(number(word)) * 2
    const length = Number(number(data.slice(start, start + WORD))) * 2
    const text = data.slice(start + WORD, start + WORD + length)
    if (text.length !== length) throw new RangeError(`a text of ${length / 2} bytes is cut`)
    return new TextDecoder().decode(hexToBytes(`0x${text}`))
  },
}

function readerOf(type: string): Reader {
  const read = READERS[type]
  if (read === undefined)
    throw new Error(`The Market has an event with a ${type}, which decodeEvent can't read.`)
  return read
}

/**
 * The Market's events by topic, made once from its ABI. A general decoder looks for the topic among the hashes of all events again
 * for each log, and that is most of its time.
 */
const LAYOUTS = new Map<string, Layout>(
  marketAbi
    .filter((item) => item.type === 'event')
    .map((event) => {
      const inputs: readonly (AbiParameter & { indexed: boolean })[] = event.inputs
      const fields = (indexed: boolean) =>
        inputs
          .filter((input) => input.indexed === indexed)
          .map((input) => ({ name: input.name ?? '', read: readerOf(input.type) }))
      return [toEventSelector(event), { name: event.name, indexed: fields(true), data: fields(false) }]
    }),
)

/**
 * Name and arguments of a Market event from its topics and data (`0x` and hex digits); null for an unknown topic, for topics or data
 * that are cut, and for values that their type can't hold.
 */
export function decodeEvent(
  topics: readonly Hex[],
  data: Hex,
): { name: string; args: Record<string, unknown> } | null {
  const [selector, ...indexed] = topics
  const layout = selector === undefined ? undefined : LAYOUTS.get(selector.toLowerCase())
  if (layout === undefined || indexed.length !== layout.indexed.length) return null
  const digits = data.slice(2)
  if (!DATA.test(data) || digits.length < layout.data.length * WORD) return null
  const args: Record<string, unknown> = {}
  try {
    layout.indexed.forEach(({ name, read }, i) => {
      args[name] = read((indexed[i] ?? '').slice(2), digits)
    })
    layout.data.forEach(({ name, read }, i) => {
      args[name] = read(digits.slice(i * WORD, (i + 1) * WORD), digits)
    })
  } catch {
    return null
  }
  return { name: layout.name, args }
}

function number(word: string): bigint {
  if (word.length !== WORD) throw new RangeError(`a word of ${word.length} digits`)
  return BigInt(`0x${word}`)
}

function below(value: bigint, limit: bigint): bigint {
  if (value >= limit) throw new RangeError(`${value} is not below ${limit}`)
  return value
}
