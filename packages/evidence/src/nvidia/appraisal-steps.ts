import { compareOneOf, expectedReportData, hardwareFinding } from '../core/compare.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { isOlder } from '../core/versions.ts'
import { featureMode, type NvidiaMode, statusOf } from './opaque.ts'
import type { NvidiaReport } from './report.ts'
import type { NvidiaState, RimKind } from './state.ts'

const SOURCE = 'relying party'

function step(
  id: string,
  check: (state: NvidiaState) => Finding,
  source: string = SOURCE,
  needs: readonly string[] = [],
): Step<NvidiaState> {
  return { id: `nvidia.${id}`, phase: 'appraisal', source, needs, check }
}

function waivable(one: Step<NvidiaState>): Step<NvidiaState> {
  return { ...one, waivable: true }
}

/** How the device is handed to its guest, as far as the report says. */
export function modeOf(report: NvidiaReport): NvidiaMode | 'unknown' | undefined {
  const { opaque } = report.response
  const flag = featureMode(opaque)
  if (flag !== undefined) return flag
  const pcie = statusOf(opaque, 'PROTECTED_PCIE_STATUS')
  return pcie === 'on' ? 'protected-pcie' : pcie === 'off' ? 'single-gpu' : pcie
}

/** Which manifests were given and apply. */
export function comparedWith({ rims, device }: NvidiaState): 'all' | 'some' {
  const driver = device.isSwitch || rims.driver.value !== undefined
  return driver && rims.vbios.value !== undefined ? 'all' : 'some'
}

function hardware({ chainView, rimViews, expect }: NvidiaState): Finding {
  const anchors = [chainView?.anchor, rimViews.driver?.anchor, rimViews.vbios?.anchor].filter(
    (one) => one !== undefined,
  )
  const anchor = anchors.find((one) => one.emulated === true) ?? anchors[0]
  return anchor === undefined ? notApplicable('the chain ends at no trusted root') : hardwareFinding(anchor, expect)
}

function debug(state: NvidiaState): Finding {
  if (comparedWith(state) === 'all')
    return pass('the measurements are those of production firmware', { expected: 'debug off', actual: 'debug off' })
  if (state.expect.allowDebug === true)
    return pass('debug firmware may run, and you allowed it with `allowDebug`', { actual: 'not said' })
  return unchecked(
    'the report has no sign of its own for debug firmware: only manifests tell',
    mend('pass the manifests of the driver and the VBIOS'),
  )
}

function modeFields({ report }: NvidiaState): Finding {
  const { opaque } = report.response
  const flag = featureMode(opaque)
  const pcie = statusOf(opaque, 'PROTECTED_PCIE_STATUS')
  const remedy = mend('set the confidential mode of the device anew', 'platform-owner')
  if (flag === 'unknown' || pcie === 'unknown') return fail('the report names a mode that is not known', remedy)
  if (flag === undefined || pcie === undefined) return notApplicable('the firmware says it in one place at most')
  const details = { expected: `protected PCIe ${flag === 'protected-pcie' ? 'on' : 'off'}`, actual: pcie }
  return (flag === 'protected-pcie') === (pcie === 'on')
    ? pass('feature flag and protected PCIe status agree', details)
    : fail(`the feature flag says ${flag}, and protected PCIe is ${pcie}`, remedy, details)
}

function mode({ report, expect, inNode, device }: NvidiaState): Finding {
  // A switch is attested as part of such a node, and has no mode of its own.
  const actual = device.isSwitch ? 'protected-pcie' : modeOf(report)
  if (expect.modes !== undefined) {
    if (device.isSwitch && inNode) return notApplicable('a switch has no mode of its own')
    return compareOneOf({ what: 'the mode', actual: actual ?? 'not said', option: 'modes' }, expect.modes)
  }
  if (inNode) return notApplicable('the node is judged as a whole')
  if (device.isSwitch || actual === 'protected-pcie') {
    return unchecked(
      'the device is one of a node, whose links are not encrypted, and it was judged alone',
      mend('judge all GPUs and switches of the node together, or accept the mode with `modes`'),
      { actual: device.isSwitch ? 'switch' : 'protected-pcie' },
    )
  }
  return pass(`the device works for its guest alone (${actual ?? 'early firmware does not say how'})`, {
    actual: actual ?? 'not said',
  })
}

