import { fail } from './io.ts'

/** Questions to a person, on stderr (stdout stays data). The library is loaded when the first is asked. */
async function clack() {
  return import('@clack/prompts')
}

const cancelled = () =>
  fail('INTERRUPTED', 'Stopped at a question; nothing was changed.', 'Run the command again.')

export async function askPassword(message: string): Promise<string> {
  const { password, isCancel } = await clack()
  const answer = await password({ message, output: process.stderr, mask: '•' })
  if (isCancel(answer)) throw cancelled()
  return answer ?? ''
}

/** A new password, typed twice. */
export async function askNewPassword(): Promise<string> {
  const { password, isCancel } = await clack()
  const first = await password({
    message: 'New password for the keystore on this host (at least 8 characters)',
    output: process.stderr,
    mask: '•',
    validate: (value) => ((value ?? '').length < 8 ? 'At least 8 characters, please.' : undefined),
  })
  if (isCancel(first)) throw cancelled()
  const second = await password({
    message: 'The same password again',
    output: process.stderr,
    mask: '•',
    validate: (value) => (value !== first ? 'The two differ.' : undefined),
  })
  if (isCancel(second)) throw cancelled()
  return first
}

export async function askText(
  message: string,
  validate?: (value: string) => string | undefined,
): Promise<string> {
  const { text, isCancel } = await clack()
  const answer = await text({
    message,
    output: process.stderr,
    ...(validate ? { validate: (value: string | undefined) => validate(value ?? '') } : {}),
  })
  if (isCancel(answer)) throw cancelled()
  return answer ?? ''
}

export async function askYesNo(message: string): Promise<boolean> {
  const { confirm, isCancel } = await clack()
  const answer = await confirm({ message, output: process.stderr, initialValue: false })
  if (isCancel(answer)) throw cancelled()
  return answer
}
