import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseIsoTime } from '../src/core/time.ts'

const number = (max: number, size = 2): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max }).map((one) => `${one}`.padStart(size, '0'))

const year = fc.oneof(number(9999, 4), number(120, 4), fc.constantFrom('1900', '2000', '2024', '2026'))
const fraction = fc.oneof(
  fc.constant(''),
  number(999).map((digits) => `.${digits}`),
)

describe('times of documents', () => {
  it('are those of the calendar, with a fraction or without', () => {
    let valid = 0
    fc.assert(
      fc.property(
        year,
        number(13),
        number(32),
        number(25),
        number(61),
        number(61),
        fraction,
        (years, month, day, hour, minute, second, part) => {
          const text = `${years}-${month}-${day}T${hour}:${minute}:${second}${part}Z`
          const ms = Date.parse(text)
          const isReal = !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text.slice(0, 19))
          assert.equal(parseIsoTime(text), isReal ? ms : undefined, text)
          if (isReal) valid++
        },
      ),
      { numRuns: 5000 },
    )
    assert.ok(valid > 1000, `${valid} were real`)
  })

  it('are nothing else', () => {
    for (const text of ['', '2026-06-15', '2026-06-15T12:00Z', '2026-06-15T12:00:00', '2026-06-15T12:00:00+00:00'])
      assert.equal(parseIsoTime(text), undefined, text)
    for (const text of ['2026-02-29T00:00:00Z', '2026-06-15T24:00:00Z', '2026-13-01T00:00:00Z', '2026-00-10T00:00:00Z'])
      assert.equal(parseIsoTime(text), undefined, text)
    assert.equal(parseIsoTime('2024-02-29T23:59:59Z'), Date.UTC(2024, 1, 29, 23, 59, 59))
  })
})
