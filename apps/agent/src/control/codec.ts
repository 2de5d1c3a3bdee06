/** JSON for the control socket: bigint travels as `{"$bigint":"123"}`, undefined members are left out. */
export function encodeJson(value: unknown): string {
  return JSON.stringify(value, (_key, member) =>
    typeof member === 'bigint' ? { $bigint: member.toString() } : member,
  )
}

/** @throws SyntaxError for anything that `encodeJson` did not write. */
export function decodeJson(text: string): unknown {
  return JSON.parse(text, (_key, member) => {
    if (typeof member !== 'object' || member === null || !Object.hasOwn(member, '$bigint')) return member
    const digits: unknown = member.$bigint
    if (typeof digits !== 'string' || !/^-?\d{1,80}$/.test(digits)) throw new SyntaxError('bad $bigint')
    return BigInt(digits)
  })
}

/** JSON for people's scripts (`--json`): bigint as decimal text. */
export function printJson(value: unknown): string {
  return JSON.stringify(value, (_key, member) => (typeof member === 'bigint' ? member.toString() : member))
}
