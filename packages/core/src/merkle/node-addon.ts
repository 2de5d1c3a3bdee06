import { createRequire } from 'node:module'

/** Set by the bundler: the one file that the agent is published as, with the accelerator beside it. */
declare const __DMC_BUNDLE__: boolean | undefined

/** What the accelerator's files are called by. */
export const ADDON_TARGET = `${process.platform}-${process.arch}`

/** What `packages/native` exports here. @throws what `require` throws: MODULE_NOT_FOUND where this installation has none */
export const requireAddon = (): unknown => {
  const bundled = typeof __DMC_BUNDLE__ !== 'undefined' && __DMC_BUNDLE__
  const folder = bundled ? './prebuilt' : '@dmc/native/prebuilt'
  return createRequire(import.meta.url)(`${folder}/${ADDON_TARGET}.node`)
}
