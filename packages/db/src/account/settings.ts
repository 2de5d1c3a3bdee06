import type { Prisma } from '../generated/client.ts'
import type { Queries } from '../open-database.ts'

/** A wallet's settings by key; what is not there was never set. */
export async function readSettings(
  queries: Queries,
  of: { owners: readonly string[]; keys?: readonly string[] },
): Promise<Map<string, Record<string, unknown>>> {
  const rows = await queries.setting.findMany({
    where: { owner: { in: [...of.owners] }, ...(of.keys ? { key: { in: [...of.keys] } } : {}) },
  })
  const found = new Map<string, Record<string, unknown>>()
  for (const { owner, key, value } of rows) found.set(owner, { ...found.get(owner), [key]: value })
  return found
}

/** Null takes it away. */
export async function writeSetting(
  queries: Queries,
  { owner, key, value }: { owner: string; key: string; value: Prisma.InputJsonValue | null },
): Promise<void> {
  if (value === null) {
    await queries.setting.deleteMany({ where: { owner, key } })
    return
  }
  await queries.setting.upsert({
    where: { owner_key: { owner, key } },
    create: { owner, key, value },
    update: { value },
  })
}

/** The wallet whose setting holds this value in one of its fields. */
export async function ownerOfSetting(
  queries: Queries,
  of: { key: string; field: string; value: string },
): Promise<string | null> {
  const row = await queries.setting.findFirst({
    where: { key: of.key, value: { path: [of.field], equals: of.value } },
    select: { owner: true },
  })
  return row?.owner ?? null
}
