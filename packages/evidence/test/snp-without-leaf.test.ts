import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exampleChipId, type MadeSnp, makeSnp } from '@sekisho/emulator/kit'
import type { SnpExpectations } from '../src/snp/index.ts'
import { assertVerified, checkOf, judgeSnp } from './soundness/kit.ts'

const vlek = makeSnp({ role: 'vlek' })
const masked = makeSnp({ report: { chipId: '00'.repeat(64) } })
const old = makeSnp({ product: 'Turin', version: 2 })

/** Expectations that only the leaf can answer, with the check that compares them. */
const ASKED: readonly (readonly [string, MadeSnp, SnpExpectations, string])[] = [
  ['the provider', vlek, { cspIds: ['CN=example-cloud.invalid'] }, 'snp.expect.provider'],
  ['a masked chip', masked, { hardwareIds: [exampleChipId('Genoa')] }, 'snp.expect.hardware-id'],
  ['how the TCB of version 2 is laid out', old, {}, 'snp.expect.min-tcb'],
]

describe('SNP evidence whose VCEK or VLEK nobody gave', () => {
  for (const [what, made, more, id] of ASKED) {
    it(`leaves open what the certificate would tell: ${what}`, () => {
      const expect = { ...made.expectations, ...more }
      assertVerified(judgeSnp(made, { expect }))
      const verdict = judgeSnp(made, { expect, collateral: { crl: made.crl } })
      assert.deepEqual([checkOf(verdict, id).outcome, verdict.outcome], ['unchecked', 'incomplete'])
    })
  }
})
