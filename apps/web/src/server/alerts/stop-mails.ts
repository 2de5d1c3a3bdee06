import { ownerOfSetting, readSettings, writeSetting } from '@dmc/db/account/settings'
import { dropMessages } from '@dmc/db/alerts/messages'
import { noteChanges } from '@dmc/db/changes/note-changes'
import type { Database } from '@dmc/db/open-database'
import { EMAIL_SETTING, readEmail } from './channel-settings.ts'

/** Switches a wallet's mails off by the token that stands in each of them. An unknown one does nothing, and is not told apart. */
export async function stopMails(db: Database, token: string): Promise<void> {
  if (!/^[A-Za-z0-9_-]{20,100}$/.test(token)) return
  const owner = await ownerOfSetting(db.prisma, { key: EMAIL_SETTING, field: 'stop', value: token })
  if (owner === null) return
  await db.transaction(async (tx) => {
    const stored = (await readSettings(tx, { owners: [owner] })).get(owner)?.[EMAIL_SETTING]
    const email = readEmail(stored)
    if (email === null || email.stop !== token) return
    await writeSetting(tx, { owner, key: EMAIL_SETTING, value: { ...email, on: false } })
    await dropMessages(tx, { owner, channel: 'email' })
    await noteChanges(tx, [{ topic: 'settings', key: '', owner }])
  })
}
