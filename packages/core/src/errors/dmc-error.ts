import { ERROR_CODES, type ErrorCode } from './codes.ts'

const BRAND = Symbol.for('dmc.error')

export interface DmcErrorOptions {
  /** The next step for the person who reads it, one sentence. */
  hint: string
  /** Overrides the code's default: may the same call succeed later without anyone acting? */
  retryable?: boolean
  cause?: unknown
  /** Bounded extra values for machines, never a secret. */
  meta?: Record<string, string | number | boolean>
}

/**
 * The one error type that people see: a code that can be searched, one sentence with the values, one next step.
 * Codes live in `codes.ts` and in docs/ERRORS.md; a test keeps the two equal.
 */
export class DmcError extends Error {
  readonly code: ErrorCode
  readonly hint: string
  readonly retryable: boolean
  readonly meta: Record<string, string | number | boolean>
  readonly [BRAND] = true

  constructor(code: ErrorCode, message: string, options: DmcErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'DmcError'
    this.code = code
    this.hint = options.hint
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable
    this.meta = options.meta ?? {}
  }

  /** True also for a DmcError of another copy of this package. */
  static is(value: unknown): value is DmcError {
    return typeof value === 'object' && value !== null && BRAND in value
  }

  /** Process exit code of this error (design: 1 failed … 78 configuration). */
  get exitCode(): number {
    return ERROR_CODES[this.code].exit
  }

  toJSON(): { code: ErrorCode; message: string; hint: string; retryable: boolean } {
    return { code: this.code, message: this.message, hint: this.hint, retryable: this.retryable }
  }
}
