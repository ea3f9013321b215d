import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson } from '@sekisho/evidence'
import { ByName, compareMembers } from '../src/conformance/compare.ts'

test('each member of `expect` is compared with what was found under its name; one with nothing is named', async () => {
  const { comparisons, unimplemented } = await compareMembers(
    [
      ['size', 3],
      ['name', 'a'],
      ['color', 'red'],
    ],
    { size: 3, name: async () => 'b' },
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

test('a value that was looked for and not found differs from any that is listed', async () => {
  const { comparisons } = await compareMembers([['size', null]], { size: undefined })
  assert.deepEqual(comparisons, [{ path: 'size', expected: null, actual: undefined, equal: false }])
})

test('of members that are found by name, those without a value are named, and all of them where there are none', async () => {
  const found = { fields: ByName.of({ size: 3, name: () => 'b' }) }
  const listed = { size: 3, name: 'a', color: 'red' }
  const { comparisons, unimplemented } = await compareMembers([['fields', listed]], found)
  assert.deepEqual(
    comparisons.map(({ path, equal }) => [path, equal]),
    [
      ['fields.size', true],
      ['fields.name', false],
    ],
  )
  assert.deepEqual(unimplemented, ['expect.fields.color'])
  assert.deepEqual((await compareMembers([['fields', 'text']], found)).unimplemented, ['expect.fields'])
})

test('a member of the name of what every object inherits is found nowhere', async () => {
  const listed = [['constructor', 'x']] as const
  assert.deepEqual(await compareMembers(listed, {}), { comparisons: [], unimplemented: ['expect.constructor'] })
  const inner = await compareMembers([['fields', { constructor: 'x' }]], { fields: ByName.of({}) })
  assert.deepEqual(inner, { comparisons: [], unimplemented: ['expect.fields.constructor'] })
})

test('numbers that canonical JSON cannot hold are compared as they are, and shown as text', async () => {
  const listed = [
    ['exponent', 3],
    ['share', 0.5],
    ['clock', 2 ** 60],
  ] as const
  const found = { exponent: Number.POSITIVE_INFINITY, share: 0.5, clock: { of: [Number.NaN] } }
  const { comparisons } = await compareMembers(listed, found)
  assert.deepEqual(comparisons, [
    { path: 'exponent', expected: 3, actual: 'Infinity', equal: false },
    { path: 'share', expected: '0.5', actual: '0.5', equal: true },
    { path: 'clock', expected: String(2 ** 60), actual: { of: ['NaN'] }, equal: false },
  ])
  assert.doesNotThrow(() => canonicalJson(comparisons))
})
