type Secp256k1 = Pick<typeof import('tiny-secp256k1'), 'signRecoverable' | 'recover'>
/** For tests: what to load instead. */
export type LoadSecp256k1 = () => Promise<Secp256k1>

const load: LoadSecp256k1 = () => import('tiny-secp256k1')
let shared: Promise<Secp256k1 | null> | null = null

/** libsecp256k1 as WebAssembly, several times as fast as viem's curve; null where it does not load. */
export function secp256k1(otherLoad?: LoadSecp256k1): Promise<Secp256k1 | null> {
  if (otherLoad) return otherLoad().catch(() => null)
  shared ??= load().catch(() => null)
  return shared
}
