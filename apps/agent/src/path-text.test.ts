import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readName, showName } from './path-text.ts'

/** What can stand in a path: any byte but NUL; `readName` drops slashes at both ends. */
const pathBytes = fc
  .uint8Array({ maxLength: 40 })
  .filter((bytes) => !bytes.includes(0) && bytes[0] !== 0x2f && bytes.at(-1) !== 0x2f)
/** Texts that are full of what has a meaning here. */
const tricky = fc
  .array(fc.constantFrom('\\', 'x', 'X', '5', 'c', 'ff', '\\x', '\\x5c', 'ü', '/', 'a', '\u{1f600}'), {
    maxLength: 12,
  })
  .map((parts) => parts.join('').replaceAll(/^\/+|\/+$/g, ''))

describe('names as text', () => {
  it('every name comes back as the same bytes', () => {
    fc.assert(
      fc.property(pathBytes, (bytes) => {
        expect(readName(showName(bytes))).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 2000 },
    )
  })

  it('also names that look like escapes themselves', () => {
    fc.assert(
      fc.property(tricky, (text) => {
        const bytes = Buffer.from(text)
        expect(readName(showName(bytes))).toEqual(bytes)
      }),
      { numRuns: 2000 },
    )
    expect(showName(Buffer.from('a\\xffb'))).toBe('a\\x5cxffb')
  })

  it('two names never look the same', () => {
    fc.assert(
      fc.property(pathBytes, pathBytes, (a, b) => {
        expect(showName(a) === showName(b)).toBe(Buffer.from(a).equals(b))
      }),
      { numRuns: 2000 },
    )
  })

  it('text stays as it is, a lone backslash too', () => {
    for (const text of ['Letters/Überraschung ✓.md', 'back\\slash', 'a\nb', '\\x5', '\\xgg', ''])
      expect(showName(Buffer.from(text))).toBe(text)
  })

  it('bytes that are no text are printable ASCII', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes) => {
        const named = Buffer.concat([bytes, Buffer.from([0xff])])
        expect(showName(named)).toMatch(/^[ -~]*\\xff$/)
      }),
    )
    expect(showName(Buffer.from([0x6f, 0xff, 0x2e, 0x5c]))).toBe('o\\xff.\\x5c')
  })

  it('slashes at both ends of what was typed are dropped', () => {
    expect(readName('//a/b//')).toEqual(Buffer.from('a/b'))
    expect(readName('/')).toEqual(Buffer.alloc(0))
  })
})
