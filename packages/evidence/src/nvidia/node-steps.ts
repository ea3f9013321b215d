import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding, Phase, Verdict } from '../core/verdict.ts'
import type { NvidiaClaims } from './claims.ts'

/** One device of a node, with the verdict about it alone. */
export interface NodeDevice {
  readonly name: string
  readonly verdict: Verdict<NvidiaClaims>
}

/** The devices of a node. */
export interface NodeState {
  readonly devices: readonly NodeDevice[]
  readonly gpus: readonly NodeDevice[]
  readonly switches: readonly NodeDevice[]
}

const SOURCE = 'NVIDIA attestation, whole nodes'
const BY_HOST = 'platform-owner'

function step(id: string, phase: Phase, check: (state: NodeState) => Finding): Step<NodeState> {
  return { id: `nvidia.node.${id}`, phase, source: SOURCE, check }
}

/** The checks of a node beside those of its devices. */
export const NODE_STEPS: StepGroup<NodeState> = {
  id: 'nvidia.node',
  steps: [
    step('genuine', 'authenticity', ({ devices }) => {
      const bad = devices.filter(({ verdict }) => verdict.authenticity === 'refuted')
      const open = devices.filter(({ verdict }) => verdict.authenticity === 'unproven')
      if (bad.length > 0) return fail(`refuted: ${said(bad)}`, SEE_PARTS)
      return open.length > 0
        ? unchecked(`not proven: ${said(open)}`, SEE_PARTS)
        : pass(`all ${devices.length} are`, { expected: 'proven' })
    }),
    step('distinct', 'authenticity', distinct),
    step('nonce', 'authenticity', nonce),
    step('mode', 'authenticity', mode),
    step('switches', 'authenticity', ({ gpus, switches }) => {
      if (switches.length === 0 && !isProtected(gpus)) return NO_LINKS
      const unlinked = gpus.every(({ verdict }) => verdict.claims.links.length === 0)
      return gpus.length > 0 && unlinked ? NO_SWITCHES : same(gpus, 'switches')
    }),
    step('gpus', 'authenticity', ({ switches }) =>
      switches.length === 0 ? notApplicable('there are no switches') : same(switches, 'GPUs'),
    ),
    step('present', 'authenticity', present),
    step('accepted', 'appraisal', ({ devices }) => {
      const bad = devices.filter(({ verdict }) => verdict.outcome === 'rejected')
      const open = devices.filter(({ verdict }) => verdict.outcome === 'incomplete')
      if (bad.length > 0) return fail(`rejected: ${said(bad)}`, SEE_PARTS)
      return open.length > 0
        ? unchecked(`incomplete: ${said(open)}`, SEE_PARTS)
        : pass(`all ${devices.length} are verified`, { expected: 'verified' })
    }),
  ],
}

const SEE_PARTS = mend("see the checks of these parts' own verdicts")
const NO_LINKS: Finding = notApplicable('the GPUs are not in protected PCIe mode, and there are no switches')

const NO_SWITCHES: Finding = fail(
  'the GPUs name no switch that they are linked to: whose the links are is not known',
  mend('update the firmware of the GPUs to one that reports their links, and ask them again', BY_HOST),
)

function said(devices: readonly NodeDevice[]): string {
  const [first] = devices
  const names = devices.map(({ name }) => name).join(', ')
  return first === undefined ? names : `${names}; ${first.name}: ${first.verdict.summary}`
}

function isProtected(gpus: readonly NodeDevice[]): boolean {
  return gpus.some(({ verdict }) => verdict.claims.mode === 'protected-pcie')
}

function distinct({ devices }: NodeState): Finding {
  const all = devices.map(({ verdict }) => verdict.claims)
  // Other firmware gives a device another attestation key, and never another identity on NVLink.
  const twice = devices.find(({ verdict: { claims } }, i) =>
    all
      .slice(0, i)
      .some(
        ({ hardwareId, linkId }) =>
          hardwareId === claims.hardwareId || (linkId !== undefined && linkId === claims.linkId),
      ),
  )
  return twice === undefined
    ? pass('each has an attestation key of its own', { actual: `${devices.length}` })
    : fail(
        `${twice.name} is a device that was shown already`,
        mend('send the evidence of each device once', 'workload-owner'),
      )
}

function nonce({ devices }: NodeState): Finding {
  const [first] = devices
  const expected = first?.verdict.claims.userData ?? ''
  const other = devices.find(({ verdict }) => verdict.claims.userData !== expected)
  if (other === undefined) return pass('they do', { actual: expected })
  return fail(
    `${other.name} answers another nonce than ${first?.name}: the reports are not of one moment`,
    mend('ask all devices with one nonce', 'workload-owner'),
    { expected, actual: other.verdict.claims.userData },
  )
}

function mode({ gpus }: NodeState): Finding {
  const [first] = gpus
  if (first === undefined) return fail('there is no GPU', mend('send the evidence of the GPUs too', 'workload-owner'))
  const expected = first.verdict.claims.mode ?? 'not said'
  const other = gpus.find(({ verdict }) => (verdict.claims.mode ?? 'not said') !== expected)
  if (other === undefined) return pass(`the mode is ${expected}`, { actual: expected })
  return fail(
    `${other.name} is in another mode than ${first.name}`,
    mend('set the same mode on all GPUs of the node', BY_HOST),
    { expected, actual: other.verdict.claims.mode ?? 'not said' },
  )
}

function same(devices: readonly NodeDevice[], what: string): Finding {
  const [first] = devices
  const expected = first?.verdict.claims.links.join(', ') ?? ''
  const other = devices.find(({ verdict }) => verdict.claims.links.join(', ') !== expected)
  if (other === undefined) return pass(`they list the same ${what}`, { actual: expected })
  return fail(
    `${other.name} lists other ${what} than ${first?.name}: they are not of one node`,
    mend('send the evidence of the devices of one node', 'workload-owner'),
    { expected, actual: other.verdict.claims.links.join(', ') },
  )
}

function present({ gpus, switches }: NodeState): Finding {
  if (switches.length === 0 && !isProtected(gpus)) return NO_LINKS
  return (
    missing(switches, gpus, 'switch') ?? missing(gpus, switches, 'GPU') ?? pass('switches and GPUs name each other')
  )
}

/** Whether `devices` are exactly those that the others are linked to. */
function missing(devices: readonly NodeDevice[], others: readonly NodeDevice[], what: string): Finding | undefined {
  const listed = new Set(others.flatMap(({ verdict }) => verdict.claims.links))
  const here = new Set(devices.map(({ verdict }) => verdict.claims.linkId ?? ''))
  const stranger = devices.find(({ verdict }) => !listed.has(verdict.claims.linkId ?? ''))
  const details = { expected: [...listed].sort().join(', '), actual: [...here].sort().join(', ') }
  if (stranger !== undefined && others.length > 0) {
    return fail(
      `${stranger.name} is no ${what} that the others are linked to`,
      mend('send the evidence of the devices of one node', 'workload-owner'),
      details,
    )
  }
  const absent = [...listed].sort().find((id) => !here.has(id))
  if (absent === undefined) return undefined
  return fail(
    `the ${what} ${absent} is linked to the others and did not answer`,
    mend(`ask that ${what} with the same nonce and send its report too`, 'workload-owner'),
    details,
  )
}
