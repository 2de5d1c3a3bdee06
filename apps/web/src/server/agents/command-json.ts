import superjson from 'superjson'

/** Arguments of a command as a JSON column: bigints come back as bigints. */
export const printArgs = (value: unknown): unknown => superjson.serialize(value)

/** What `printArgs` wrote. A column with something else gives something that no schema takes. */
export function readJsonArgs(value: unknown): unknown {
  try {
    return superjson.deserialize(value as never)
  } catch {
    return null
  }
}
