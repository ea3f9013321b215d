import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HttpError } from '../../src/http/errors.ts'
import { readJson } from '../../src/http/json.ts'

const read = (text: string): unknown => readJson(Buffer.from(text))
const refuses = (text: string, message: RegExp): void => {
  assert.throws(
    () => read(text),
    (error: unknown) => error instanceof HttpError && error.status === 400 && message.test(error.message),
  )
}

test('whatever JSON.stringify writes is read as it was', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value)
      assert.deepEqual(read(text), JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})

test('a member given twice is refused, however it is written and wherever it stands', () => {
  for (const text of [
    '{"a":1,"a":1}',
    '{"a":{"b":1,"c":[{"x":1,"x":2}]}}',
    '{"a":1,"\\u0061":2}',
    '{"é":1,"\\u00e9":2}',
    '{"":1,"":2}',
    '{"a\\\\":1,"a\\\\":2}',
    '{ "a" : 1 ,\n\t"a"\r\n:\t2 }',
    '{"__proto__":1,"__proto__":2}',
    '{"é":"ü","a":[{"b":null,"b":{"c":[]}}]}',
  ]) {
    refuses(text, /twice/)
  }
})

test('a text is refused exactly when one of its objects names a member twice', () => {
  const name = fc.constantFrom('a', 'b', 'a\\', '"', ':', '":', '__proto__', 'é', '10')
  const tree = fc.letrec<{ text: { text: string; twice: boolean } }>((tie) => ({
    text: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(name, fc.integer(), fc.constant(null)).map((one) => ({ text: JSON.stringify(one), twice: false })),
      fc.array(tie('text'), { maxLength: 3 }).map((all) => ({
        text: `[ ${all.map(({ text }) => text).join(' ,')}]`,
        twice: all.some(({ twice }) => twice),
      })),
      fc.array(fc.tuple(name, tie('text')), { maxLength: 3 }).map((all) => ({
        text: `{${all.map(([label, { text }]) => `${JSON.stringify(label)} :${text}`).join(', ')}\n}`,
        twice: new Set(all.map(([label]) => label)).size < all.length || all.some(([, { twice }]) => twice),
      })),
    ),
  })).text
  fc.assert(
    fc.property(tree, ({ text, twice }) => {
      if (twice) refuses(text, /twice/)
      else assert.deepEqual(read(text), JSON.parse(text))
    }),
    { numRuns: 3000 },
  )
})

test('the same name in different objects, and as a value, is no twin', () => {
  const text = '{"a":{"a":"a","b":["a","a",{"a":1},{"a":2}]},"b":"a","c":"\\"a\\":"}'
  assert.deepEqual(read(text), JSON.parse(text))
})

test('32 levels are read, 33 are not, and a million do not hurt', () => {
  assert.ok(Array.isArray(read('['.repeat(32) + ']'.repeat(32))))
  refuses('['.repeat(33) + ']'.repeat(33), /deep/)
  refuses(`${'[{"a":'.repeat(500_000)}1${'}]'.repeat(500_000)}`, /deep/)
  refuses('[{"a":'.repeat(500_000), /not JSON/)
})

test('what is no JSON in UTF-8 is refused and never quoted', () => {
  for (const text of ['', '{', '{"secret":', '"open', 'nul', '{"a":1}x', '[1,]', '\\']) {
    assert.throws(
      () => read(text),
      (error: unknown) => error instanceof HttpError && !error.message.includes('secret'),
    )
  }
  assert.throws(() => readJson(new Uint8Array([0x22, 0xff, 0x22])), /UTF-8/)
  assert.throws(() => readJson(new Uint8Array([0xef, 0xbb, 0xbf, 0x31])), HttpError)
})
