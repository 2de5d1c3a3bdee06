import type { Caller } from './router.ts'

/** The custom server's face to pages in the same process: no HTTP, no second copy of its state. */
export interface InProcessServer {
  /** Procedures as whoever the cookie says; `null`: as nobody. */
  caller(cookieHeader: string | null): Promise<Caller>
}

declare global {
  var dmcServer: InProcessServer | undefined
}
