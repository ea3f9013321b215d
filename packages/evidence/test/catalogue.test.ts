import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSgx, makeSnp, makeTdx } from '@sekisho/emulator/kit'
import type { Claims, Verdict } from '../src/core/verdict.ts'
import { sgxCatalogue } from '../src/sgx/catalogue.ts'
import { snpCatalogue } from '../src/snp/catalogue.ts'
import { tdxCatalogue } from '../src/tdx/catalogue.ts'
import { judgeSgx, judgeSnp, judgeTdx } from './soundness/kit.ts'

function idsOf(verdict: Verdict<Claims>): readonly string[] {
  return verdict.checks.flatMap((group) => [group.id, ...group.checks.map((check) => check.id)]).sort()
}

for (const [name, catalogue, verdict] of [
  ['SNP', snpCatalogue, judgeSnp(makeSnp())],
  ['SGX', sgxCatalogue, judgeSgx(makeSgx())],
  ['TDX', tdxCatalogue, judgeTdx(makeTdx())],
] as const) {
  test(`the catalogue of ${name} has a title for every group and check, and no other`, () => {
    const ids = idsOf(verdict)
    for (const id of ids) assert.ok(catalogue[id] !== undefined, id)
    // Verdicts without an event log say only that there is none.
    for (const id of Object.keys(catalogue)) assert.ok(ids.includes(id) || id.startsWith('tdx.event-log.'), id)
    for (const title of Object.values(catalogue)) assert.match(title, /^[A-Z].{2,98}$/)
  })
}
