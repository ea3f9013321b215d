import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSnp } from '@sekisho/emulator/kit'
import { parseSnpReport } from '@sekisho/evidence/snp'
import type { AmdItem } from '../src/engine/bundle.ts'
import { noCollateral } from '../src/engine/collateral.ts'
import { snpCollateralOf, snpNeeds } from '../src/engine/doors/snp.ts'

const AT = new Date('2026-01-01T00:00:00Z')

test('for a chip that hides itself the rest is asked for, and taken without the leaf of another chip', () => {
  const { evidence, certificates, crl } = makeSnp({ report: { chipId: '00'.repeat(64) } })
  const report = parseSnpReport(evidence)
  const [need] = snpNeeds(report)
  assert.deepEqual([need?.amd?.['leafGiven'], need?.amd?.['chipId']], [true, undefined])
  const { vcek, ask, ark } = certificates
  assert.ok(vcek !== undefined && ask !== undefined)
  const item: AmdItem = {
    kind: 'amd',
    product: String(need?.amd?.['product']),
    vlek: false,
    chipId: 'ab'.repeat(64),
    tcb: undefined,
    leaf: new Uint8Array(1),
    intermediate: ask,
    root: ark,
    crl,
    window: { from: 0, to: AT.getTime() + 1 },
  }
  const collateral = { ...noCollateral(), snp: { vcek }, bundled: [item] }
  assert.deepEqual(snpCollateralOf(report, collateral, AT), { vcek, ask, ark, crl })
  const { vcek: none } = snpCollateralOf(report, { ...collateral, snp: {} }, AT)
  assert.equal(none, undefined)
})
