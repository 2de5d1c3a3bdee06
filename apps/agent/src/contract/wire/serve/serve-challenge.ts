import { hash } from 'node:crypto'
import { DmcError } from '@dmc/core/errors/dmc-error'
import { answerDigest } from '@dmc/core/protocol/answer-digest'
import { leafAnswersHash, probeAnswerHash } from '@dmc/core/protocol/answers-hash'
import { challengeRequest, toWireInteger } from '@dmc/core/protocol/messages'
import { type Hex, hexToBytes } from 'viem'
import { readJson } from '../read-body.ts'
import { sendJson } from '../reply.ts'
import type { OrderRequest } from '../server-context.ts'
import { mustBeReadable } from './known-commitment.ts'

/** `POST challenge`: leaves with their paths, or a probe; one signature covers the whole answer. */
export async function serveChallenge(at: OrderRequest): Promise<void> {
  const { context, request, response, orderId, store } = at
  const asked = await readJson(request, challengeRequest, context.limits)
  const commitment = await mustBeReadable(context, orderId, store, { root: asked.root, size: asked.size })
  if ('leaves' in asked) {
    for (const index of asked.leaves) {
      if (index * 1024n >= commitment.size) throw outOfRange(index, commitment.size)
    }
    // all at once: each would wait for the way to the hashing thread and back
    const answers = await Promise.all(
      asked.leaves.map(async (index) => ({
        index,
        ...(await store.leafProof(Number(index), commitment)),
      })),
    )
    const signed = await sign(at, asked, leafAnswersHash(answers, sha256))
    sendJson(response, 200, {
      answers: answers.map(({ index, leaf, path }) => ({
        index: toWireInteger(index),
        leaf: toHex(leaf),
        path: path.map(toHex),
      })),
      ...signed,
    })
    return
  }
  const { offset, length, key } = asked.probe
  if (length > BigInt(context.limits.probeBytes)) {
    throw new DmcError(
      'REQUEST_TOO_LARGE',
      `A probe of ${length} bytes is more than ${context.limits.probeBytes}.`,
      {
        hint: 'Ask for a smaller range.',
      },
    )
  }
  const keyBytes = hexToBytes(key)
  const hmac = await store.probe(Number(offset), Number(length), keyBytes, commitment)
  const signed = await sign(at, asked, probeAnswerHash({ offset, length, key: keyBytes, hmac }))
  sendJson(response, 200, { answer: toHex(hmac), ...signed })
}

async function sign(
  { context, orderId }: OrderRequest,
  { nonce, root, size }: { nonce: Hex; root: Hex; size: bigint },
  answersHash: Hex,
) {
  const signedAt = BigInt(Math.floor((context.now ?? Date.now)() / 1000))
  const answer = { orderId, nonce, root, size, answersHash, signedAt }
  const signature = await context.signer.sign({ hash: answerDigest(context.reader, answer) })
  return { signedAt: toWireInteger(signedAt), signature }
}

const outOfRange = (index: bigint, size: bigint) =>
  new DmcError('PROOF_INDEX_OUT_OF_RANGE', `Leaf ${index} is not among ${size / 1024n} leaves.`, {
    hint: 'Ask for leaves below the size of the commitment.',
  })

/** Twice as fast as the portable one, which ten times a second do not keep warm. */
const sha256 = (data: Uint8Array): Hex => `0x${hash('sha256', data, 'hex')}`

const toHex = ({ buffer, byteOffset, length }: Uint8Array): Hex =>
  `0x${Buffer.from(buffer, byteOffset, length).toString('hex')}`
