import { deleteOldNonces } from '@dmc/db/account/nonces'
import { deleteOldLimits } from '@dmc/db/account/rate-limit'
import { deleteOldSessions } from '@dmc/db/account/sessions'
import { sweepConnections, touchConnections } from '@dmc/db/agents/agents'
import { expireCommands } from '@dmc/db/agents/commands'
import { deleteOldAlerts } from '@dmc/db/alerts/alerts'
import { deleteOldMessages } from '@dmc/db/alerts/messages'
import { pruneChanges } from '@dmc/db/changes/prune-changes'
import { deleteOldPairings } from '@dmc/db/pairing/requests'
import { logError } from './log-error.ts'
import type { Services } from './services.ts'

const EVERY_MS = 30_000
/** An agent whose instance has not confirmed it for so long is not connected: that instance has died. */
const GONE_MS = 3 * EVERY_MS
const KEEP_CHANGES_MS = 24 * 3600_000
const KEEP_ALERTS_MS = 90 * 24 * 3600_000
const KEEP_MESSAGES_MS = 30 * 24 * 3600_000

/** What has run out goes, and the agents that this process holds are marked as seen. */
export function keepTidy({ db, links }: Services): { stop(): void } {
  const tidy = async () => {
    const now = new Date()
    await touchConnections(db, { instances: links.all.map((link) => link.linkId), now })
    await sweepConnections(db, { before: new Date(now.getTime() - GONE_MS) })
    await deleteOldNonces(db, now)
    await deleteOldSessions(db, now)
    await deleteOldLimits(db, now)
    await deleteOldPairings(db, now)
    await expireCommands(db, now)
    await deleteOldAlerts(db, new Date(now.getTime() - KEEP_ALERTS_MS))
    await deleteOldMessages(db, new Date(now.getTime() - KEEP_MESSAGES_MS))
    await pruneChanges(db.prisma, new Date(now.getTime() - KEEP_CHANGES_MS))
  }
  // an embedded database has no other instance: whoever is marked as connected was so before a kill
  const first =
    db.engine === 'pglite'
      ? sweepConnections(db, { before: new Date(Date.now() + 1_000) })
      : Promise.resolve()
  const run = () => {
    tidy().catch((error: unknown) => logError('tidying', error))
  }
  const timer = setInterval(run, EVERY_MS)
  timer.unref()
  first.then(run, run)
  return { stop: () => clearInterval(timer) }
}
