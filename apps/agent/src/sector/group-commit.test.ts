import { describe, expect, it } from 'vitest'
import { GroupCommit } from './group-commit.ts'

/** A commit that ends when the test says so. */
function manual() {
  const groups: { items: number[]; end: (error?: Error) => void }[] = []
  const commit = new GroupCommit<number>(
    (items) =>
      new Promise((resolve, reject) => {
        groups.push({ items, end: (error) => (error ? reject(error) : resolve()) })
      }),
  )
  return { commit, groups }
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('group commit', () => {
  it('puts everything that arrives meanwhile into one next commit, and acknowledges only then', async () => {
    const { commit, groups } = manual()
    const done: number[] = []
    const add = (item: number) => commit.add(item).then(() => done.push(item))
    const all = [add(1), add(2), add(3)]
    await settle()
    expect(groups.map(({ items }) => items)).toEqual([[1]])
    groups[0]?.end()
    await settle()
    expect(done).toEqual([1])
    expect(groups[1]?.items).toEqual([2, 3])
    groups[1]?.end()
    await Promise.all(all)
    expect(done).toEqual([1, 2, 3])
    expect(groups).toHaveLength(2)
  })

  it('fails also those that wrote while a commit failed: their pages may be gone', async () => {
    const { commit, groups } = manual()
    const results = [1, 2].map((item) =>
      commit.add(item).then(
        () => 'ok',
        (error: Error) => error.message,
      ),
    )
    await settle()
    groups[0]?.end(new Error('EIO'))
    expect(await Promise.all(results)).toEqual(['EIO', 'EIO'])
    const later = commit.add(3)
    await settle()
    groups[1]?.end()
    await later
    expect(groups[1]?.items).toEqual([3])
  })
})
