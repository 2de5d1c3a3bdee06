const WORDS = ['state commitments', 'challenge', 'refuse orders', 'publish its address'] as const

/** Bits of OPERATOR_SCOPES as what they allow, in plain words. */
export const scopeNames = (scopes: number): string[] => WORDS.filter((_, bit) => (scopes >> bit) & 1)
