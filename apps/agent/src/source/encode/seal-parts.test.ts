import { randomBytes, randomInt } from 'node:crypto'
import { BLOB_TYPE, blobId, openBlob } from '@dmc/core/log/blob'
import { concatBytes } from '@dmc/core/log/bytes'
import { CUT_MAX, CUT_MIN, gearTable } from '@dmc/core/log/chunker'
import { nodeLogCrypto as crypto } from '@dmc/core/log/node-log-crypto'
import { createNodeHasher } from '@dmc/core/merkle/node-hasher'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { copierBetween, sharedMemory } from '../../disk/shared-memory.ts'
import { text } from '../test/make-tree.ts'
import type { BlobStore } from './blob-store.ts'
import { CutRoom } from './cut-room.ts'
import { Cutter } from './cutter.ts'
import type { LogWriter } from './log-writer.ts'
import { makeSharedBoard, SealBoard } from './seal-board.ts'
import { sealGroup } from './seal-group.ts'
import { SealRoom } from './seal-room.ts'
import { StoreByOthers } from './store-chunks.ts'

const gear = gearTable(crypto, new Uint8Array(32))
const keys = {
  blobIdKey: randomBytes(32),
  volumeKey: randomBytes(32),
  volumeId: randomBytes(16),
}

describe('sealing in place', () => {
  const pieces = [
    text(300_001, 1),
    randomBytes(CUT_MIN),
    randomBytes(CUT_MIN + 7),
    text(CUT_MIN * 3 + 5, 2),
    randomBytes(1),
    text(1_000_003, 3),
    randomBytes(700_001),
  ]
  const fill = (room: SealRoom) => {
    const cut = room.toCut(gear)
    let at = 3 // no word begins here
    const cuts = pieces.map((piece) => {
      piece.copy(cut.buffer, at)
      at += piece.length
      return { chunk: cut.buffer.subarray(at - piece.length, at), at: 0 }
    })
    cut.buffer.fill(0xab, at, at + 64)
    return { cuts, behind: cut.buffer.subarray(at, at + 64) }
  }

  it('gives ids and blobs that open to what was there, whatever lies beside them', () => {
    const room = new SealRoom()
    const { cuts, behind } = fill(room)
    room.post(cuts, 0, true)
    expect(room.take()).toBe(true)
    sealGroup(room, createNodeHasher(), keys)
    room.done()
    for (const [i, piece] of pieces.entries()) {
      const id = room.id(i)
      expect(id).toEqual(blobId(crypto, keys.blobIdKey, BLOB_TYPE.content, piece))
      const sealed = room.sealed(i)
      if (!sealed) throw new Error(`chunk ${i} is not sealed`)
      const { head, at, length, tag } = sealed
      const blob = concatBytes(head, Uint8Array.from(room.bytes.subarray(at, at + length)), tag)
      const place = { type: BLOB_TYPE.content, volumeId: keys.volumeId, blobId: id }
      expect(Buffer.from(openBlob(crypto, keys.volumeKey, place, blob)).equals(piece), `chunk ${i}`).toBe(
        true,
      )
      if (piece.length > 1000) expect(length < piece.length / 2).toBe(i === 0 || i === 3 || i === 5)
    }
    expect(behind.every((byte) => byte === 0xab)).toBe(true)
  })

  it('of ids only leaves every body as it is', () => {
    const room = new SealRoom()
    const { cuts } = fill(room)
    room.post(cuts, 0, false)
    expect(room.take()).toBe(true)
    sealGroup(room, createNodeHasher(), keys)
    for (const [i, piece] of pieces.entries()) {
      expect(room.id(i)).toEqual(blobId(crypto, keys.blobIdKey, BLOB_TYPE.content, piece))
      expect(room.sealed(i)).toBeNull()
      expect(cuts[i]?.chunk.equals(piece)).toBe(true)
    }
  })
})

