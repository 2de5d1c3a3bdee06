import { accountSchema } from './schema/account.ts'
import { answerSchema } from './schema/answer.ts'
import { checkSchema } from './schema/check.ts'
import { contractSchema } from './schema/contract.ts'
import { commandFolderSchema, costKindSchema, dashboardSchema, endpointSchema } from './schema/dashboard.ts'
import { journalSchema } from './schema/journal.ts'
import { scrubSchema } from './schema/scrub.ts'
import { sectorSchema } from './schema/sector.ts'
import { sourceExcludesSchema, sourceScheduleSchema, sourceSchema } from './schema/source.ts'
import { transactionSchema } from './schema/transaction.ts'

/** One string a version, applied once, in order, never edited after a release. */
export const MIGRATIONS: readonly string[] = [
  [journalSchema, transactionSchema, sourceSchema, sectorSchema, accountSchema, contractSchema].join(';\n'),
  dashboardSchema,
  commandFolderSchema,
  endpointSchema,
  sourceExcludesSchema,
  sourceScheduleSchema,
  costKindSchema,
  answerSchema,
  checkSchema,
  scrubSchema,
]
