import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fromHex, makeSgx, pemChain } from '@sekisho/emulator/kit'
import { readLeafFacts } from '../src/amd.ts'
import { readJsonObject } from '../src/json-text.ts'
import { readPckFacts } from '../src/pck-certificate.ts'
import { readCertificate, readCrl, readPemChain } from '../src/x509.ts'
import { quickSnp } from './vendors.ts'

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

/** Nothing but an Error may come out of `read`, and soon. */
function survives(read: (bytes: Uint8Array) => unknown, sample: Uint8Array, rounds: number): void {
  read(sample)
  for (const bytes of damaged(sample, rounds)) {
    try {
      read(bytes)
    } catch (error) {
      assert.ok(error instanceof Error)
    }
  }
}

const sgx = makeSgx()
const snp = quickSnp({ product: 'Turin' })

test('damaged certificates, lists and texts: an error or a value, never a crash or a hang', () => {
  survives((der) => readPckFacts(readCertificate(der)), sgx.pck.der, 5_000)
  survives((der) => readLeafFacts(readCertificate(der)), snp.leaf.der, 5_000)
  survives(readCrl, fromHex(sgx.collateral.pck_crl), 5_000)
  survives(
    (bytes) => readPemChain(Buffer.from(bytes).toString('latin1')),
    Buffer.from(pemChain(sgx.pck.der, sgx.authority.root.der)),
    2_000,
  )
  survives(
    (bytes) => readJsonObject(Buffer.from(bytes).toString('utf8'), { maxDepth: 16, maxTokens: 10_000 }),
    Buffer.from(sgx.collateral.tcb_info),
    2_000,
  )
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
