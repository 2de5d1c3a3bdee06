import type { Handler, ShellContext } from './handler.ts'
import type { MethodName } from './methods.ts'

/** `sector.add` -> the export `sectorAdd` of `../handlers/sector-add.ts`, loaded when it is first called. */
export async function loadHandler<M extends MethodName>(method: M): Promise<Handler<M, ShellContext>> {
  const file = method.replace('.', '-')
  const module = (await import(`../handlers/${file}.ts`)) as Record<string, Handler<M, ShellContext>>
  const handler = module[file.replace(/-(\w)/g, (_dash, letter: string) => letter.toUpperCase())]
  if (!handler) throw new Error(`../handlers/${file}.ts has no handler`)
  return handler
}