describe('a board', () => {
  it('gives each room to one, the oldest first, and none once it is closed', () => {
    const shared = makeSharedBoard(3)
    const [mine, theirs] = [new SealBoard(shared), new SealBoard(shared)]
    const at = (index: number) => mine.rooms[index] as SealRoom
    at(2).post([], 7, true)
    at(0).post([], 9, true)
    at(1).post([], 8, true)
    const memory = () => theirs.take()?.memory
    expect(memory()).toBe(at(2).memory)
    expect(at(2).take()).toBe(false)
    expect(at(1).take()).toBe(true)
    expect(memory()).toBe(at(0).memory)
    expect(memory()).toBeUndefined()
    mine.close()
    expect(theirs.waitForRoom()).toBeNull()
  })

  it('tells the first failure of another thread', () => {
    const shared = makeSharedBoard(1)
    const [mine, theirs] = [new SealBoard(shared), new SealBoard(shared)]
    expect(mine.failure).toBeNull()
    theirs.fail({ code: 'BUG', message: 'first' })
    theirs.fail({ code: 'BUG', message: 'second' })
    expect(mine.failure).toEqual({ code: 'BUG', message: 'first' })
  })
})

describe('a cutter whose rooms are handed on', () => {
  /** Rooms that are overwritten as soon as they are handed on. */
  const handedOn = () => {
    const free = [new SealRoom().toCut(gear), new SealRoom().toCut(gear)]
    return {
      behind: CUT_MAX / 2,
      handsOn: true,
      next: () => free.pop() as CutRoom,
      giveBack: (room: CutRoom) => {
        room.buffer.fill(0xee)
        free.push(room)
      },
    }
  }

  it('cuts as one that keeps its room, with what is held and dropped between', () => {
    const step = fc.record({
      size: fc.integer({ min: 1, max: CUT_MIN }),
      drop: fc.boolean(),
      flush: fc.integer({ max: 40 }),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 150 }), (steps) => {
        const found: string[][] = [[], []]
        const rooms = handedOn()
        const note = (list: string[]) => (cuts: { chunk: Buffer; at: number }[], room: CutRoom) => {
          for (const { chunk, at } of cuts)
            list.push(
              `${at} ${chunk.length} ${Buffer.from(crypto.hmac(keys.blobIdKey, chunk)).toString('hex')}`,
            )
          if (list === found[1]) rooms.giveBack(room)
        }
        const cutters = [
          new Cutter(CutRoom.own(gear), note(found[0] as string[])),
          new Cutter(rooms, note(found[1] as string[])),
        ]
        for (const { size, drop, flush } of steps) {
          const bytes = randomBytes(size)
          for (const cutter of cutters) {
            bytes.copy(cutter.space(size + 1))
            cutter.hold(size)
            expect(cutter.held(0, size).equals(bytes)).toBe(true)
            if (drop) cutter.drop(size)
            else cutter.take(size)
            if (flush === 0) cutter.flush()
          }
        }
        for (const cutter of cutters) cutter.flush()
        expect(found[1]).toEqual(found[0])
      }),
      { numRuns: 15 },
    )
  })
})

describe('copies between shared memories', () => {
  it('are of just the bytes that were asked for, at any place', () => {
    const [to, from] = [sharedMemory(200_000), sharedMemory(300_000)]
    const copy = copierBetween(to, from)
    const [target, source] = [Buffer.from(to.buffer), Buffer.from(from.buffer)]
    source.set(randomBytes(source.length))
    for (let round = 0; round < 200; round++) {
      const length = randomInt(0, 5000)
      const at = { to: randomInt(1, target.length - length - 1), from: randomInt(0, source.length - length) }
      const before = [target[at.to - 1], target[at.to + length]]
      copy(at.to, at.from, length)
      const [copied, wanted] = [
        target.subarray(at.to, at.to + length),
        source.subarray(at.from, at.from + length),
      ]
      expect(copied.equals(wanted)).toBe(true)
      expect([target[at.to - 1], target[at.to + length]]).toEqual(before)
    }
  })
})

describe('a thread that dies with a room', () => {
  it('is told to the one that waits for it', () => {
    const sealing = { board: makeSharedBoard(4), keys }
    const board = new SealBoard(sealing.board)
    const writer = {
      // takes the room, and is never heard of again
      help: () => void board.take(),
      get written(): number {
        board.fail({ code: 'BUG', message: 'a thread that seals ended', hint: 'again', retryable: true })
        return 0
      },
    }
    const others = new StoreByOthers({
      store: { reusedBytes: 0, addedBytes: 0 } as BlobStore,
      writer: writer as unknown as LogWriter,
      gear,
      sealing,
      most: 2,
      sealers: true,
      allNew: true,
    })
    const room = others.rooms().next()
    const chunk = room.buffer.subarray(0, CUT_MIN)
    others.store([{ chunk, at: 0 }], room, { stored: () => expect.unreachable() })
    expect(() => others.drain()).toThrow('a thread that seals ended')
  })
})
