import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Verdict } from '../src/core/verdict.ts'
import { verifyNvidiaNodeSync } from '../src/nvidia/index.ts'
import {
  AT,
  checkOf,
  DEVICE_ANCHOR,
  EXPECT,
  goodCollateral,
  makeReport,
  type ReportChanges,
  RIM_ANCHOR,
} from './nvidia-kit.ts'

describe('NVIDIA nodes that were made', () => {
  it('GPUs in protected PCIe mode that name no switch are no node', () => {
    const mode = { FEATURE_FLAG: Uint8Array.of(2, 0), PROTECTED_PCIE_STATUS: Uint8Array.of(0xaa) }
    const of = (opaque: ReportChanges['opaque']): Verdict =>
      verifyNvidiaNodeSync(
        [{ evidence: makeReport(opaque === undefined ? {} : { opaque }), collateral: goodCollateral() }],
        {
          at: AT,
          trustAnchors: [DEVICE_ANCHOR, RIM_ANCHOR],
          expect: EXPECT,
        },
      )
    assert.equal(of({}).outcome, 'verified')
    for (const links of [undefined, new Uint8Array(0), new Uint8Array(18 * 8)]) {
      const verdict = of({ ...mode, SWITCH_PDI: links })
      assert.equal(checkOf(verdict, 'nvidia.node.switches').outcome, 'fail', String(links?.length))
      assert.equal(verdict.outcome, 'rejected')
    }
  })
})
