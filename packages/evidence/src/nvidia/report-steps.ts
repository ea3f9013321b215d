import { equalBytes, toHex } from '../core/bytes.ts'
import { nameValues } from '../core/chain-values.ts'
import {
  fail,
  mend,
  notApplicable,
  pass,
  REPLACE_EVIDENCE,
  type Step,
  type StepGroup,
  unchecked,
} from '../core/engine.ts'
import { isPresent } from '../core/part.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { architectureOf } from './certificates.ts'
import { type ChainScope, chainSteps } from './chain-steps.ts'
import { ocspSteps } from './ocsp-steps.ts'
import { opaqueBytes, opaqueText } from './opaque.ts'
import { quoted } from './quoted.ts'
import type { DeviceChainState, NvidiaState } from './state.ts'

const CHAIN = 'NVIDIA attestation, certificate chain'
const SPDM = 'DMTF DSP0274 1.1, MEASUREMENTS'

const RESEND: Remedy = mend(
  'have the attester send the chain of this device as the driver returns it: five certificates, leaf first, root last',
  'workload-owner',
)

const DEVICE: ChainScope<DeviceChainState> = {
  id: 'nvidia.chain',
  name: "the device's chain",
  needs: ['nvidia.chain.well-formed'],
  remedy: RESEND,
  view: (state) => state.chainView,
}

function step<S = NvidiaState>(
  id: string,
  source: string,
  check: (state: S) => Finding,
  needs: readonly string[] = [],
): Step<S> {
  return { id: `nvidia.${id}`, phase: 'authenticity', source, needs, check }
}

/** The device's chain, up to the pinned root, and its revocation. */
export const CHAIN_STEPS: StepGroup<DeviceChainState> = {
  id: 'nvidia.chain',
  steps: [
    step<DeviceChainState>('chain.present', CHAIN, ({ chain }) =>
      isPresent(chain)
        ? pass('a chain was given')
        : unchecked('there are no certificates: nothing connects the report with NVIDIA', RESEND),
    ),
    step<DeviceChainState>(
      'chain.well-formed',
      'RFC 5280, section 4.1',
      ({ chain: { error } }) =>
        error === undefined
          ? pass('all of them')
          : fail(`the device's chain cannot be read: ${error.message}`, RESEND, { expected: error.expected }),
      ['nvidia.chain.present'],
    ),
    ...chainSteps(DEVICE),
    ...ocspSteps(DEVICE, 1),
  ],
}

/** The report's own signature, and that it is of the device that the chain names. */
export const REPORT_STEPS: StepGroup<NvidiaState> = {
  id: 'nvidia.report',
  steps: [
    step('report.signature', SPDM, signature, ['nvidia.chain.well-formed']),
    step('report.attestation-key', CHAIN, attestationKey, ['nvidia.chain.well-formed']),
    step('report.fwid', 'NVIDIA attestation, FWID', fwid, ['nvidia.chain.well-formed']),
    step('report.architecture', CHAIN, architecture, ['nvidia.chain.well-formed']),
  ],
}

function signature({ signature: job }: NvidiaState): Finding {
  if (job?.result === true) return pass('the signature verifies with the key of the first certificate')
  return fail(
    'the signature does not verify with the key of the first certificate: forged, damaged, or of another device',
    REPLACE_EVIDENCE,
  )
}

function attestationKey({ chain }: NvidiaState): Finding {
  const leaf = chain.value?.certificates[0]
  const names = nameValues(leaf === undefined ? [] : [leaf])
  return leaf?.basicConstraints?.ca === true
    ? fail('the first certificate is that of an authority: the one of the attestation key is missing', RESEND, names)
    : pass('it is no authority', names)
}

function fwid({ fwid: { value, error }, report }: NvidiaState): Finding {
  const reported = opaqueBytes(report.response.opaque, 'FWID')
  if (reported === undefined) return notApplicable('early firmware: the report has no FWID')
  if (error !== undefined) return fail(`the FWID of the certificate cannot be read: ${error.message}`, RESEND)
  const details = { expected: toHex(reported), actual: value === undefined ? 'none' : toHex(value) }
  return value !== undefined && equalBytes(value, reported)
    ? pass('report and certificate name the same firmware', details)
    : fail('the certificate was made for other firmware than the report names', REPLACE_EVIDENCE, details)
}

function architecture({ device, report }: NvidiaState): Finding {
  if (device.architecture === undefined)
    return fail(
      'the chain names no chip that is known',
      mend('this version knows Hopper, Blackwell and LS10: ask for another device, or update'),
      { expected: 'HOPPER, BLACKWELL, LS10' },
    )
  if ((device.architecture === 'LS10') !== device.isSwitch)
    return fail(
      `the chain is of ${device.architecture}, and the report is one of a ${device.isSwitch ? 'switch' : 'GPU'}`,
      RESEND,
      { actual: device.architecture },
    )
  if (opaqueBytes(report.response.opaque, 'CHIP_INFO') === undefined)
    return pass(`the chain is of ${device.architecture}`, { actual: device.architecture })
  const chip = opaqueText(report.response.opaque, 'CHIP_INFO')
  const details = { expected: device.architecture, actual: quoted(chip) }
  return architectureOf(chip) === device.architecture
    ? pass(`${chip} is of ${device.architecture}, as the chain is`, details)
    : fail(`the report says ${quoted(chip)}, and the chain is of ${device.architecture}`, RESEND, details)
}
