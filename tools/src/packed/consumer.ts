/**
 * The program that runs in an empty project with nothing but the packed packages installed. It is
 * copied there alone, so it imports nothing of this workspace by path.
 *
 * Its argument is the folder of examples. It prints one line for each thing that worked, and throws
 * at the first that did not.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compilePolicies, STARTER_POLICIES } from '@sekisho/appraisal'
import { openDatabase } from '@sekisho/broker'
import { networkSource } from '@sekisho/collateral'
import { createWorld } from '@sekisho/emulator'
import { canonicalJson, EvidenceError, type Verdict } from '@sekisho/evidence'
import * as sgx from '@sekisho/evidence/sgx'
import * as snp from '@sekisho/evidence/snp'
import * as tdx from '@sekisho/evidence/tdx'
import { measureEif } from '@sekisho/measurement'
import { startServer } from '@sekisho/server'
import { parse } from 'yaml'

const [examples] = process.argv.slice(2)
assert.ok(examples !== undefined, 'expected the folder of examples')

refusesRubbish('sgx', sgx.parseSgxQuote)
refusesRubbish('tdx', tdx.parseTdxQuote)
refusesRubbish('snp', snp.parseSnpReport)

const at = new Date('2026-06-15T12:00:00Z')
const trustAnchors = JSON.parse(text('example-root.json'))

await expectVerified('sgx', sgx.verifySgx(file('sgx/quote.bin'), { at, trustAnchors, ...intel('sgx') }))
await expectVerified('tdx', tdx.verifyTdx(file('tdx/quote.bin'), { at, trustAnchors, ...intel('tdx') }))
await expectVerified('snp', snp.verifySnp(file('snp-genoa/report.bin'), { at, trustAnchors, ...amd('snp-genoa') }))

assert.equal(typeof networkSource, 'function')
console.log('collateral: imports')

await assert.rejects(measureEif(new Uint8Array(16), { at }), EvidenceError)
console.log('measurement: refuses what is no image')

const [starter] = STARTER_POLICIES
assert.equal((await compilePolicies(starter?.text ?? '')).statements.length, 1)
console.log('appraisal: a starter policy compiles')

const data = mkdtempSync(join(tmpdir(), 'sekisho-consumer-'))
const database = await openDatabase({ folder: data })
assert.deepEqual(await database.all('SELECT name FROM namespaces'), [])
await database.close()
rmSync(data, { recursive: true })
console.log('broker: its database opens')

assert.equal(createWorld({ products: [] }).sgx().attest(new Uint8Array(64)).tee, 'sgx')
console.log('emulator: an enclave attests')
assert.equal(typeof startServer, 'function')
console.log('server: imports')

function refusesRubbish(tee: string, parser: (bytes: Uint8Array) => unknown): void {
  assert.throws(() => parser(Uint8Array.of(1, 2, 3)), EvidenceError)
  console.log(`${tee}: three bytes are refused with an EvidenceError`)
}

async function expectVerified(tee: string, promise: Promise<Verdict>): Promise<void> {
  const verdict = await promise
  assert.equal(verdict.outcome, 'verified', canonicalJson(verdict))
  console.log(`${tee}: the example is verified`)
}

function intel(folder: string): { collateral: sgx.DcapCollateralInput; expect: object } {
  return { collateral: JSON.parse(text(`${folder}/collateral.json`)), expect: parse(text(`${folder}/expect.yaml`)) }
}

function amd(folder: string): { collateral: snp.SnpCollateralInput; expect: object } {
  const [vcek, ask, ark] = ['vcek', 'ask', 'ark'].map((name) => file(`${folder}/certs/${name}.der`))
  assert.ok(vcek && ask && ark)
  return {
    collateral: { vcek, ask, ark, crl: file(`${folder}/crl.der`) },
    expect: parse(text(`${folder}/expect.yaml`)),
  }
}

function file(name: string): Uint8Array {
  return readFileSync(join(String(examples), name))
}

function text(name: string): string {
  return readFileSync(join(String(examples), name), 'utf8')
}
