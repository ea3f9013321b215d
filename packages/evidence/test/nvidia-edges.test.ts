import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyUsage } from '@sekisho/emulator/kit'
import type { NvidiaMode } from '../src/nvidia/index.ts'
import {
  allOcsp,
  checkOf,
  deviceChain,
  diceFwid,
  EXPECT,
  hexTlv,
  judge,
  makeOcsp,
  makeRim,
  pem,
  resource,
  seq,
  troubles,
} from './nvidia-kit.ts'

// Not critical, as in the certificate of one of NVIDIA's own responders.
const OCSP_RESPONDER = { oid: '2.5.29.37', value: seq(hexTlv(0x06, '2b06010505070309')) }

describe('NVIDIA: one part that says nothing, or two that contradict each other', () => {
  const inactive = { resources: resource(7, undefined, 'False') }
  const idle = {
    'a driver manifest without values': { driverRim: makeRim('driver', { resources: '' }) },
    'a driver manifest of inactive values': { driverRim: makeRim('driver', inactive) },
    'a VBIOS manifest of inactive values': { vbiosRim: makeRim('vbios', inactive) },
    'a driver manifest of NVDEC0 alone, which is off': { driverRim: makeRim('driver', { resources: resource(35) }) },
  }
  for (const [name, collateral] of Object.entries(idle))
    it(`${name} vouches for no firmware`, () => {
      const verdict = judge({ collateral })
      const check = checkOf(verdict, 'nvidia.measurements.match')
      assert.deepEqual([check.outcome, verdict.outcome, verdict.claims.debug], ['fail', 'rejected', true])
      const kind = 'driverRim' in collateral ? 'driver' : 'VBIOS'
      assert.equal(check.reason, `the ${kind} manifest has no active golden value`)
    })

  it('of two answers of one moment the worse counts, in either order', () => {
    for (const status of ['revoked', 'hold', 'unknown'] as const) {
      const worse = makeOcsp('device', 1, { status })
      for (const ocsp of [
        [...allOcsp(), worse],
        [worse, ...allOcsp()],
      ])
        assert.equal(checkOf(judge({ collateral: { ocsp } }), 'nvidia.chain.ocsp.status').outcome, 'fail', status)
    }
  })

  it('a report beside the chain of another kind of chip asks for the chain of its own', () => {
    for (const opaque of [{ CHIP_INFO: new TextEncoder().encode('GB100\0') }, { DRIVER_VERSION: undefined }]) {
      const check = checkOf(judge({ opaque }), 'nvidia.report.architecture')
      assert.equal(check.outcome, 'fail')
      assert.match(check.remedy?.action ?? '', /the chain of this device/)
    }
  })

  it('another chip of one architecture is named as it is', () => {
    const check = checkOf(
      judge({ opaque: { CHIP_INFO: new TextEncoder().encode('GH102\0') } }),
      'nvidia.report.architecture',
    )
    assert.deepEqual([check.outcome, check.reason], ['pass', 'GH102 is of HOPPER, as the chain is'])
  })

  it('a switch alone is no GPU that works for its guest alone', () => {
    const opaque = { DRIVER_VERSION: undefined, FEATURE_FLAG: undefined, PROTECTED_PCIE_STATUS: undefined }
    const outcome = (mode: NvidiaMode): string =>
      checkOf(judge({ opaque, options: { expect: { ...EXPECT, modes: [mode] } } }), 'nvidia.expect.mode').outcome
    assert.deepEqual((['single-gpu', 'multi-gpu', 'protected-pcie'] as const).map(outcome), ['fail', 'fail', 'pass'])
  })

  it('a switch alone has no driver to compare: what is asked of one is not met', () => {
    const opaque = { DRIVER_VERSION: undefined, FEATURE_FLAG: undefined, PROTECTED_PCIE_STATUS: undefined }
    const { minDriverVersion, ...rest } = EXPECT
    const judged = (expect: object): ReturnType<typeof checkOf> =>
      checkOf(judge({ opaque, options: { expect: { ...rest, ...expect } } }), 'nvidia.expect.driver')
    assert.equal(judged({}).outcome, 'not-applicable')
    for (const asked of [{ minDriverVersion }, { driverVersions: ['580.1'] }]) {
      const { outcome, reason } = judged(asked)
      assert.equal(outcome, 'fail')
      assert.match(reason, new RegExp(`a switch has nothing to compare with .${Object.keys(asked)[0]}`))
    }
  })

  it('a key that answers for OCSP signs neither a report nor a manifest', () => {
    const extensions = [keyUsage('digitalSignature'), OCSP_RESPONDER]
    const certificates = { 0: { extensions } }
    const device = judge({
      collateral: { certificateChain: pem(...deviceChain({ 0: { extensions: [...extensions, diceFwid()] } })) },
    })
    const manifest = judge({ collateral: { driverRim: makeRim('driver', { certificates }) } })
    assert.deepEqual(troubles(device), ['fail nvidia.chain.constraints'])
    assert.deepEqual(troubles(manifest), ['fail nvidia.rim.driver.chain.constraints'])
  })
})
