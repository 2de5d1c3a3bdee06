import { createRequire } from 'node:module'

/** Set by the bundler: the one file that the agent is published as, with the accelerator beside it. */
declare const __DMC_BUNDLE__: boolean | undefined

type WillNeed = (fd: number, offset: number, length: number) => boolean

const load = (): WillNeed | null => {
  try {
    const bundled = typeof __DMC_BUNDLE__ !== 'undefined' && __DMC_BUNDLE__
    const folder = bundled ? './prebuilt' : '@dmc/native/prebuilt'
    const addon = createRequire(import.meta.url)(`${folder}/${process.platform}-${process.arch}.node`) as {
      willNeed?: WillNeed
    }
    return addon.willNeed ?? null
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
