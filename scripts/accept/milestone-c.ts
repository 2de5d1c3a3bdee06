import { type Check, must, mustExist, mustHavePassed, mustHavePassedInBrowser, read } from './check.ts'
import { testEverything } from './test-everything.ts'

export const CHECKS_C: readonly Check[] = [
  {
    name: 'C1',
    what: 'off-chain challenges: random times, outcomes apart, probes, evidence, odds, by command and by button',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/agent/src/challenge/': [
          /right after activation, not before, and makes 24 a day of 20 leaves/,
          /passes with the commitment alone/,
          /makes up for a sleep with one check/,
          /asked once each, only within what is committed/,
          /evidence of wrong answers as long/,
          /is offline when the miner is away and we are not, unknown when our own chain is silent/,
          /is wrong when a signed answer does not prove/,
          /is refused, not wrong, when nobody has signed/,
        ],
        'packages/core/src/challenge/detection-odds': [/./],
      })
      return `${count} tests, ${mustHavePassedInBrowser(/check(ed)? now/i)} in the browser`
    },
  },
  {
    name: 'C2',
    what: 'escalation: three re-checks, then the policy; nobody honest is challenged on chain',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/agent/src/challenge/': [
          /three re-checks over some minutes before anything follows/,
          /counts only after half a day of nothing else/,
          /10,000/,
        ],
        'apps/agent/test/flows/': [/policy|automatic/i],
      })
      return `${count} tests`
    },
  },
  {
    name: 'C3',
    what: 'the miner’s agent answers on-chain challenges by itself, and alarms early',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/agent/test/flows/answer': [
          /within 3 blocks/,
          /a kill -9 between sending and confirmation/,
          /the RPC is away for half of the window/,
          /a reorg takes the answer off the chain/,
          /no gas: an alarm at once/,
          /data is gone: an alarm at once/,
          /50 orders challenged together/,
          /nothing is ever sent for it/,
        ],
        'apps/agent/test/flows/watch': [/503 with the alarms/],
        'apps/agent/src/chain/': [/bolder|urgent/],
      })
      return `${count} tests`
    },
  },
  {
    name: 'C4',
    what: 'watchers: answer in a miner’s stead, slash, check for a user that sleeps',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'apps/agent/test/flows/watch': [
          /answers in the miner’s stead/,
          /the reward is its owner’s/,
          /while the user’s machine sleeps/,
          /operator’s key is refused/,
        ],
      })
      return `${count} tests`
    },
  },
  {
    name: 'C5',
    what: 'money to the end: every act by command and by button, automatic claim and slash, warnings, renewal',
    async run() {
      await testEverything()
      const acts = 'extend shorten end quit top-up claim finish slash refuse cancel'.split(' ')
      const help = read('apps/agent/src/commands/__snapshots__/help.test.ts.snap')
      for (const act of acts)
        must(help.includes(`help > dmc-agent order ${act} `), `there is no dmc-agent order ${act}`)
      for (const command of ['bill shrink', 'bill cancel', 'wallet withdraw', 'source renew'])
        must(help.includes(`help > dmc-agent ${command} `), `there is no dmc-agent ${command}`)
      const count = mustHavePassed({
        'packages/core/src/market/acts/': [/./],
        'apps/agent/test/flows/watch': [/slashed by the user’s own agent/],
        'apps/web/test/alerts/': [/posted what opens/, /goes only to an address whose code was typed/],
        'apps/agent/test/flows/': [/claim/i],
      })
      return `${count} tests, ${mustHavePassedInBrowser(/extend/i, /webhook/i)} in the browser`
    },
  },
  {
    name: 'C6',
    what: 'evidence: exported, and checked with an RPC URL alone',
    async run() {
      await testEverything()
      const count = mustHavePassed({
        'packages/core/src/evidence/': [
          /is found to be true by an RPC alone/,
          /false as soon as one field/,
          /can’t be turned against an honest miner/,
          /2,000 damaged files/,
        ],
        'apps/agent/test/flows/evidence': [/holds no secret/],
      })
      return `${count} tests`
    },
  },
  {
    name: 'C7',
    what: 'cheaters as programs: each is found or harmless',
    async run() {
      await testEverything()
      const folder = 'packages/testkit/src/cheaters'
      mustExist(`${folder}/evil-miner.ts`, `${folder}/evil-user.ts`, `${folder}/evil-rpc.ts`)
      const count = mustHavePassed({
        'apps/agent/test/cheaters/evil-miner': [/slashed/, /never accused/],
        'apps/agent/test/cheaters/evil-user': [/./],
        'apps/agent/test/cheaters/evil-rpc': [/./],
        'apps/agent/test/cheaters/detection': [
          /of 5 % within 100 leaves/,
          /of 1 % within 459 leaves/,
          /never accused/,
        ],
        'apps/agent/test/cheaters/answers': [/beside an upload/],
      })
      return `${count} tests`
    },
  },
  {
    name: 'C8',
    what: 'the figures: detection, three blocks, latency of answers, fifty at once, a month in short',
    async run() {
      await testEverything()
      mustExist('bench/challenge.ts')
      const count = mustHavePassed({
        'apps/agent/test/': [/three days/i, /50 orders challenged together/, /within 3 blocks/],
      })
      return `${count} tests; the figures themselves: npm run bench -- challenge`
    },
  },
]
