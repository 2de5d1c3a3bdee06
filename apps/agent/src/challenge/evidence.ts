import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { toWireInteger } from '@dmc/core/protocol/messages'
import { bytesToHex } from 'viem'
import type { RawLeaves, RawProbe } from '../contract/wire/miner-client.ts'

/**
 * A miner's signed answer and the question to it, as canonical JSON: what was said can be checked by anybody with the chain
 * (docs/PROTOCOL.md 4 and 5). Hex and decimal as on the wire; keys in this order.
 */
export interface Evidence {
  v: 1
  orderId: string
  nonce: string
  root: string
  size: number | string
  leaves?: (number | string)[]
  answers?: { index: number | string; leaf: string; path: string[] }[]
  /** `mac` is the answer that the user's agent had kept. */
  probe?: { offset: number | string; length: number | string; key: string; mac: string }
  answer?: string
  signedAt: number | string
  signature: string
}

const MOST_BYTES = 4 * 1024 * 1024

export function leavesEvidence(orderId: bigint, raw: RawLeaves): Evidence {
  return {
    v: 1,
    orderId: orderId.toString(),
    nonce: raw.nonce,
    root: raw.commitment.root,
    size: toWireInteger(raw.commitment.size),
    leaves: raw.answers.map(({ index }) => toWireInteger(index)),
    answers: raw.answers.map(({ index, leaf, path }) => ({
      index: toWireInteger(index),
      leaf: bytesToHex(leaf),
      path: path.map((node) => bytesToHex(node)),
    })),
    signedAt: toWireInteger(raw.signedAt),
    signature: raw.signature,
  }
}

export function probeEvidence(orderId: bigint, raw: RawProbe, mac: Uint8Array): Evidence {
  const { offset, length, key } = raw.probe
  return {
    v: 1,
    orderId: orderId.toString(),
    nonce: raw.nonce,
    root: raw.commitment.root,
    size: toWireInteger(raw.commitment.size),
    probe: {
      offset: toWireInteger(offset),
      length: toWireInteger(length),
      key: bytesToHex(key),
      mac: bytesToHex(mac),
    },
    answer: bytesToHex(raw.hmac),
    signedAt: toWireInteger(raw.signedAt),
    signature: raw.signature,
  }
}

/** For the database: raw deflate of its JSON. */
export const packEvidence = (evidence: Evidence): Uint8Array => deflateRawSync(JSON.stringify(evidence))

export const unpackEvidence = (packed: Uint8Array): Evidence =>
  JSON.parse(inflateRawSync(packed, { maxOutputLength: MOST_BYTES }).toString('utf8')) as Evidence
