import { realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { DmcError } from '@dmc/core/errors/dmc-error'
import type { AgentContext } from './agent-context.ts'
import { isInside } from './sector/sector-path.ts'

/**
 * A folder to restore into is neither the agent's own nor a sector, nor inside of one: a restore could put a key or a state there, or
 * take space that was sold. Symbolic links are followed as far as the path exists.
 * @throws TARGET_REFUSED
 */
export async function mustBeNobodys(
  { config, sectors }: Pick<AgentContext, 'config' | 'sectors'>,
  target: string,
): Promise<void> {
  const real = await whereItLeads(target)
  const taken = [
    { path: config.dataDir, what: 'the agent’s own folder' },
    ...(await sectors.list()).map(({ sectorId, path }) => ({ path, what: `sector ${sectorId}` })),
  ]
  for (const { path, what } of taken) {
    if (!isInside(real, await whereItLeads(path))) continue
    throw new DmcError('TARGET_REFUSED', `Nothing is restored into ${target}: it is ${what}, or inside it.`, {
      hint: 'Choose a folder of its own for what is restored.',
    })
  }
}

/** The real path of what exists of it, and the rest as it is written. */
async function whereItLeads(path: string): Promise<string> {
  const plain = resolve(path)
  const real = await realpath(plain).catch(() => null)
  if (real !== null || dirname(plain) === plain) return real ?? plain
  return join(await whereItLeads(dirname(plain)), basename(plain))
}
