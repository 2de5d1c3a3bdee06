import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from './agent-context.ts'

/** A source by id, unique id prefix, or name. @throws SOURCE_UNKNOWN listing what there is. */
export function findSource(ctx: AgentContext, wanted: string) {
  const sources = ctx.sources.list()
  const exact = sources.find((source) => source.sourceId === wanted || source.name === wanted)
  if (exact) return exact
  const [only, another] = sources.filter((source) => source.sourceId.startsWith(wanted))
  if (only && !another) return only
  const names = sources.map((source) => `${source.name} (${source.sourceId})`).join(', ')
  throw new DmcError(
    'SOURCE_UNKNOWN',
    `There is no source '${wanted}'${names ? `; there are: ${names}` : ' and no other'}.`,
    {
      hint: names ? 'Name one of them, by name or id.' : 'Register one: dmc-agent source add PATH.',
    },
  )
}
