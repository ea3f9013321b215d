import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSgx, pemChain } from '@sekisho/emulator/kit'
import { readJsonObject } from '../src/json-text.ts'
import { readPemChain } from '../src/x509.ts'
import { fuzz, READERS } from './fuzz.ts'

// xorshift32: the same inputs on every run, so that a failure can be repeated.
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** `rounds` copies of `sample`, each with some bytes changed, and some cut short. */
function* damaged(sample: Uint8Array, rounds: number): Generator<Uint8Array> {
  const next = numbers(0x5e5150)
  for (let round = 0; round < rounds; round++) {
    const copy = new Uint8Array(sample)
    for (let edits = next(4); edits >= 0; edits--) copy[next(copy.length)] = next(256)
    yield next(8) === 0 ? copy.subarray(0, next(copy.length)) : copy
  }
}

const sgx = makeSgx()
const INPUTS = 20_000
/** Another one: SEKISHO_SEED=number. */
const SEED = Number(process.env['SEKISHO_SEED'] ?? 20_261_122)

for (const reader of READERS)
  test(`${reader.name}: ${INPUTS} damaged ones (seed ${SEED}) are read or refused as documented`, (t) => {
    for (const sample of reader.samples) reader.read(sample)
    const { problems, read, slowest } = fuzz(reader, SEED, INPUTS)
    assert.deepEqual(problems, [])
    t.diagnostic(`${read} were read, the slowest took ${slowest.toFixed(1)} ms`)
  })

test('what is cut out of a JSON text is what JSON.parse sees, for every damaged text that parses', () => {
  for (const bytes of damaged(Buffer.from(`{"tcbInfo":${sgx.collateral.qe_identity},"signature":"00"}`), 5_000)) {
    const text = Buffer.from(bytes).toString('utf8')
    let read: ReturnType<typeof readJsonObject>
    try {
      read = readJsonObject(text, { maxDepth: 16, maxTokens: 10_000 })
    } catch (error) {
      assert.ok(error instanceof SyntaxError)
      continue
    }
    assert.deepEqual([...read.members.keys()].sort(), Object.keys(read.value).sort())
    for (const [name, slice] of read.members) assert.deepEqual(JSON.parse(slice), read.value[name])
  }
})

test('a hostile PEM text is refused before it is walked', { timeout: 30_000 }, () => {
  const block = '-----BEGIN CERTIFICATE-----AAAA'
  for (const text of [block.repeat(500_000), pemChain(sgx.pck.der).repeat(30_000), `${block}${' '.repeat(60_000)}`]) {
    assert.throws(() => readPemChain(text), Error)
  }
})
