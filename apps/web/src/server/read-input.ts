import superjson from 'superjson'

/** Deeper than anything that our pages or agents send. */
const MOST_DEPTH = 32
/** What our own clients annotate. Others build large or strange things out of a few bytes. */
const KNOWN = new Set<unknown>(['bigint', 'Date', 'undefined'])

/** Stands for an input that was not read; the procedure answers with a sentence instead. */
export const REFUSED_INPUT = Symbol('refused input')

/**
 * Reads an input that anybody may have written: known annotations only, nothing deep, and references are left out, which would let
 * few bytes stand for an endless walk.
 */
export function readInput(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null) return REFUSED_INPUT
  if (isDeep(sent)) return REFUSED_INPUT
  const { json, meta = {} } = sent as { json?: unknown; meta?: unknown }
  if (typeof meta !== 'object' || meta === null) return REFUSED_INPUT
  const { values, v } = meta as Record<string, unknown>
  if (values !== undefined && !isKnownTree(values)) return REFUSED_INPUT
  try {
    // a value that an honest client sends twice is in the JSON twice: what is left out is only that both are the same object
    return superjson.deserialize({ json, meta: { values, v } } as never)
  } catch {
    return REFUSED_INPUT
  }
}

function isDeep(value: object): boolean {
  let level: object[] = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MOST_DEPTH) return true
    level = level.flatMap((node) => Object.values(node).filter((v) => typeof v === 'object' && v !== null))
  }
  return false
}

/** `[annotation]` or `{ path: tree }`; its depth is bounded by what came before. */
function isKnownTree(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null) return false
  if (!Array.isArray(tree)) return Object.values(tree).every(isKnownTree)
  return tree.length === 1 && KNOWN.has(tree[0])
}
