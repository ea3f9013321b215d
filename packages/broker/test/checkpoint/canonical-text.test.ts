import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson } from '@sekisho/evidence'
import fc from 'fast-check'
import { canonicalWriter } from '../../src/checkpoint/canonical-text.ts'

/** A value, and others that are near it: a member added, taken away, changed, or of another kind. */
const near = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<unknown>(null, true, 0, -0, 1.5, 7, '', 'a', 'b', '\u2028', '\ud800', undefined),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('b', 'a', '10', '9', '', '\u00e9', 'a\nb', '__proto__'), tie('value'), {
      maxKeys: 4,
    }),
  ),
})).value

function written(write: (value: unknown) => string, value: unknown): string | undefined {
  try {
    return write(value)
  } catch (error) {
    assert.ok(error instanceof TypeError)
    return undefined
  }
}

test('a writer of canonical texts writes those of the evidence package, whatever it wrote before', () => {
  const values = fc.array(fc.oneof(near, fc.jsonValue({ maxDepth: 4 })), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(values, (several) => {
      const write = canonicalWriter()
      for (const one of [...several, ...several]) assert.equal(written(write, one), written(canonicalJson, one))
    }),
    { numRuns: 3000 },
  )
})

test('values that canonical JSON cannot hold are refused, and what was written before them does not show', () => {
  const write = canonicalWriter()
  assert.equal(
    write({ b: undefined, '10': 1, '9': 2, a: { é: [1, { z: null, y: true }] } }),
    '{"10":1,"9":2,"a":{"é":[1,{"y":true,"z":null}]}}',
  )
  assert.equal(write({ a: 1, b: 2 }), '{"a":1,"b":2}')
  assert.throws(() => write({ a: 3, b: 1.5 }), TypeError)
  assert.throws(() => write({ a: new Date(0), b: 2 }), TypeError)
  assert.throws(() => write([1, undefined]), TypeError)
  assert.equal(write({ a: 3, b: 2 }), '{"a":3,"b":2}')
  assert.equal(write({ a: 3, b: undefined }), '{"a":3}')
  assert.equal(write({}), '{}')
})

test('an object that was changed after it was written is written as it is now', () => {
  const write = canonicalWriter()
  const value = { list: [{ a: 1 }], text: 'one' }
  assert.equal(write(value), '{"list":[{"a":1}],"text":"one"}')
  value.list.push({ a: 2 })
  value.text = 'two'
  assert.equal(write(value), '{"list":[{"a":1},{"a":2}],"text":"two"}')
})
