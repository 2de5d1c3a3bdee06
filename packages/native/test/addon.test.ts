import { execFileSync } from 'node:child_process'
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { constants, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, it } from 'vitest'
import { buildAddon, findCompiler, prebuiltFile, sourceHash } from '../scripts/build.ts'

interface Addon {
  sourceHash: string
  lacks: string | null
  hashLeaves(data: unknown, out?: unknown): void
  hashNodes(nodes: unknown, out?: unknown): void
  chunkRoot(data: unknown, out?: unknown): void
  hashMany(prefix: unknown, bodies?: unknown, out?: unknown): void
  sealGcm(...args: unknown[]): void
  openGcm(...args: unknown[]): boolean
  willNeed(fd: unknown, offset: unknown, length: unknown): boolean
  readFolder(fd: unknown, out: unknown): number
}

const TARGET = 'linux-x64'
const here = `${process.platform}-${process.arch}` === TARGET
const compiler = here ? findCompiler() : null
const folder = mkdtempSync(join(tmpdir(), 'dmc-native-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const load = (file: string) => createRequire(import.meta.url)(file) as Addon
const files: [string, string][] = here ? [['as committed', prebuiltFile()]] : []
if (compiler !== null) {
  const built = join(folder, 'built.node')
  buildAddon(compiler, built)
  files.push([`as ${compiler} builds it`, built])
}
const sha256 = (data: Uint8Array) => createHash('sha256').update(data).digest()

describe('the committed file', () => {
  const bytes = readFileSync(prebuiltFile(TARGET))

  it('was built from the sources that are committed', () => {
    // also where it can't be loaded: the hash stands in it as text
    expect(bytes.includes(sourceHash()), 'run npm run compile -w @dmc/native').toBe(true)
    if (here) expect(load(prebuiltFile()).sourceHash).toBe(sourceHash())
  })

  it('is small and knows nothing of where it was built', () => {
    expect(statSync(prebuiltFile(TARGET)).size).toBeLessThan(100 * 1024)
    for (const path of ['/home/', '/root/', '/tmp/', '.c\0', 'GLIBC'])
      expect(bytes.includes(path), path).toBe(false)
  })

  it('needs no library and asks for nothing but Node-API; of OpenSSL it takes what is there', () => {
    const { needed, open } = dynamicPart(bytes)
    expect(needed).toEqual([])
    expect(open.length).toBeGreaterThan(5)
    const others = open.filter(({ name }) => !name.startsWith('napi_'))
    expect(others.length).toBe(10)
    expect(others.filter(({ name, weak }) => !name.startsWith('EVP_') || !weak)).toEqual([])
  })
})

it('can be built wherever a C compiler is at hand', (test) => {
  if (!here) return test.skip(`for ${TARGET} only`)
  if (compiler === null) return test.skip('no C compiler at hand: the committed file is what is tested')
  expect(files).toHaveLength(2)
})

describe.each(files)('the addon, %s', (_, file) => {
  const addon = load(file)
  if (addon.lacks !== null) {
    it('says what this CPU lacks, and offers nothing', () => {
      expect(Object.keys(addon).sort()).toEqual([
        ...['lacks', 'openGcm', 'readFolder', 'sealGcm', 'sourceHash', 'willNeed'],
      ])
    })
    return
  }

  it('is built from these sources', () => expect(addon.sourceHash).toBe(sourceHash()))

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 1024, 5003])('hashes %i leaves and pairs of nodes', (count) => {
    for (const [run, size] of [
      [addon.hashLeaves, 1024],
      [addon.hashNodes, 64],
    ] as const) {
      const input = randomBytes(count * size + 1).subarray(1)
      const out = Buffer.alloc(count * 32)
      run(input, out)
      for (let i = 0; i < count; i++) {
        expect(out.subarray(i * 32, i * 32 + 32)).toEqual(sha256(input.subarray(i * size, i * size + size)))
      }
    }
  })

  it('gives the root of every number of leaves', () => {
    const data = randomBytes(1024 * 1024)
    const hashes = Array.from({ length: 1024 }, (_, i) => sha256(data.subarray(i * 1024, i * 1024 + 1024)))
    const out = Buffer.alloc(32)
    for (const leaves of [...Array(70).keys(), 254, 255, 256, 511, 512, 513, 767, 1021, 1022, 1023].map(
      (n) => n + 1,
    )) {
      addon.chunkRoot(data.subarray(0, leaves * 1024), out)
      let level = [...hashes.slice(0, leaves), ...Array(1024 - leaves).fill(Buffer.alloc(32))]
      while (level.length > 1) {
        level = Array.from({ length: level.length / 2 }, (_, i) =>
          sha256(Buffer.concat([level[2 * i], level[2 * i + 1]])),
        )
      }
      expect(out, `${leaves} leaves`).toEqual(level[0])
    }
  }, 60_000)

  it('hashes bodies of any lengths behind any prefix, many at once', () => {
    const lengths = [0, 1, 31, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 1000, 100_003]
    for (let round = 0; round < 400; round++) {
      const prefix = randomBytes(round % 257)
      const bodies = Array.from({ length: round % 11 }, (_, i) =>
        randomBytes((lengths[(round * 7 + i * 3) % lengths.length] ?? 0) + 1).subarray(1),
      )
      const out = Buffer.alloc(bodies.length * 32)
      addon.hashMany(prefix, bodies, out)
      bodies.forEach((body, i) => {
        expect(out.subarray(i * 32, i * 32 + 32)).toEqual(sha256(Buffer.concat([prefix, body])))
      })
    }
  })

  it('takes at most 64 bodies, in an array, with room for their hashes elsewhere', () => {
    const prefix = new Uint8Array(65)
    const bodies = (count: number) => Array.from({ length: count }, () => new Uint8Array(100))
    addon.hashMany(prefix, bodies(64), new Uint8Array(64 * 32))
    addon.hashMany(new Uint8Array(256), [], new Uint8Array(0))
    const memory = new Uint8Array(200)
    for (const wrong of [
      [prefix, bodies(65), new Uint8Array(65 * 32)],
      [new Uint8Array(257), bodies(1), new Uint8Array(32)],
      [prefix, bodies(2), new Uint8Array(32)],
      [prefix, bodies(1), new Uint8Array(64)],
      [prefix, new Uint8Array(100), new Uint8Array(32)],
      [prefix, undefined, new Uint8Array(32)],
      [prefix, [memory.subarray(0, 100)], memory.subarray(99, 131)],
      [memory.subarray(0, 65), bodies(1), memory.subarray(40, 72)],
    ]) {
      expect(() => addon.hashMany(wrong[0], wrong[1], wrong[2])).toThrow(RangeError)
    }
    for (const wrong of [
      [undefined, bodies(1), new Uint8Array(32)],
      [prefix, [undefined], new Uint8Array(32)],
      [prefix, [new Uint8Array(1), 'x'], new Uint8Array(64)],
      [prefix, bodies(1), null],
    ]) {
      expect(() => addon.hashMany(wrong[0], wrong[1], wrong[2])).toThrow(TypeError)
    }
  })

  it('seals and opens as node:crypto does, at any place of memory that threads share', () => {
    for (let round = 0; round < 300; round++) {
      const size = [0, 1, 15, 16, 17, 31, 33, 255, 4096, 65_537, 300_001][round % 11] ?? 0
      const [key, nonce, aad, head] = [32, 12, round % 80, round % 5].map((length) => randomBytes(length))
      const body = new Uint8Array(new SharedArrayBuffer(size + 8)).subarray(round % 8, (round % 8) + size)
      body.set(randomBytes(size))
      const cipher = createCipheriv('aes-256-gcm', key as Buffer, nonce as Buffer, { authTagLength: 16 })
      cipher.setAAD(aad as Buffer)
      const parts = [cipher.update(head as Buffer), cipher.update(body), cipher.final(), cipher.getAuthTag()]
      const right = Buffer.concat(parts)
      const out = new Uint8Array(new SharedArrayBuffer(right.length + 8)).subarray(
        round % 7,
        (round % 7) + right.length,
      )
      addon.sealGcm(key, nonce, aad, head, body, out)
      expect(Buffer.compare(out, right)).toBe(0)
      const place = new Uint8Array(out.length + 3).subarray(3)
      place.set(body, round % 5)
      addon.sealGcm(key, nonce, aad, head, place.subarray(round % 5, (round % 5) + size), place)
      expect(Buffer.compare(place, right), 'in place').toBe(0)
      const plain = new Uint8Array(right.length - 16)
      expect(addon.openGcm(key, nonce, aad, out, plain)).toBe(true)
      expect(Buffer.compare(plain, Buffer.concat([head as Buffer, body]))).toBe(0)
      const at = (round * 7919) % out.length
      out[at] = (out[at] as number) ^ (1 << (round % 8))
      expect(addon.openGcm(key, nonce, aad, out, plain)).toBe(false)
      expect(plain.every((byte) => byte === 0)).toBe(true)
    }
  })

  it('seals and opens nothing whose lengths do not fit, or that would be written over itself', () => {
    const bytes = (length: number) => new Uint8Array(length)
    const memory = bytes(4096)
    const given = bytes(32)
    structuredClone(given, { transfer: [given.buffer] })
    const seal = (key = bytes(32), nonce = bytes(12), head = bytes(1), body = bytes(100), out = bytes(117)) =>
      addon.sealGcm(key, nonce, bytes(50), head, body, out)
    const open = (key = bytes(32), nonce = bytes(12), sealed = bytes(116), out = bytes(100)) =>
      addon.openGcm(key, nonce, bytes(50), sealed, out)
    seal()
    expect(open()).toBe(false)
    const x = undefined
    for (const wrong of [
      () => seal(bytes(31)),
      () => seal(bytes(33)),
      () => seal(given),
      () => seal(x, bytes(11)),
      () => seal(x, bytes(16)),
      () => seal(x, x, bytes(2)),
      () => seal(x, x, x, bytes(101)),
      () => seal(x, x, x, x, bytes(116)),
      () => seal(x, x, x, x, bytes(118)),
      () => seal(x, x, x, memory.subarray(0, 100), memory.subarray(99, 216)),
      () => seal(x, x, x, memory.subarray(9, 109), memory.subarray(7, 124)),
      () => seal(x, x, x, memory.subarray(9, 109), memory.subarray(9, 126)),
      () => seal(memory.subarray(0, 32), x, x, x, memory.subarray(31, 148)),
      () => seal(x, x, memory.subarray(116, 117), x, memory.subarray(0, 117)),
      () => open(bytes(31)),
      () => open(x, bytes(13)),
      () => open(x, x, bytes(15), bytes(0)),
      () => open(x, x, x, bytes(99)),
      () => open(x, x, x, bytes(101)),
      () => open(x, x, memory.subarray(0, 116), memory.subarray(115, 215)),
      () => open(memory.subarray(0, 32), x, x, memory.subarray(0, 100)),
    ])
      expect(wrong).toThrow(RangeError)
    expect(() => addon.sealGcm()).toThrow(TypeError)
    expect(() => addon.openGcm(bytes(32), bytes(12), null, bytes(116), bytes(100))).toThrow(TypeError)
    expect(() => addon.openGcm(bytes(32), bytes(12), bytes(0), bytes(116))).toThrow(TypeError)
  })

  it('asks for parts of files, and takes a no for an answer', () => {
    const file = join(folder, 'to read')
    writeFileSync(file, randomBytes(100_000))
    const fd = openSync(file, 'r')
    expect(addon.willNeed(fd, 0, 50_000)).toBe(true)
    expect(addon.willNeed(fd, 90_000, 1 << 30)).toBe(true)
    closeSync(fd)
    expect(addon.willNeed(2 ** 31 - 1, 0, 1)).toBe(false)
    for (const wrong of [
      [-1, 0, 1],
      [fd, -1, 1],
      [fd, 0, -1],
      [2 ** 31, 0, 1],
      ['1', 0, 1],
      [fd, undefined, 1],
    ])
      expect(() => addon.willNeed(wrong[0], wrong[1], wrong[2])).toThrow(RangeError)
  })

  it('reads a folder with what lstat says of each name, in as many batches as it takes', () => {
    const at = join(folder, `many-${files.length}-${_.length}`)
    mkdirSync(at)
    const names = [
      'plain',
      'x'.repeat(255),
      'ü'.repeat(127),
      '...',
      '.hidden',
      'with\nnewline',
      '1234567',
      '12345678',
      '123456789',
    ]
    for (let i = 0; i < 1000; i++) names.push(`file-${i}`)
    names.forEach((name, i) => {
      writeFileSync(join(at, name), Buffer.alloc(i % 7))
    })
    mkdirSync(join(at, 'folder'))
    symlinkSync('nowhere', join(at, 'link'))
    linkSync(join(at, 'plain'), join(at, 'second name'))
    utimesSync(join(at, 'plain'), -86400.5, -86400.5)
    // where the file system has years so late: more than 64 bits of nanoseconds
    utimesSync(join(at, '...'), 10_413_792_000, 10_413_792_000)
    names.push('folder', 'link', 'second name')
    const out = new BigInt64Array(8192)
    const found = new Map<string, bigint[]>()
    const fd = openSync(at, 'r')
    let batches = 0
    for (let words = addon.readFolder(fd, out); words > 0; words = addon.readFolder(fd, out), batches++) {
      for (let i = 0; i < words; ) {
        const head = BigInt.asUintN(64, out[i] as bigint)
        const length = Number((head >> 16n) & 0xffffn)
        expect(head >> 32n).toBe(0n)
        const name = Buffer.from(out.buffer, (i + 11) * 8, length).toString()
        expect(found.has(name)).toBe(false)
        found.set(name, [...out.subarray(i + 1, i + 11)])
        i += Number(head & 0xffffn)
      }
    }
    expect(addon.readFolder(fd, out)).toBe(0)
    closeSync(fd)
    expect(batches).toBeGreaterThan(2)
    expect([...found.keys()].sort()).toEqual(names.sort())
    for (const [name, words] of found) {
      const stat = lstatSync(join(at, name), { bigint: true })
      const { mode, size, mtimeNs, ctimeNs, ino, dev, nlink, blocks, uid, gid } = stat
      const signed = [ino, dev].map((value) => BigInt.asIntN(64, value))
      const modified = mtimeNs < 2n ** 63n ? mtimeNs : 2n ** 63n - 1n
      expect(words, name).toEqual([mode, size, modified, ctimeNs, ...signed, nlink, blocks, uid, gid])
    }
    // device numbers of more than eight bits, where the system has such
    for (const other of ['/proc', '/sys', '/dev']) {
      if (readdirSync(other).length === 0) continue
      const fdOf = openSync(other, 'r')
      expect(addon.readFolder(fdOf, out)).toBeGreaterThan(0)
      const name = Buffer.from(out.buffer, 88, Number((BigInt(out[0] as bigint) >> 16n) & 0xffffn)).toString()
      expect(out[6], other).toBe(BigInt.asIntN(64, lstatSync(join(other, name), { bigint: true }).dev))
      closeSync(fdOf)
    }
  })

  it('says the system’s error of a folder, and takes nothing but a descriptor and room for a batch', () => {
    const out = new BigInt64Array(8192).fill(9n)
    const file = join(folder, 'no folder')
    writeFileSync(file, 'x')
    const fd = openSync(file, 'r')
    expect(addon.readFolder(fd, out)).toBe(-constants.errno.ENOTDIR)
    closeSync(fd)
    expect(addon.readFolder(2 ** 31 - 1, out)).toBe(-constants.errno.EBADF)
    const gone = join(folder, 'gone')
    mkdirSync(gone)
    const last = openSync(gone, 'r')
    rmdirSync(gone)
    expect(addon.readFolder(last, out)).toBe(-constants.errno.ENOENT)
    closeSync(last)
    const empty = join(folder, 'empty')
    mkdirSync(empty, { recursive: true })
    const none = openSync(empty, 'r')
    expect(addon.readFolder(none, out)).toBe(0)
    for (const wrong of [
      [-1, out],
      [2 ** 31, out],
      ['1', out],
      [none, undefined],
      [none, new BigInt64Array(8191)],
      [none, new Uint8Array(65_536)],
      [none, new BigUint64Array(8192)],
      [none, new ArrayBuffer(65_536)],
    ])
      expect(() => addon.readFolder(wrong[0], wrong[1])).toThrow(RangeError)
    closeSync(none)
    expect(out.every((word) => word === 9n)).toBe(true)
  })

  it('touches no memory that an element’s getter gave away', () => {
    const body = new Uint8Array(1 << 20).fill(1)
    const out = new Uint8Array(64)
    const bodies: Uint8Array[] = [body]
    Object.defineProperty(bodies, 1, {
      get: () => {
        structuredClone(body, { transfer: [body.buffer] })
        return new Uint8Array(3)
      },
    })
    addon.hashMany(new Uint8Array(0), bodies, out)
    expect(Buffer.from(out.subarray(0, 32))).toEqual(sha256(new Uint8Array(0)))
  })

  it('refuses lengths that do not fit, and writes nothing then', () => {
    const out = new Uint8Array(64).fill(9)
    const bytes = (length: number) => new Uint8Array(length)
    const wrong: [keyof Addon, number, number][] = [
      ['hashLeaves', 1023, 32],
      ['hashLeaves', 1024, 31],
      ['hashLeaves', 1024, 64],
      ['hashLeaves', 2048, 32],
      ['hashLeaves', 0, 32],
      ['hashNodes', 63, 32],
      ['hashNodes', 64, 0],
      ['hashNodes', 128, 32],
      ['hashNodes', 32, 32],
      ['chunkRoot', 0, 32],
      ['chunkRoot', 1, 32],
      ['chunkRoot', 1025, 32],
      ['chunkRoot', 1024, 31],
      ['chunkRoot', 1024, 33],
      ['chunkRoot', 1025 * 1024, 32],
    ]
    for (const [name, length, room] of wrong) {
      const run = addon[name] as Addon['hashLeaves']
      expect(() => run(bytes(length), out.subarray(0, room)), `${name} ${length} ${room}`).toThrow(RangeError)
    }
    expect(out).toEqual(new Uint8Array(64).fill(9))
  })

  it('refuses to write over what it reads', () => {
    const memory = new Uint8Array(4096)
    expect(() => addon.hashNodes(memory.subarray(0, 128), memory.subarray(64, 128))).toThrow(RangeError)
    expect(() => addon.hashLeaves(memory.subarray(1, 1025), memory.subarray(1024, 1056))).toThrow(RangeError)
    addon.hashLeaves(memory.subarray(0, 1024), memory.subarray(1024, 1056))
    expect(Buffer.from(memory.subarray(1024, 1056))).toEqual(sha256(new Uint8Array(1024)))
  })

  it('refuses what is no Uint8Array', () => {
    const out = new Uint8Array(32)
    const things = [
      undefined,
      null,
      1,
      'x'.repeat(1024),
      [],
      {},
      new ArrayBuffer(1024),
      new DataView(new ArrayBuffer(1024)),
    ]
    const views = [
      new Uint16Array(512),
      new Float64Array(128),
      new Int8Array(1024),
      new Uint8ClampedArray(1024),
    ]
    for (const thing of [...things, ...views, Object.create(Uint8Array.prototype)]) {
      for (const run of [addon.hashLeaves, addon.hashNodes, addon.chunkRoot]) {
        expect(() => run(thing, out)).toThrow(TypeError)
        expect(() => run(new Uint8Array(1024), thing)).toThrow(TypeError)
      }
    }
    expect(() => addon.chunkRoot(new Uint8Array(1024))).toThrow(TypeError)
  })

  it('takes memory that was given away, or shrank, for empty', () => {
    const given = new Uint8Array(1024)
    structuredClone(given, { transfer: [given.buffer] })
    expect(() => addon.chunkRoot(given, new Uint8Array(32))).toThrow(RangeError)
    expect(() => addon.hashLeaves(given, new Uint8Array(32))).toThrow(RangeError)
    const target = new Uint8Array(32)
    structuredClone(target, { transfer: [target.buffer] })
    expect(() => addon.chunkRoot(new Uint8Array(1024), target)).toThrow(RangeError)
    const memory = new ArrayBuffer(4096, { maxByteLength: 8192 })
    const view = new Uint8Array(memory)
    const fixed = new Uint8Array(memory, 1024, 2048)
    memory.resize(2048)
    addon.hashLeaves(view, new Uint8Array(64))
    expect(() => addon.hashLeaves(fixed, new Uint8Array(64))).toThrow(RangeError)
    memory.resize(0)
    expect(() => addon.hashLeaves(view, new Uint8Array(64))).toThrow(RangeError)
  })

  it('works in many threads at once on shared memory, and survives their end', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(1024 * 1024))
    shared.set(randomBytes(1024 * 1024))
    const expected = Buffer.alloc(32)
    addon.chunkRoot(shared, expected)
    const code = `
      const { parentPort, workerData: { file, memory } } = require('node:worker_threads')
      const addon = require(file)
      const out = new Uint8Array(32)
      for (let i = 0; i < 20; i++) addon.chunkRoot(new Uint8Array(memory), out)
      parentPort.postMessage(out)`
    for (let round = 0; round < 3; round++) {
      const roots = await Promise.all(
        Array.from({ length: 4 }, async () => {
          const worker = new Worker(code, { eval: true, workerData: { file, memory: shared.buffer } })
          const root = await new Promise<Uint8Array>((resolve, reject) => {
            worker.once('message', resolve)
            worker.once('error', reject)
          })
          await worker.terminate()
          return root
        }),
      )
      for (const root of roots) expect(Buffer.from(root)).toEqual(expected)
    }
    addon.chunkRoot(shared, new Uint8Array(32))
  })

  it('loads in every Node at hand', () => {
    const code = `
      const { createHash, randomBytes } = require('node:crypto')
      const addon = require(process.argv[1])
      const data = new Uint8Array(new SharedArrayBuffer(5 * 1024 + 1), 1)
      data.set(randomBytes(5 * 1024))
      const out = new Uint8Array(5 * 32)
      addon.hashLeaves(data, out)
      const last = createHash('sha256').update(Buffer.from(data).subarray(4096)).digest()
      const sealed = new Uint8Array(21)
      addon.sealGcm(new Uint8Array(32), new Uint8Array(12), data.subarray(9), data.subarray(0, 1), data.subarray(1, 5), sealed)
      const opened = addon.openGcm(new Uint8Array(32), new Uint8Array(12), data.subarray(9), sealed, new Uint8Array(5))
      process.stdout.write(String(last.equals(out.subarray(128)) && opened))`
    const nodes = (process.env.PATH ?? '').split(delimiter).map((place) => join(place, 'node'))
    for (const node of new Set([process.execPath, ...nodes.filter((path) => existsSync(path))])) {
      const said = execFileSync(node, ['-e', code, file], { encoding: 'utf8' })
      expect(said, node).toBe('true')
    }
  })
})

