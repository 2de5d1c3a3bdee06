import { readFileSync } from 'node:fs'

/** Of this boot of the machine (random, from the kernel); '' where the system doesn't say. */
export function currentBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  } catch {
    return ''
  }
}
