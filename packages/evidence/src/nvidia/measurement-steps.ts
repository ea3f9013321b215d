import { toHex } from '../core/bytes.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import type { Mismatch } from './rim/compare.ts'
import type { NvidiaState } from './state.ts'

const SOURCE = 'NVIDIA attestation, measurement comparison'
const TRUSTED = ['driver', 'vbios'].flatMap((kind) =>
  ['chain.signatures', 'chain.root', 'digest', 'signature', 'version', 'product'].map(
    (part) => `nvidia.rim.${kind}.${part}`,
  ),
)

function step(id: string, needs: readonly string[], check: (state: NvidiaState) => Finding): Step<NvidiaState> {
  return { id: `nvidia.measurements.${id}`, phase: 'authenticity', source: SOURCE, needs, check }
}

/** The report's measurements beside the golden ones. */
export const MEASUREMENT_STEPS: StepGroup<NvidiaState> = {
  id: 'nvidia.measurements',
  steps: [
    step('conflicts', TRUSTED, conflicts),
    step('match', ['nvidia.report.signature', 'nvidia.measurements.conflicts'], match),
  ],
}

function conflicts({ comparison }: NvidiaState): Finding {
  if (comparison.active === 0) return notApplicable('there are no golden values')
  return comparison.conflicts.length === 0
    ? pass('no index is active in both')
    : fail(
        `indexes ${comparison.conflicts.join(', ')} are active in both manifests`,
        mend('pass the manifests that NVIDIA published for this very driver and VBIOS'),
      )
}

function match({ comparison, measurement, report, rims }: NvidiaState): Finding {
  const { active, mismatches, skipped } = comparison
  if (rims.driver.value === undefined && rims.vbios.value === undefined) return notApplicable('there are no manifests')
  const [first] = mismatches
  if (first === undefined) {
    // Signed or not, a manifest that asks for nothing leaves its firmware unlooked at.
    const idle = (['driver', 'vbios'] as const).find((kind) =>
      rims[kind].value?.measurements.every((one) => !one.active || skipped.includes(one.index)),
    )
    if (idle !== undefined)
      return fail(
        `${idle === 'driver' ? 'the driver manifest' : 'the VBIOS manifest'} has no active golden value`,
        mend("pass NVIDIA's manifests for this driver and VBIOS"),
      )
    const left = skipped.length === 0 ? '' : `; ${skipped.join(', ')} left out, as NVDEC0 is disabled`
    return pass(`${active - skipped.length} golden values are met${left}`, { actual: measurement })
  }
  const rim = rims[first.source].value
  const golden = rim?.measurements.find(({ index }) => index === first.index)?.alternatives ?? []
  const actual = report.response.blocks[first.index]?.value
  return fail(
    `${mismatches.length} of ${active} golden values are not met: ${mismatches.map(named).join(', ')}`,
    mend(
      `install genuine firmware: ${mismatches.some(({ source }) => source === 'vbios') ? 'the VBIOS' : 'the driver'} that runs is not the one NVIDIA describes`,
      'platform-owner',
    ),
    {
      expected: golden.slice(0, 4).map(toHex).join(' or '),
      actual: actual === undefined ? 'no such block' : toHex(actual),
    },
  )
}

function named({ index, source }: Mismatch): string {
  return `${index} (${source})`
}