/** Libraries that an ELF file needs, and the symbols that it leaves open. */
function dynamicPart(elf: Buffer): { needed: string[]; open: { name: string; weak: boolean }[] } {
  const at = Number(elf.readBigUInt64LE(40)) // section headers
  const sections = Array.from({ length: elf.readUInt16LE(60) }, (_, i) => {
    const header = elf.subarray(at + i * 64, at + i * 64 + 64)
    const offset = Number(header.readBigUInt64LE(24))
    const bytes = elf.subarray(offset, offset + Number(header.readBigUInt64LE(32)))
    return { type: header.readUInt32LE(4), link: header.readUInt32LE(40), bytes }
  })
  const DYNAMIC = 6
  const DYNSYM = 11
  const entries = (type: number, size: number) => {
    const section = sections.find((one) => one.type === type)
    if (!section) throw new Error(`no section of type ${type}`)
    const strings = sections[section.link]?.bytes ?? Buffer.alloc(0)
    const text = (offset: number) => strings.subarray(offset, strings.indexOf(0, offset)).toString('latin1')
    const { bytes } = section
    return Array.from({ length: bytes.length / size }, (_, i) => ({
      entry: bytes.subarray(i * size, i * size + size),
      text,
    }))
  }
  return {
    needed: entries(DYNAMIC, 16)
      .filter(({ entry }) => entry.readBigUInt64LE(0) === 1n) // DT_NEEDED
      .map(({ entry, text }) => text(Number(entry.readBigUInt64LE(8)))),
    open: entries(DYNSYM, 24)
      .slice(1)
      .filter(({ entry }) => entry.readUInt16LE(6) === 0) // SHN_UNDEF
      .map(({ entry, text }) => ({ name: text(entry.readUInt32LE(0)), weak: entry.readUInt8(4) >> 4 === 2 })),
  }
}
