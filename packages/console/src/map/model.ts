import type { Check, TrustAnchor, Verdict } from '@sekisho/evidence'
import { LAYERS, type LayerId, listedLayer } from './layers.ts'

/** Who may or may not interfere with a workload. */
export type PartyId = 'vendor' | 'physical' | 'host' | 'hypervisor' | 'paravisor' | 'guest'

/**
 * What a verdict says of a layer or a party.
 *
 * - `proven`: checked, and it holds. `refuted`: checked, and it does not.
 * - `unknown`: nobody checked it, or what it rests on is not proven.
 * - `assumed`: relied on without evidence, or waived by name.
 * - `excluded`: a party that the hardware keeps out. `inside`: one that it does not.
 */
export type Standing = 'proven' | 'assumed' | 'excluded' | 'inside' | 'unknown' | 'refuted'

/** One layer, and what its standing was computed from. */
export interface Layer {
  readonly id: LayerId
  readonly standing: Standing
  /** The verdict's own sentences. */
  readonly because: readonly string[]
  readonly checks: readonly Check[]
}

/** Why a party stands as it does, where no assumption of the verdict says it. */
export type PartyReason =
  | 'keys'
  | 'debug'
  | 'measured-only'
  | 'isolated'
  | 'not-isolated'
  | 'unproven'
  | 'process'
  | 'machine'

/** One party, and why it stands so: a reason of the page's own, or a statement of the verdict's. */
export interface PartyStanding {
  readonly id: PartyId
  readonly standing: Standing
  readonly because: PartyReason | { readonly statement: string }
}

/** Whom a verdict trusts, and for what. */
export interface TrustMap {
  /** From silicon up. */
  readonly layers: readonly Layer[]
  readonly parties: readonly PartyStanding[]
  readonly anchors: readonly TrustAnchor[]
}

/** Computes the map of a verdict; of composite evidence all parts count. */
export function trustMapOf(verdict: Verdict): TrustMap {
  const checks = allChecks(verdict)
  const layers: Layer[] = []
  for (const id of LAYERS) {
    const own = checks.filter((check) => check.outcome !== 'not-applicable' && layerOf(check) === id)
    // A process has no kernel of its own that ran later; other layers are there whether or not anybody checked them.
    if (own.length === 0 && (id === 'firmware' || (id === 'runtime' && verdict.claims.isolation === 'process')))
      continue
    layers.push(layerFrom(id, own, verdict))
  }
  return { layers, parties: partiesOf(verdict, layers), anchors: anchorsOf(verdict) }
}

/** Every check of a verdict and of its parts. */
export function allChecks(verdict: Verdict): readonly Check[] {
  return [
    ...verdict.checks.flatMap(({ checks }) => checks),
    ...(verdict.parts ?? []).flatMap((part) => allChecks(part.verdict)),
  ]
}

/** Ids of checks that passed in `before` and do not in `after`. */
export function fallen(before: Verdict, after: Verdict): readonly Check[] {
  const passed = new Set(allChecks(before).flatMap(({ id, outcome }) => (outcome === 'pass' ? [id] : [])))
  return allChecks(after).filter(({ id, outcome }) => outcome !== 'pass' && passed.has(id))
}

/** The layer that a check is about; of one that is not known here, such as a newer checkpoint's, its phase tells. */
export function layerOf({ id, phase }: Pick<Check, 'id' | 'phase'>): LayerId {
  return listedLayer(id) ?? (phase === 'authenticity' ? 'silicon' : 'workload')
}

function layerFrom(id: LayerId, checks: readonly Check[], verdict: Verdict): Layer {
  const standing = standingOf(id, checks, verdict)
  const telling = checks.filter((check) => check.outcome !== 'pass')
  const because = (telling.length > 0 ? telling : checks).map(({ reason }) => reason)
  return { id, standing, because: [...new Set(because)].slice(0, 4), checks }
}

function standingOf(id: LayerId, checks: readonly Check[], verdict: Verdict): Standing {
  if (checks.some(({ outcome, phase, id: check }) => outcome === 'fail' && !isEmulation(check, phase, verdict)))
    return 'refuted'
  if (checks.length === 0) return 'unknown'
  // Whatever a chip says is worth what is known of the chip.
  if (verdict.authenticity !== 'proven') return 'unknown'
  if (checks.some(({ outcome, waived }) => outcome === 'unchecked' && waived !== true)) return 'unknown'
  if (checks.some(({ waived }) => waived === true)) return 'assumed'
  return id === 'silicon' && verdict.emulated ? 'assumed' : 'proven'
}

// The one check that fails because a root is no vendor's: the layer is then assumed, and the page says EMULATED.
function isEmulation(check: string, phase: Check['phase'], verdict: Verdict): boolean {
  return verdict.emulated && phase === 'appraisal' && check.endsWith('.hardware')
}

/** Assumptions that are about a party, by their ids. */
const ASSUMPTIONS = {
  vendor: ['vendor-key', 'vendor-keys', 'keys', 'chip-key', 'protection-key'],
  physical: ['no-interposer', 'no-link-interposer', 'no-physical-access', 'physical-attack'],
  paravisor: ['paravisor'],
} as const satisfies Partial<Record<PartyId, readonly string[]>>

function partiesOf(verdict: Verdict, layers: readonly Layer[]): readonly PartyStanding[] {
  const { isolation, debug } = verdict.claims
  const standing = hostStanding(verdict, layers)
  const host = { standing, because: hostReason(standing, debug, isolation) }
  return [
    { id: 'vendor', standing: 'assumed', because: assumption(verdict, 'vendor') ?? 'keys' },
    ...assumedParty('physical', assumption(verdict, 'physical')),
    { id: 'host', ...host },
    { id: 'hypervisor', ...host },
    ...assumedParty('paravisor', assumption(verdict, 'paravisor')),
    ...guestParty(isolation),
  ]
}

function assumption({ assumed }: Verdict, party: keyof typeof ASSUMPTIONS): { readonly statement: string } | undefined {
  const ids: readonly string[] = ASSUMPTIONS[party]
  const found = assumed.find(({ id }) => ids.includes(id))
  return found === undefined ? undefined : { statement: found.statement }
}

function assumedParty(id: PartyId, because: { readonly statement: string } | undefined): readonly PartyStanding[] {
  return because === undefined ? [] : [{ id, standing: 'assumed', because }]
}

function hostStanding({ claims, authenticity }: Verdict, layers: readonly Layer[]): Standing {
  if (claims.isolation === 'none' || claims.debug) return 'inside'
  const isolated = layers.find(({ id }) => id === 'isolation')
  if (authenticity !== 'proven') return 'unknown'
  return isolated?.standing === 'refuted' ? 'inside' : 'excluded'
}

function hostReason(standing: Standing, debug: boolean, isolation: string): PartyReason {
  if (debug) return 'debug'
  if (isolation === 'none') return 'measured-only'
  if (standing === 'excluded') return 'isolated'
  return standing === 'inside' ? 'not-isolated' : 'unproven'
}

function guestParty(isolation: string): readonly PartyStanding[] {
  if (isolation === 'process') return [{ id: 'guest', standing: 'excluded', because: 'process' }]
  return isolation === 'vm' ? [{ id: 'guest', standing: 'inside', because: 'machine' }] : []
}

function anchorsOf(verdict: Verdict): readonly TrustAnchor[] {
  const all = [...verdict.anchors, ...(verdict.parts ?? []).flatMap((part) => anchorsOf(part.verdict))]
  return all.filter((one, i) => all.findIndex(({ id }) => id === one.id) === i)
}
