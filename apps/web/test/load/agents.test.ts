import { describe, expect, it } from 'vitest'
import { measureAgentLoad } from '../support/agent-load.ts'

const LONG = process.env.DMC_TEST_LONG === '1'

/** Short: the same hundred reports a second for a moment, by fewer agents. */
const LOAD = LONG
  ? { reporting: 500, everyMs: 5_000, idle: 2_000, seconds: 300, warmUpSeconds: 120 }
  : { reporting: 100, everyMs: 1_000, idle: 100, seconds: 15, warmUpSeconds: 5 }

describe('many agents on one dashboard, with the embedded database', () => {
  it(`${LOAD.reporting} that report every ${LOAD.everyMs / 1000} s and ${LOAD.idle} idle ones lose nothing, also over a kill`, async () => {
    const measured = await measureAgentLoad(LOAD, (line) => console.log(line))
    console.log(measured)
    expect(measured.lost).toEqual([])
    // all that was reported was kept in time: nothing piles up
    expect(measured.messages_per_s).toBeGreaterThan(95)
    expect(measured.p95_ms).toBeLessThanOrEqual(500)
    expect(measured.reconnect_s).toBeLessThanOrEqual(30)
    if (LONG) {
      // flat: were three hundred bytes of every report kept, it would be more than this
      expect(measured.growth_mib).toBeLessThan(20)
    }
  })
})
