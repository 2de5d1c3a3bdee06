import 'server-only'
import { cookies } from 'next/headers'
import { cache } from 'react'
import type {} from '../server/in-process.ts'

/** The API in the same process, as the person whose cookie came with the request: a page renders without a second request. */
export const serverApi = cache(async () => {
  const server = globalThis.dmcServer
  if (server === undefined)
    throw new Error('The API runs in the custom server: start the dashboard with npm start.')
  return server.caller((await cookies()).toString())
})

/** The API's answer, or what went wrong as data: a page then says so instead of failing whole. */
export async function attempt<T>(
  work: Promise<T>,
): Promise<{ data: T; error: null } | { data: null; error: unknown }> {
  try {
    return { data: await work, error: null }
  } catch (error) {
    return { data: null, error }
  }
}

/** Who is signed in, asked once a request, whichever parts of the page need it. */
export const whoIsSignedIn = cache(async () => attempt((await serverApi()).auth.me()))
