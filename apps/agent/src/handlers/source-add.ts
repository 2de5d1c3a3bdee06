import { realpath } from 'node:fs/promises'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from '../agent-context.ts'
import type { Handler } from '../control/handler.ts'
import { sourceRow } from '../rows/source-row.ts'
import { isInside } from '../sector/sector-path.ts'
import { crashPoint } from '../store/crash-point.ts'

/** flow 5, and flow 6 when terms are given. */
export const sourceAdd: Handler<'source.add', AgentContext> = async (
  ctx,
  { path, name, terms, excludes },
) => {
  await mustNotOverlapSectors(ctx, path)
  const source = await ctx.sources.add(path, {
    ...(name === undefined ? {} : { name }),
    ...(excludes === undefined ? {} : { excludes }),
  })
  if (terms) {
    const text = JSON.stringify(terms, (_key, value: unknown) =>
      typeof value === 'bigint' ? value.toString() : value,
    )
    ctx.store.db
      .prepare(
        'INSERT INTO source_terms (source_id, terms) VALUES (?, ?) ON CONFLICT (source_id) DO UPDATE SET terms = excluded.terms',
      )
      .run(source.sourceId, text)
  }
  crashPoint('source-added')
  ctx.journal.add({
    event: 'source-added',
    subject: `source:${source.sourceId}`,
    message: `Source ${source.name} is ${source.path.toString()}.${source.excludes.length > 0 ? ` Left out: ${source.excludes.join(', ')}.` : ''}`,
  })
  return sourceRow(ctx, source)
}

/** Other people's sealed data is no source. @throws SOURCE_OVERLAPS_AGENT */
async function mustNotOverlapSectors(ctx: AgentContext, path: string): Promise<void> {
  const real = await realpath(path).catch(() => path)
  for (const sector of await ctx.sectors.list()) {
    if (!isInside(real, sector.path) && !isInside(sector.path, real)) continue
    throw new DmcError(
      'SOURCE_OVERLAPS_AGENT',
      `${real} and the sector at ${sector.path} lie in one another.`,
      {
        hint: 'Choose a folder without a sector: what it holds belongs to others and changes all the time.',
      },
    )
  }
}
