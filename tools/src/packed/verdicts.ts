/**
 * A second program for the empty project: imports every entry point of the evidence package, and prints where the
 * package was found and the verdicts about the examples. `node verdicts.js EXAMPLES`, with whatever conditions.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { canonicalJson, EvidenceError, type TrustAnchor } from '@sekisho/evidence'
import manifest from '@sekisho/evidence/package.json' with { type: 'json' }
import { parseSgxQuote, verifySgx } from '@sekisho/evidence/sgx'
import { parseSnpReport, prepareSnpCollateral, verifySnp } from '@sekisho/evidence/snp'
import { parseTdxQuote, verifyTdx } from '@sekisho/evidence/tdx'

const examples = process.argv[2] ?? ''
const at = new Date('2026-06-15T12:00:00Z')
const trustAnchors: readonly TrustAnchor[] = JSON.parse(text('example-root.json'))

for (const name of Object.keys(manifest.exports))
  if (!name.endsWith('.json')) await import(name.replace('.', '@sekisho/evidence'))

for (const parse of [parseSgxQuote, parseTdxQuote, parseSnpReport]) {
  // Whichever file an entry point is in, the class is the one that callers know.
  try {
    parse(Uint8Array.of(1))
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
  }
}

const intel = (folder: string): { at: Date; trustAnchors: readonly TrustAnchor[]; collateral: object } => ({
  at,
  trustAnchors,
  collateral: JSON.parse(text(`${folder}/collateral.json`)),
})
const [vcek, ask, ark] = ['vcek', 'ask', 'ark'].map((name) => file(`snp-genoa/certs/${name}.der`))
const amd = { ...(vcek && { vcek }), ...(ask && { ask }), ...(ark && { ark }), crl: file('snp-genoa/crl.der') }

console.log(import.meta.resolve('@sekisho/evidence/tdx'))
console.log(canonicalJson(await verifySgx(file('sgx/quote.bin'), intel('sgx'))))
console.log(canonicalJson(await verifyTdx(file('tdx/quote.bin'), intel('tdx'))))
console.log(canonicalJson(await verifyTdx(file('tdx-debug/quote.bin'), intel('tdx-debug'))))
const report = file('snp-genoa/report.bin')
console.log(canonicalJson(await verifySnp(report, { at, trustAnchors, collateral: prepareSnpCollateral(amd) })))

function file(name: string): Uint8Array {
  return readFileSync(join(examples, name))
}

function text(name: string): string {
  return readFileSync(join(examples, name), 'utf8')
}
