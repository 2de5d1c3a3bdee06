import { DmcError } from '@dmc/core/errors/dmc-error'

const GIB = 1024 ** 3
const MIB = 1024 ** 2

const show = (bytes: number): string =>
  bytes >= GIB ? `${(bytes / GIB).toFixed(2)} GiB` : `${(bytes / MIB).toFixed(1)} MiB`

/** The source does not fit what is left of its order. `need` and `have` in bytes of the volume. */
export function sourceTooLarge({ have, need }: { have: number; need: number }): DmcError {
  const order = need >= GIB ? `${Math.ceil((need * 1.1) / GIB)}GiB` : `${Math.ceil((need * 1.1) / MIB)}MiB`
  return new DmcError(
    'SOURCE_TOO_LARGE',
    `The backup needs at least ${show(need)}, and the order has ${show(have)}.`,
    {
      hint: `Take a larger order; what is stored already stays: dmc-agent order create --source SOURCE --capacity ${order}`,
      meta: { needBytes: need, haveBytes: have },
    },
  )
}
