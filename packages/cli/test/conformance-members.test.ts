import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareMembers } from '../src/conformance/compare-members.ts'

test('each member of `expect` is compared with what its observer finds; one without an observer is named', async () => {
  const { comparisons, unimplemented } = await compareMembers(
    [
      ['size', 3],
      ['name', 'a'],
      ['color', 'red'],
    ],
    { size: 3, name: 'b' },
    { size: (run) => run.size, name: async (run) => run.name },
  )
  assert.deepEqual(
    comparisons.map(({ path, equal }) => [path, equal]),
    [
      ['size', true],
      ['name', false],
    ],
  )
  assert.deepEqual(unimplemented, ['expect.color'])
})

test('a member of the name of what every object inherits has no observer', async () => {
  const { comparisons, unimplemented } = await compareMembers([['constructor', 'x']], {}, {})
  assert.deepEqual([comparisons, unimplemented], [[], ['expect.constructor']])
})
