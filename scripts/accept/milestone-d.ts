import { bench, figureOf, mustReach, type Promised, ratioTo } from './bench-figures.ts'
import { type Check, must, mustExist, mustHavePassed, NotBuilt, read, run } from './check.ts'
import { testEverything } from './test-everything.ts'

const BENCHES = [
  'tree',
  'backup',
  'rebackup',
  'restore',
  'small-files',
  'challenge',
  'index',
  'delivery',
  'ws',
]

/** A figure that is the peer's time / ours. */
const against = (name: string, args: string[], peer: string, atLeast: number): Promised => ({
  name: `${name}: ${peer}’s time / ours`,
  atLeast,
  value: async () => ratioTo(await bench(...args), peer),
})

const SMALL = ['--data', 'small']
const EVENTS = against('10,000 events', ['index'], 'viem getContractEvents', 1.5)
const DELIVERY = against('raw delivery', ['delivery'], 'rsync daemon', 0.8)
const MEMORY: readonly Promised[] = ['user', 'miner'].map((side) => ({
  name: `peak memory of the ${side}’s agent in MiB`,
  atMost: 199, // whole MiB, and less than 200
  value: async () =>
    figureOf(await bench('backup', '--tier', 'native'), `peak memory of the ${side}'s agent`),
}))
const FIGURES: readonly Promised[] = [
  against('tree, native', ['tree', '--tier', 'native'], 'openssl dgst -sha256', 1.5),
  against('tree, portable', ['tree', '--tier', 'portable'], 'openssl dgst -sha256', 0.5),
  against('backup of 1 GiB, native', ['backup', '--tier', 'native'], 'restic', 2),
  against('backup of 1 GiB, portable', ['backup', '--tier', 'portable'], 'restic', 1.5),
  against('backup of 1 GiB, native', ['backup', '--tier', 'native'], 'borg', 1.5),
  against('backup of 20,000 files', ['backup', ...SMALL], 'restic', 3),
  against('backup of 20,000 files', ['backup', ...SMALL], 'borg', 2),
  against('re-backup of 1 GiB after 1 %', ['rebackup'], 'restic', 3),
  against('re-backup of 20,000 files after 1 %', ['rebackup', ...SMALL], 'restic', 3),
  against('restore of 1 GiB', ['restore'], 'restic', 2.5),
  against('restore of 20,000 files', ['restore', ...SMALL], 'restic', 1),
  DELIVERY,
  ...(['user', 'miner'] as const).map((side) => ({
    name: `peak memory of the ${side}’s agent / restic’s`,
    atMost: 1.5,
    value: async () =>
      figureOf(await bench('backup', '--tier', 'native'), `peak memory of the ${side}'s agent / restic's`),
  })),
  {
    name: 'a leaf answered while nothing else goes on, p50 in ms',
    atMost: 2,
    value: async () => figureOf(await bench('challenge'), 'a leaf answered while nothing else goes on, p50'),
  },
  {
    name: 'bytes stored of the text-heavy set / restic’s',
    atMost: 1.02,
    value: async () => figureOf(await bench('backup', '--data', 'text'), "stored: ours / restic's"),
  },
  EVENTS,
]

export const CHECKS_D: readonly Check[] = [
  {
    name: 'D1',
    what: 'every bench runs by one command and gives its document; missing peers are named',
    async run() {
      const { output } = await run(['node', 'bench/bench.ts', 'peers'])
      for (const peer of ['restic', 'borg', 'rsync', 'rclone'])
        must(
          new RegExp(`^${peer}\\b.*(installed|apt-get install)`, 'm').test(output),
          `bench peers does not say which ${peer} is installed, or how to install it`,
        )
      const missing = BENCHES.filter(
        (name) => !read('bench/bench.ts').match(new RegExp(`^ *'?${name}'?: `, 'm')),
      )
      if (missing.length > 0) throw new NotBuilt(`there is no bench ${missing.join(', ')}`)
      const table = read('docs/PERFORMANCE.md')
      for (const name of BENCHES)
        must(
          table.includes(`bench -- ${name}`),
          `docs/PERFORMANCE.md does not name the command bench -- ${name}`,
        )
      for (const name of BENCHES) {
        const document = await bench(name, '--size', '64', '--rounds', '1')
        must(document.bench === name, `bench ${name} gave the document of ${document.bench}`)
        for (const peer of document.peers)
          must(
            peer.wall_s !== undefined || /apt-get install/.test(peer.missing ?? ''),
            `bench ${name} neither measured ${peer.name} nor says how to install it`,
          )
      }
      return `${BENCHES.length} benches, each run at its smallest`
    },
  },
  {
    name: 'D2',
    what: 'hashing tiers behind one interface, chosen by a self-test, shown by doctor, equal roots',
    async run() {
      await testEverything()
      mustExist('packages/native/prebuilt/linux-x64.node')
      const count = mustHavePassed({
        'packages/core/src/merkle/': [
          /gives the chunk roots of the plain hasher, whatever the data/,
          /is refused by its self-test/,
          /can be forced to be portable/,
          /is of WebAssembly where that runs/,
        ],
        'packages/native/test/': [/was built from the sources that are committed/],
        'apps/agent/test/package/': [/without it the bundle says so and works/],
      })
      return `${count} tests`
    },
  },
  {
    name: 'D3',
    what: 'one worker per core; no block of the event loop above 50 ms; memory below 200 MiB at any size',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/agent/test/flows/load': [/of neither agent is held for more than 50 ms/],
        'apps/agent/src/sector/sector-service': [/are started for the orders that are open/],
        // two by default, as each further one takes memory; `backup.threads` says how many
        'apps/agent/src/source/seal-threads': [
          /has the same blobs in the same places, and comes back equal/,
          /stopped in the middle it goes on/,
        ],
        'apps/agent/src/source/encode/seal-parts': [/is told to the one that waits for it/],
      })
      await mustReach(MEMORY)
      // 10 GiB, and 1,000,000 files: some ten minutes, and 24 GiB of disk
      const { exitCode } = await run(['vitest', 'run', 'apps/agent/test/flows/memory'], {
        env: { DMC_TEST_LONG: '1' },
      })
      must(exitCode === 0, 'with 10 GiB or 1,000,000 files an agent takes 200 MiB or more (see above)')
      return `${count} tests, and those of 10 GiB and 1,000,000 files`
    },
  },
  {
    name: 'D4',
    what: 'small files share blobs, unchanged ones are skipped, everything can be read again',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/agent/src/source/': [
          /found when everything is read again/,
          /of an unchanged source appends nothing/,
        ],
      })
      return `${count} tests`
    },
  },
  {
    name: 'D5',
    what: 'delivery near the wire; bandwidth limits that hold; many users share fairly',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/agent/test/flows/load': [/hold for what a user sends and takes, and for what its miner sends/],
        'apps/agent/src/contract/wire/bandwidth': [
          /holds over all orders together/,
          /what a miner takes: it reads no faster/,
          /more connections and larger requests bring an order no larger share/,
        ],
        'apps/agent/src/sector/buffer-pool': [/whoever has least of it comes first/],
      })
      return `${count} tests; ${await mustReach([DELIVERY])}`
    },
  },
  {
    name: 'D6',
    what: 'chain reading: ranges in parallel, a generated decoder, every event as viem gives it',
    run: () => mustReach([EVENTS]),
  },
  {
    name: 'D7',
    what: 'every figure of the table, measured here and now',
    run: () => mustReach(FIGURES),
  },
]
