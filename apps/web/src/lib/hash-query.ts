import { hashKey, type QueryKey } from '@tanstack/react-query'

/** Questions name ids of the chain, which are bigints: JSON knows none. */
export const hashQuery = (key: QueryKey): string =>
  hashKey(
    JSON.parse(
      JSON.stringify(key, (_name, value) => (typeof value === 'bigint' ? `${value}n` : (value as unknown))),
    ),
  )
