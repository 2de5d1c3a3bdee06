import type { MessagePort } from 'node:worker_threads'
import { toDmcError } from '@dmc/core/errors/to-dmc-error'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import { stepBack } from '../../worker/step-back.ts'
import { takeOver } from './hand-over.ts'
import { SealBoard, type SharedBoard } from './seal-board.ts'
import { type SealKeys, sealGroup } from './seal-group.ts'

export interface SealWorkerData {
  board: SharedBoard
  keys: SealKeys
}

/** A seal worker: hashes, compresses and encrypts what the encode worker has cut, until the board is closed. */
export function run(port: MessagePort): void {
  stepBack()
  const sealer = new Sealer(takeOver<SealWorkerData>(port))
  while (sealer.waitAndSeal());
}

/** What a thread does for the board; a failure is told there, and whoever waits hears of it. */
export class Sealer {
  readonly #board: SealBoard
  readonly #keys: SealKeys
  readonly #hasher = createNodeHasher()

  constructor({ board, keys }: SealWorkerData) {
    this.#board = new SealBoard(board)
    this.#keys = keys
  }

  /** Waits for a room; false once the board is closed, or something has failed. */
  waitAndSeal(): boolean {
    return this.#seal(this.#board.waitForRoom())
  }

  /** Does the room that has waited longest; false if none waits. */
  sealNext(): boolean {
    return this.#seal(this.#board.take())
  }

  #seal(room: ReturnType<SealBoard['take']>): boolean {
    if (!room) return false
    try {
      sealGroup(room, this.#hasher, this.#keys)
      room.done()
      return true
    } catch (error) {
      this.#board.fail(toDmcError(error).toJSON())
      return false
    }
  }
}
