import { expect, it } from 'vitest'
import { shortOf, stateOf } from './restore-state.ts'

const ended = (result: unknown, state = 'done') => {
  const short = shortOf({ state, result })
  return [...stateOf(state, short), ...short]
}

it.each([
  ['a restore of everything', { files: 3, failed: 0, unset: 0 }, ['ok', 'Restored']],
  ['one of an agent that counts less', { files: 3 }, ['ok', 'Restored']],
  ['one without a result', null, ['ok', 'Restored']],
  [
    'a file that is missing',
    { failed: 1, unset: 0 },
    ['warn', 'Restored in part', '1 entry could not be restored.'],
  ],
  [
    'owners that could not be set',
    { failed: 0, unset: 12 },
    ['warn', 'Restored in part', '12 entries came back with all content, but without owner, mode or time.'],
  ],
  [
    'both',
    { failed: 2, unset: 1 },
    [
      'warn',
      'Restored in part',
      '2 entries could not be restored.',
      '1 entry came back with all content, but without owner, mode or time.',
    ],
  ],
])('%s is not shown as more than it was', (_what, result, shown) => {
  expect(ended(result)).toEqual(shown)
})

it('one that has not ended, or failed as a whole, says so', () => {
  expect(ended({ failed: 3 }, 'running')).toEqual(['busy', 'Restoring'])
  expect(ended({ failed: 3 }, 'failed')).toEqual(['bad', 'Failed'])
  expect(ended(null, 'new kind')).toEqual(['plain', 'new kind'])
})
