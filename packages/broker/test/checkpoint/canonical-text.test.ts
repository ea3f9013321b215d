import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson } from '@sekisho/evidence'
import fc from 'fast-check'
import { canonicalText } from '../../src/checkpoint/canonical-text.ts'

test('canonical texts are those of the evidence package, whatever the value', () => {
  const value = fc.jsonValue({ maxDepth: 5 })
  fc.assert(
    fc.property(value, (one) => {
      let expected: string | undefined
      try {
        expected = canonicalJson(one)
      } catch {
        assert.throws(() => canonicalText(one), TypeError)
        return
      }
      assert.equal(canonicalText(one), expected)
    }),
    { numRuns: 2000 },
  )
  assert.equal(
    canonicalText({ b: undefined, '10': 1, '9': 2, a: { é: [1, { z: null, y: true }] } }),
    '{"10":1,"9":2,"a":{"é":[1,{"y":true,"z":null}]}}',
  )
  assert.equal(canonicalText({ a: 1, b: 2 }), '{"a":1,"b":2}')
  assert.equal(canonicalText({ 'a\nb': 3 }), '{"a\\nb":3}')
  assert.throws(() => canonicalText({ a: 1.5 }), TypeError)
  assert.throws(() => canonicalText({ a: new Date(0) }), TypeError)
})
