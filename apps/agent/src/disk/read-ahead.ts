import { requireAddon } from '@dmc/core/merkle/node-addon'

type WillNeed = (fd: number, offset: number, length: number) => boolean

const load = (): WillNeed | null => {
  try {
    return (requireAddon() as { willNeed?: WillNeed }).willNeed ?? null
  } catch {
    return null // none for this platform: the kernel's own guess has to do
  }
}

let willNeed: WillNeed | null | undefined

/**
 * Asks the kernel to have a part of a file in memory soon, so that a thread that reads and works in turns does not wait for
 * the disk. Advice only: nothing fails without it.
 */
export function readAhead(fd: number, offset: number, length: number): void {
  if (willNeed === undefined) willNeed = load()
  willNeed?.(fd, offset, length)
}
