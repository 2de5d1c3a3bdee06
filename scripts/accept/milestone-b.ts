import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Check, must, mustExist, mustHavePassed, mustHavePassedInBrowser, read, run } from './check.ts'
import { testEverything } from './test-everything.ts'

async function demoBringsTheDashboard(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'dmc-accept-dashboard-'))
  let pid = 0
  try {
    const { output } = await run(['node', 'scripts/demo.ts'], {
      env: { DMC_DEMO_DIR: folder },
      until: /Everything keeps running/,
      onStart: (id) => {
        pid = id
      },
    })
    const url = output.match(/Dashboard: (http:\/\/\S+)/)?.[1]
    must(url, 'the demo prints no address of a dashboard')
    const landing = await fetch(url)
    must(landing.ok && /Active orders/.test(await landing.text()), `${url} does not show the market`)
    const order = await fetch(`${url}/orders/1`)
    must(
      order.ok && /Order active/.test(await order.text()),
      `${url}/orders/1 does not show the demo's order`,
    )
    return url
  } finally {
    if (pid > 0) process.kill(pid, 'SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 5000))
    rmSync(folder, { recursive: true, force: true })
  }
}

export const CHECKS_B: readonly Check[] = [
  {
    name: 'B1',
    what: 'the demo brings the dashboard; npm start and npm run dev',
    async run() {
      const scripts = JSON.parse(read('package.json')).scripts as Record<string, string>
      must(scripts.start && scripts.dev, 'package.json has no start or dev')
      const url = await demoBringsTheDashboard()
      await testEverything()
      mustHavePassedInBrowser(/a person without a wallet uses the test account/)
      return `the demo's order is to be seen at ${url}`
    },
  },
  {
    name: 'B2',
    what: 'sign-in: nonces, every check, sessions, sockets',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/web/src/server/sign-in/': [/used once/, /too old/, /ends by itself/],
        'apps/web/src/server/live/socket-abuse': [/closes its sockets within a second/],
      })
      return `${count} tests, ${mustHavePassedInBrowser(/one click and one signature/, /another chain/, /a "no" in the wallet/)} in the browser`
    },
  },
  {
    name: 'B3',
    what: 'pairing by code and by token; the socket: reports, commands, resume',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/web/src/server/procedures/pairing': [/same words/, /renamed and revoked/, /names its wallet/],
        'apps/web/test/link/terminal': [/five answers/],
        'apps/web/test/link/user-and-miner': [/by a one-time token/, /by code/],
        'apps/web/test/link/resume': [/nothing lost, nothing doubled/, /carried out once/],
      })
      return `${count} tests`
    },
  },
  {
    name: 'B4',
    what: 'the user: folder, bill, order, stages, snapshots, restore, schedule, retention',
    async run() {
      await testEverything()
      mustHavePassedInBrowser(/first run of a user/)
      mustHavePassed({ 'apps/web/test/link/user-and-miner': [/flows 6 to 13/, /with the same bytes/] })
      mustHavePassedInBrowser(
        /a schedule set in the browser: the host backs up by itself with the dashboard stopped/,
        /schedule and excludes are changed on the page; that fewer snapshots are kept is said on the host alone/,
      )
      const count = mustHavePassed({
        'apps/agent/src/schedule/': [
          /made up for once, and told/,
          /never two runs of one source/,
          /without an order nothing is begun/,
          /set back neither silences a schedule nor repeats a run/,
          /summer time begins and ends/,
          /a kill before the backup began/,
        ],
        'apps/agent/test/flows/schedule': [
          /made up for once after the agent was away/,
          /in the same statement/,
        ],
        'apps/agent/src/source/excludes': [/is in no snapshot, is counted/, /what git leaves out/],
        'apps/agent/src/source/retention': [/left out by the very catalog/],
        'packages/core/src/schedule/': [/what a slow reading of the rules says/],
        'apps/web/test/link/evil-dashboard': [/no snapshot is forgotten by its word/],
      })
      return `all of it, ${count} tests of schedules, retention and excludes`
    },
  },
  {
    name: 'B5',
    what: 'the miner: sector, bill, incoming orders, earnings',
    async run() {
      await testEverything()
      mustHavePassedInBrowser(/first run of a miner/)
      const count = mustHavePassed({
        'apps/web/test/link/user-and-miner': [/flow 1/, /flows 2 and 3/],
        'packages/db/src/market': [/where a price stands/],
      })
      return `${count} tests`
    },
  },
  {
    name: 'B6',
    what: 'market, order page, journal, agents, settings, alerts; every route without axe violations',
    async run() {
      await testEverything()
      const count = mustHavePassedInBrowser(
        /landing page says what it is/,
        /filters, sorts and compares/,
        /what happened on chain/,
        /axe finds nothing on any route/,
        /reads without JavaScript/,
      )
      return `${count} browser tests`
    },
  },
  {
    name: 'B7',
    what: 'the database: migrations, PGlite and PostgreSQL, DATABASE_LOCKED',
    async run() {
      await testEverything()
      mustExist('prisma/schema.prisma', 'prisma/migrations')
      const count = mustHavePassed({
        'packages/db/': [/DATABASE_LOCKED/, /migrate at once/, /applied in order, once/],
      })
      return `${count} tests on PGlite and PostgreSQL`
    },
  },
  {
    name: 'B8',
    what: 'the indexer: resumable, reorg-safe, a rebuild gives the same rows',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/web/test/indexer/': [/rebuild from an empty database/, /loses and doubles nothing/, /reorg/i],
      })
      return `${count} tests`
    },
  },
  {
    name: 'B9',
    what: 'the dashboard decides nothing: an evil one makes the agent do nothing',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/web/test/link/evil-dashboard': [
          /outside of the roots/,
          /another wallet/,
          /no endpoint is changed/,
          /relayed sign-in/,
          /flood/,
        ],
        'apps/web/src/server/access': [/every procedure has a rule/],
        'apps/agent/src/dashboard/': [/never the whole machine/],
      })
      return `${count} tests`
    },
  },
]
