/**
 * The program that runs in an empty project with nothing but the packed packages installed. It is
 * copied there alone, so it imports nothing of this workspace by path.
 *
 * Its argument is the folder of examples. It prints one line for each thing that worked, and throws
 * at the first that did not.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { networkSource } from '@sekisho/collateral'
import { canonicalJson, EvidenceError, type Verdict } from '@sekisho/evidence'
import * as sgx from '@sekisho/evidence/sgx'
import * as snp from '@sekisho/evidence/snp'
import * as tdx from '@sekisho/evidence/tdx'
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