function freshness({ nonce, expect }: NvidiaState): Finding {
  const expected = expectedReportData(expect)
  if (expected === undefined) {
    return unchecked(
      'nothing shows when this report was made: it may be a replay',
      mend(`choose a nonce of 32 bytes, have the attester ask the device with it, and pass it as \`nonce\``),
      { actual: nonce },
    )
  }
  const details = { expected: expected.slice(0, 64), actual: nonce }
  if (nonce.padEnd(128, '0') !== expected) {
    return fail(
      'the report answers another nonce: it was made for another exchange, or replayed',
      mend(`have the attester ask the device with the nonce ${details.expected}`, 'workload-owner'),
      details,
    )
  }
  if (expect.nonce !== undefined || expect.reportDataIsFresh === true)
    return pass('the report answers your nonce', details)
  return unchecked(
    'the nonce is as you expect, and you have not said that it is fresh',
    mend('pass it as `nonce`, or add `reportDataIsFresh`'),
    details,
  )
}

function measurement(state: NvidiaState): Finding {
  const { expect } = state
  if (expect.measurement === undefined && comparedWith(state) === 'all')
    return notApplicable('the manifests say what the measurements must be')
  return compareOneOf(
    { what: 'the digest of all measurements', actual: state.measurement, option: 'measurement' },
    expect.measurement,
  )
}

const VERSIONS = {
  driver: { name: 'driver', accepted: 'driverVersions', least: 'minDriverVersion', radix: 10 },
  vbios: { name: 'VBIOS', accepted: 'vbiosVersions', least: 'minVbiosVersion', radix: 16 },
} as const

function version(kind: RimKind): (state: NvidiaState) => Finding {
  const { name, accepted, least, radix } = VERSIONS[kind]
  return ({ expect, device, inNode }) => {
    const actual = device.versions[kind]
    const list = expect[accepted]
    const lowest = expect[least]
    if (kind === 'driver' && device.isSwitch) {
      // In a node the GPUs are compared with it.
      if (inNode || (list ?? lowest) === undefined) return notApplicable('a switch has no driver of its own')
      const asked = list === undefined ? least : accepted
      return fail(`evidence of a switch has nothing to compare with \`${asked}\``, mend(`leave \`${asked}\` out`))
    }
    if (list !== undefined) {
      const finding = compareOneOf(
        { what: `the ${name} version`, actual: actual ?? 'not said', option: accepted },
        list,
      )
      if (finding.outcome !== 'pass' || lowest === undefined) return finding
    }
    if (lowest === undefined) {
      return unchecked(
        `no ${name} version was asked for: one with known flaws passes`,
        mend(`pass \`${accepted}\` or \`${least}\` after NVIDIA's security bulletins; ${actual ?? 'none'} runs`),
      )
    }
    const details = { expected: `${lowest} or later`, actual: actual ?? 'not said' }
    return actual !== undefined && isOlder(actual, lowest, radix) === false
      ? pass(`the ${name} is late enough`, details)
      : fail(
          `the ${name} is ${actual ?? 'not named'}, and you accept ${lowest} or later`,
          mend(`update the ${name} to ${lowest} or later`, 'platform-owner'),
          details,
        )
  }
}

function product({ expect, device }: NvidiaState): Finding {
  if (expect.products === undefined) return notApplicable('any architecture will do')
  return compareOneOf(
    { what: 'the architecture', actual: device.architecture ?? 'unknown', option: 'products' },
    expect.products,
  )
}

function hardwareId({ expect, chain }: NvidiaState): Finding {
  if (expect.hardwareIds === undefined) return notApplicable('any device will do')
  const actual = chain.value?.certificates[0]?.serial ?? 'none'
  return compareOneOf({ what: 'the device', actual, option: 'hardwareIds' }, expect.hardwareIds)
}

function signer({ expect }: NvidiaState): Finding {
  const asked = (['signer', 'minSvn', 'hostData'] as const).find((name) => expect[name] !== undefined)
  if (asked === undefined) return notApplicable('nothing of the kind was asked')
  return fail(`evidence of a GPU has nothing to compare with \`${asked}\``, mend(`leave \`${asked}\` out`))
}

/** What the relying party wants of the device. */
export const APPRAISAL_STEPS: StepGroup<NvidiaState> = {
  id: 'nvidia.appraisal',
  steps: [
    step('hardware', hardware, SOURCE, ['nvidia.chain.root']),
    waivable(step('debug', debug, 'NVIDIA attestation, debug state', ['nvidia.measurements.match'])),
    step('mode.fields', modeFields, 'NVIDIA attestation, feature flag'),
    waivable(step('expect.mode', mode)),
    waivable(step('expect.freshness', freshness, 'NVIDIA attestation, nonce')),
    waivable(step('expect.measurement', measurement)),
    waivable(step('expect.driver', version('driver'))),
    waivable(step('expect.vbios', version('vbios'))),
    step('expect.product', product, SOURCE, ['nvidia.chain.well-formed']),
    step('expect.hardware-id', hardwareId, SOURCE, ['nvidia.chain.well-formed']),
    step('expect.none', signer),
  ],
}
