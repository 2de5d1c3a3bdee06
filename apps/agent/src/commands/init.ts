import { randomBytes } from 'node:crypto'
import { existsSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { entropyToPhrase, phraseToEntropy } from '@dmc/core/keys/phrase'
import { createFileSafely } from '../config/write-file-safely.ts'
import { writeKeyring } from '../keys/keyring.ts'
import { alreadyInitialised, createKeystore } from '../keys/keystore.ts'
import { keystoreFile } from '../keys/keystore-file.ts'
import { newPassword } from '../keys/new-password.ts'
import { readSecretFile } from '../keys/read-secret-file.ts'
import { scryptCost } from '../keys/scrypt-cost.ts'
import { fail } from '../output/io.ts'
import { askNewPassword, askText } from '../output/prompt.ts'
import { readStdin } from '../output/read-stdin.ts'
import { type ChainOptions, configureChain } from './configure-chain.ts'
import type { Action, Shell } from './shell.ts'
import { showPhrase } from './show-phrase.ts'

export interface InitOptions extends ChainOptions {
  recover?: boolean
  phraseFile?: string
  newPasswordFile?: string
  keyring?: boolean
  /** The chain comes with the pairing: it is not asked for now. */
  chainLater?: boolean
  /** For a step that unlocks the new keystore at once. */
  onPassword?: (password: string) => void
}

/** A new phrase (or a recovered one), this host's keystore and its configuration. Nothing is written before all is known. */
export const init: Action<[], InitOptions> = async (shell, options) => {
  const { io, env, config } = shell
  const file = keystoreFile(config.dataDir)
  if (existsSync(file)) throw alreadyInitialised(file)
  const chain = await configureChain(
    options.chainLater ? { ...shell, io: { ...io, yes: true } } : shell,
    options,
  )
  const n = scryptCost(env, chain.chainId)
  const master = options.recover ? await recoveredMaster(shell, options.phraseFile) : randomBytes(32)
  const made: string[] = []
  const keys = await withoutLeftovers(file, made, async () => {
    // a script that has no password gets no phrase, which would be that of no host; a person sees the phrase first
    const early = io.interactive ? null : await askPassword(shell, options, made)
    if (!options.recover) await handOver(shell, entropyToPhrase(master), options.phraseFile, made)
    const password = early ?? (await askPassword(shell, options, made))
    const created = await createKeystore(file, { password, master, n })
    return { ...created, password }
  })
  options.onPassword?.(keys.password)
  chain.write()
  if (options.keyring) await keepInKeyring(shell, Buffer.from(keys.hostId).toString('hex'), keys.password)
  io.document('init', {
    dataDir: config.dataDir,
    keystore: file,
    operator: keys.operator.address,
    recovered: options.recover === true,
    ...(options.recover || options.phraseFile ? {} : { phrase: entropyToPhrase(master) }),
  })
  // now that it opens something
  if (!options.recover && !options.phraseFile && !isShown(shell)) io.print(entropyToPhrase(master))
  io.print(`Keystore ${file}`)
  io.print(`Operator ${keys.operator.address} (signs for this host; it never holds tokens)`)
  if (!options.chainLater) io.note(nextStep(options, chain.complete))
}

/** What a failure leaves behind would be in the way of the next try, and hold words and passwords of a host that never was. */
async function withoutLeftovers<T>(
  keystore: string,
  made: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    // with a keystore they may be what opens it
    if (!existsSync(keystore)) for (const file of made) rmSync(file, { force: true })
    throw error
  }
}

async function askPassword(
  { io, env }: Shell,
  { newPasswordFile, keyring }: InitOptions,
  made: string[],
): Promise<string> {
  const file = newPasswordFile && resolve(newPasswordFile)
  const password = await newPassword(env, { file, keyring, ask: io.interactive ? askNewPassword : null })
  if (file) made.push(file)
  return password
}

function nextStep({ recover }: InitOptions, complete: boolean): string {
  if (!complete) return 'Next: dmc-agent config set chain.market 0x…  and  chain.rpcUrls https://…'
  return recover
    ? 'Next: dmc-agent recover (finds your snapshots), or dmc-agent wallet import to write again'
    : 'Next: dmc-agent wallet create, or dmc-agent wallet import'
}

async function recoveredMaster({ io }: Shell, phraseFile: string | undefined): Promise<Uint8Array> {
  if (phraseFile === '-') return phraseToEntropy(await readStdin())
  if (phraseFile) return phraseToEntropy(readSecretFile(resolve(phraseFile)))
  if (!io.interactive) {
    throw fail(
      'NOT_CONFIRMED',
      'Nobody is here to type the recovery phrase.',
      'Give it with --phrase-file FILE (mode 0600) or --phrase-file - (standard input); never as an argument.',
    )
  }
  const text = await askText('Your 24 recovery words, separated by spaces', (value) => {
    try {
      phraseToEntropy(value)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  })
  return phraseToEntropy(text)
}

/** A terminal shows the phrase with a check, before anything is made. */
const isShown = ({ io }: Shell): boolean => io.interactive && !io.yes

/** A new phrase reaches its owner: into a file, or onto the terminal with a check; for a script that said --yes it is printed at the end. */
async function handOver(
  shell: Shell,
  phrase: string,
  phraseFile: string | undefined,
  made: string[],
): Promise<void> {
  const { io } = shell
  if (phraseFile === '-')
    throw fail('USAGE', '--phrase-file - is for --recover.', 'Name a file that does not exist yet.')
  if (phraseFile) {
    const file = resolve(phraseFile)
    if (createFileSafely(file, `${phrase}\n`) === 'exists') {
      throw fail('ALREADY_INITIALISED', `${file} is there already.`, 'Name a file that does not exist yet.')
    }
    made.push(file)
    io.note(`The recovery phrase is in ${file}: keep it somewhere else than on this machine.`)
  } else if (isShown(shell)) await showPhrase(io, phrase)
  else if (!io.yes) {
    throw fail(
      'NOT_CONFIRMED',
      'Nobody is here to write down the recovery phrase; nothing was made.',
      'Run it in a terminal, or say where the phrase goes: --phrase-file FILE, or --yes to print it.',
    )
  }
}

async function keepInKeyring({ io }: Shell, hostId: string, password: string): Promise<void> {
  if (await writeKeyring(hostId, password)) io.note('The password is kept in the keyring of this system.')
  else
    io.warn(
      'This system has no usable keyring; the password was not kept. `run` needs DMC_PASSWORD_FILE or a terminal.',
    )
}
