import { createPublicClient, http } from 'viem'
import { describe, expect, it } from 'vitest'
import { errorText } from './log-error.ts'

const KEY = 'c0ffee-secret-key'

describe('an error in the server’s log', () => {
  it('shows no key of an RPC: an error of viem names the whole address, more than once', async () => {
    const client = createPublicClient({
      transport: http(`http://user:${KEY}@127.0.0.1:9/v3/${KEY}?apikey=${KEY}`, { retryCount: 0 }),
    })
    const error = await client.getBlockNumber().catch((thrown: unknown) => thrown)
    expect(String((error as Error).message)).toContain(KEY)
    const text = errorText(new Error('outer', { cause: error }))
    expect(text).not.toContain(KEY)
    expect(text).toContain('http://…')
    expect(text).toContain('HttpRequestError')
    expect(text).toContain('log-error.test.ts')
  })

  it('shows no password of a database', () => {
    expect(errorText(new Error(`connect postgresql://dmc:${KEY}@db/dmc failed`))).not.toContain(KEY)
  })

  it('steers no terminal and stays what it is otherwise', () => {
    const text = errorText(new Error('a\u001b]0;owned\u0007b\u009b31mc\rd\nsecond line'))
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
    expect(text).toContain('a\\x1b]0;owned\\x07b\\x9b31mc\\x0dd\nsecond line')
    expect(errorText('words')).toBe("'words'")
  })
})
