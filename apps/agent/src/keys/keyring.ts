/** The operating system's keyring, where there is one; its absence or failure is quiet. */

const SERVICE = 'dmc-agent'
/** A locked desktop keyring may wait for a person who is not there. */
const PATIENCE_MS = 4000

async function entry(hostId: string) {
  const { AsyncEntry } = await import('@napi-rs/keyring')
  return new AsyncEntry(SERVICE, hostId)
}

async function quietly<T>(work: () => Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<null>((done) => {
      timer = setTimeout(() => done(null), PATIENCE_MS)
    })
    return await Promise.race([work(), late])
  } catch {
    return null
  } finally {
    clearTimeout(timer)
  }
}

/** The password kept for this host (hex id), or null. */
export async function readKeyring(hostId: string): Promise<string | null> {
  return (await quietly(async () => (await entry(hostId)).getPassword())) ?? null
}

/** True when the password was stored and can be read back. */
export async function writeKeyring(hostId: string, password: string): Promise<boolean> {
  const stored = await quietly(async () => {
    const target = await entry(hostId)
    await target.setPassword(password)
    return (await target.getPassword()) === password
  })
  return stored === true
}

/** What `doctor` says: can the keyring be used at all? */
export async function keyringWorks(): Promise<boolean> {
  const answered = await quietly(async () => {
    await (await entry('doctor')).getPassword()
    return true
  })
  return answered === true
}
