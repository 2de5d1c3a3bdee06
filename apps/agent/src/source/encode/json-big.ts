/** JSON with bigint, for rows of our own databases: `{"$big": "12"}`. */
export const writeBig = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? { $big: value.toString() } : value

export const reviveBig = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && '$big' in value ? BigInt(String(value.$big)) : value
