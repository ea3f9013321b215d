import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseAzureJson } from '../src/azure/index.ts'
import { exceedsJson } from '../src/index.ts'
import { splitNvidiaEvidence } from '../src/nvidia/index.ts'
import { parseTpmJson } from '../src/tpm/index.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const MANY = `{"a":[${'{},'.repeat(100_000)}{}]}`

describe('how much JSON may hold', () => {
  const bound = { members: 4, values: 3 }

  it('counts objects, lists, members and values, outside of strings', () => {
    for (const [text, exceeds] of [
      ['{"a":[{}]}', false],
      ['{"a":[{},[]]}', true],
      ['[1,2,3,4]', false],
      ['[1,2,3,4,5]', true],
      ['["{[:,{[:,{[:,"]', false],
      ['["\\"{[:,{[:,{[:,"]', false],
      ['["\\\\",[[[[', true],
      ['', false],
    ] as const)
      assert.equal(exceedsJson(utf8(text), bound), exceeds, text)
  })

  it('byte arrays of two million numbers are within it', () => {
    assert.equal(exceedsJson(utf8(`[${'1,'.repeat(1_999_999)}1]`)), false)
    assert.equal(exceedsJson(utf8(`[${'1,'.repeat(2_000_001)}1]`)), true)
  })

  for (const [name, parse] of Object.entries({ parseTpmJson, parseAzureJson, splitNvidiaEvidence }))
    it(`${name} refuses more before it parses`, () => {
      assert.throws(() => parse(utf8(MANY)), { name: 'EvidenceError', code: 'too-large' })
    })
})
