import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from '@sinclair/typebox'
import { HttpError } from '../../src/http/errors.ts'
import { check, readQuery } from '../../src/native/validate.ts'

const SCHEMA = Type.Object(
  {
    count: Type.Optional(Type.Integer()),
    known: Type.Optional(Type.Boolean()),
    name: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

test('a query is read by its schema: each member once, whole numbers and booleans as they are written', () => {
  const read = (text: string): unknown => readQuery(SCHEMA, new URLSearchParams(text))
  assert.deepEqual(read(''), {})
  assert.deepEqual(read('count=-12&known=true&name=7'), { count: -12, known: true, name: '7' })
  assert.deepEqual(read('known=false&name=true'), { known: false, name: 'true' })
  for (const text of [
    'count=',
    'count=1.0',
    'count=1e3',
    'count=0x10',
    'count= 1',
    'count=1x',
    'count=1000000000000000',
  ].concat('known=', 'known=1', 'known=True', 'name=a&name=a', 'other=1', 'constructor=1', '__proto__=1'))
    assert.throws(() => read(text), HttpError, text)
  assert.throws(() => readQuery(undefined, new URLSearchParams('a=1')), HttpError)
})

test('an answer names each wrong member once, as many as are bounded', () => {
  const wrong = (count: number): unknown => Array.from({ length: count }, () => 'x')
  for (const [count, named] of [
    [3, 3],
    [500, 20],
  ] as const)
    assert.throws(
      () => check(Type.Array(Type.Integer({ minimum: 3, description: 'a number' })), wrong(count), 'body'),
      (error: unknown) =>
        error instanceof HttpError &&
        error.details.errors?.length === named &&
        new Set(error.details.errors.map(({ field }) => field)).size === named,
    )
})

test('an answer says of each member what was expected, in words that need no schema', () => {
  const schema = Type.Object(
    {
      name: Type.String({ minLength: 1 }),
      count: Type.Integer(),
      inner: Type.Optional(Type.Object({}, { additionalProperties: false, description: 'an object' })),
    },
    { additionalProperties: false, description: 'all of it' },
  )
  const told = (value: unknown): unknown => {
    try {
      check(schema, value, '')
      return 'nothing'
    } catch (error) {
      assert.ok(error instanceof HttpError)
      return error.details.errors
    }
  }
  assert.equal(told({ name: 'a', count: 1 }), 'nothing')
  assert.deepEqual(told({ name: 'a', count: 1, other: 2 }), [
    { field: '/other', expected: 'no member of this name; known are name, count, inner' },
  ])
  assert.deepEqual(told({ name: 'a', count: 1, inner: { x: 1 } }), [{ field: '/inner/x', expected: 'no members' }])
  assert.deepEqual(told({ name: 'a' }), [{ field: '/count', expected: 'to be given, as a whole number' }])
  assert.deepEqual(told({ name: '', count: 1 }), [{ field: '/name', expected: 'a text of at least 1 character' }])
  const long = told({ name: 'a', count: 1, ['x'.repeat(100_000)]: 2 }) as readonly { field: string }[]
  assert.ok((long[0]?.field.length ?? 0) <= 200)
})
