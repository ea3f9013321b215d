import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { canonicalJson } from '@sekisho/evidence'
import fc from 'fast-check'
import { templateOf } from '../../src/checkpoint/text-template.ts'
import { storedText, type VerdictRow, type VerdictText, verdictWriter } from '../../src/checkpoint/verdict-text.ts'
import { StorageError } from '../../src/storage/errors.ts'

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

/** A writer's texts, each of which is what is read of its row too. */
function writer(): (value: unknown) => string {
  const write = verdictWriter()
  return (value) => {
    const written = write(value)
    assert.equal(written.sha256, createHash('sha256').update(written.text).digest('hex'))
    assert.equal(storedText(rowOf(written)), written.text)
    return written.text
  }
}

function rowOf({ text, sha256, difference }: VerdictText): VerdictRow {
  if (difference === undefined) return { sha256, body: text, template: null, template_body: null }
  const { template, holes } = difference
  return { sha256, body: holes, template: template.sha256, template_body: template.body }
}

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
      const write = writer()
      for (const one of [...several, ...several, ...several])
        assert.equal(written(write, one), written(canonicalJson, one))
    }),
    { numRuns: 3000 },
  )
})

test('values that canonical JSON cannot hold are refused, and what was written before them does not show', () => {
  const write = writer()
  assert.equal(
    write({ b: undefined, '10': 1, '9': 2, a: { é: [1, { z: null, y: true }] } }),
    '{"10":1,"9":2,"a":{"é":[1,{"y":true,"z":null}]}}',
  )
  for (let i = 0; i < 3; i++) assert.equal(write({ a: i, b: 2 }), `{"a":${i},"b":2}`)
  assert.throws(() => write({ a: 3, b: 1.5 }), TypeError)
  assert.throws(() => write({ a: 1.5, b: 2 }), TypeError)
  assert.throws(() => write({ a: Number.NaN, b: 2 }), TypeError)
  assert.throws(() => write({ a: new Date(0), b: 2 }), TypeError)
  assert.throws(() => write(Object.assign(Object.create({ c: 1 }), { a: 1, b: 2 })), TypeError)
  assert.throws(() => write([1, undefined]), TypeError)
  assert.equal(write({ a: 3, b: 2 }), '{"a":3,"b":2}')
  assert.equal(write({ a: 3, b: undefined }), '{"a":3}')
  assert.equal(write({}), '{}')
})

test('an object that was changed after it was written is written as it is now', () => {
  const write = writer()
  const value = { list: [{ a: 1 }], text: 'one' }
  assert.equal(write(value), '{"list":[{"a":1}],"text":"one"}')
  value.list.push({ a: 2 })
  value.text = 'two'
  assert.equal(write(value), '{"list":[{"a":1},{"a":2}],"text":"two"}')
  assert.equal(write({ list: [{ a: 1 }], text: 'three' }), '{"list":[{"a":1}],"text":"three"}')
})

test('a template has a hole for whatever differed, in the order of the text', () => {
  const template = templateOf({ b: 1, a: [true, 'x'], c: undefined }).widen({ b: 2, a: [true, 'y'], c: undefined })
  assert.deepEqual(template?.pieces, ['{"a":[true,', '],"b":', '}'])
  assert.deepEqual(template.fill({ b: null, a: [true, '"'], c: undefined }), {
    text: '{"a":[true,"\\""],"b":null}',
    holes: ['"\\""', 'null'],
  })
  for (const other of [
    { b: 1, a: [false, 'x'], c: undefined },
    { b: 1, a: [true, 'x', 'x'], c: undefined },
    { b: 1, a: [true, {}], c: undefined },
    { b: 1, a: [true, 'x'], c: 1 },
    { b: 1, a: [true, 'x'] },
    { a: [true, 'x'], b: 1, c: undefined },
    { b: 1, a: [true, 'x'], c: undefined, d: 1 },
  ])
    assert.equal(template.fill(other), undefined, JSON.stringify(other))
})

test('the first of a shape is stored whole; what is made of changing shapes has an end', () => {
  const write = verdictWriter()
  const templates = new Set<string>()
  for (let i = 0; i < 1000; i++) {
    const value = { length: Array(i % 500).fill(0), i }
    const { text, difference } = write(value)
    assert.equal(text, canonicalJson(value))
    if (i === 0) assert.equal(difference, undefined)
    if (difference !== undefined) templates.add(difference.template.sha256)
    const next = write({ ...value, i: -i - 1 })
    if (next.difference !== undefined) templates.add(next.difference.template.sha256)
  }
  assert.ok(templates.size > 100 && templates.size <= 256, String(templates.size))
})

test('a row that is not what was stored is refused', () => {
  const write = verdictWriter()
  write({ a: 'one', b: 'same' })
  const row = rowOf(write({ a: 'two', b: 'same' }))
  assert.equal(storedText(row), '{"a":"two","b":"same"}')
  const damaged: readonly Partial<VerdictRow>[] = [
    { body: '["three"]' },
    { body: '[]' },
    { body: '["two","two"]' },
    { body: '{"a":"two","b":"same"' },
    { body: 'null' },
    { template_body: null },
    { template_body: '["{\\"a\\":",",\\"b\\":\\"other\\"}"]' },
    { template_body: '{' },
    { template: null },
    { sha256: '00'.repeat(32) },
  ]
  for (const change of damaged)
    assert.throws(
      () => storedText({ ...row, ...change }),
      (error) => error instanceof StorageError && error.code === 'corrupt',
      JSON.stringify(change),
    )
})
