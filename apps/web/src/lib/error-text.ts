export interface ErrorText {
  code: string | null
  message: string
  hint: string
}

interface WithData {
  message?: unknown
  hint?: unknown
  code?: unknown
  data?: { dmc?: { code?: unknown; message?: unknown; hint?: unknown }; code?: unknown } | null
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** The server does not know who asks: the session has ended, or was ended elsewhere. */
export const isSignedOut = (error: unknown): boolean =>
  (error as WithData | null)?.data?.code === 'UNAUTHORIZED'

/**
 * Whatever went wrong, as sentence and next step. The API puts a DmcError's `{code, message, hint}` into `data.dmc`; the browser
 * itself throws DmcErrors, too; anything else is a lost connection or a bug, and is said as such.
 */
export function errorText(error: unknown): ErrorText {
  const thrown = (typeof error === 'object' && error !== null ? error : {}) as WithData
  const dmc = thrown.data?.dmc
  if (dmc !== undefined && text(dmc.message) !== null) {
    return { code: text(dmc.code), message: text(dmc.message) ?? '', hint: text(dmc.hint) ?? '' }
  }
  if (text(thrown.hint) !== null && text(thrown.message) !== null) {
    return { code: text(thrown.code), message: text(thrown.message) ?? '', hint: text(thrown.hint) ?? '' }
  }
  const message = text(thrown.message) ?? ''
  if (isSignedOut(error)) {
    return { code: null, message: 'You are not signed in any more.', hint: 'Sign in again; nothing is lost.' }
  }
  if (thrown.data === undefined || thrown.data === null) {
    if (message !== '' && !/fetch|network|closed|socket|JSON/i.test(message)) {
      return { code: null, message, hint: 'Try again; if it stays, report it.' }
    }
    return {
      code: null,
      message: 'The dashboard can’t be reached.',
      hint: 'Your agents and the chain go on without it. It is tried again by itself.',
    }
  }
  return {
    code: text(thrown.data.code),
    message: message || 'Something went wrong.',
    hint: 'Try again; if it stays, report it.',
  }
}
