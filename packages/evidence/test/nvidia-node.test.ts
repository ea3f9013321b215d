import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KeyPair } from '@sekisho/emulator/kit'
import type { Verdict } from '../src/core/verdict.ts'
import { verifyNvidiaNodeSync } from '../src/nvidia/index.ts'
import {
  AT,
  type CertificateChanges,
  checkOf,
  DEVICE_ANCHOR,
  deviceChain,
  EXPECT,
  goodCollateral,
  key,
  makeReport,
  pem,
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

  it('a GPU that shows a second attestation key, of other firmware, is still one GPU', () => {
    const evidence = (signer: KeyPair, leaf: CertificateChanges, device: CertificateChanges = {}) => ({
      evidence: makeReport({ signer }),
      collateral: { ...goodCollateral(), certificateChain: pem(...deviceChain({ ...leaf, ...device })) },
    })
    const later = { 0: { serial: 0x99n, subjectKey: key('later firmware') } }
    const judged = (device: CertificateChanges): Verdict =>
      verifyNvidiaNodeSync([evidence(key('device 0'), {}), evidence(key('later firmware'), later, device)], {
        at: AT,
        trustAnchors: [DEVICE_ANCHOR, RIM_ANCHOR],
        expect: EXPECT,
        waive: ['nvidia.chain.ocsp.present'],
      })
    assert.equal(checkOf(judged({}), 'nvidia.node.distinct').outcome, 'fail')
    const another = judged({ 1: { serial: 0x4100000000000000b1n } })
    assert.equal(another.outcome, 'verified', another.summary)
  })
})
