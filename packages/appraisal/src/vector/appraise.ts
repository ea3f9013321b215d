import type { Check, Verdict } from '@sekisho/evidence'
import type { Appraisal, Tier, TrustCategory, TrustVector } from '../model.ts'
import { contextOf, isEmulated } from './context.ts'
import { CURRENCY_CHECKS, LAUNCH_CHECKS, REFUTATIONS, RUNTIME_CHECKS, ruleFor } from './rules.ts'
import { TRUST_CATEGORIES, tierOf, worseClaim, worseTier, worstTier } from './tiers.ts'

/** What an appraisal is made with, beside the verdict. */
export interface AppraiseOptions {
  /** Names of the reference sets that the evidence met. */
  readonly references: readonly string[]
  /** The time that policies see as `now`. */
  readonly at: Date
  /** The secret that is asked for, if any. */
  readonly resource?: string
}

type Mutable = { -readonly [K in TrustCategory]?: number }

/**
 * What a verdict is worth in AR4SI's terms. Never throws for a bad verdict.
 *
 * The status is no better than the worst entry of the vector and no better than the verdict: one that is
 * rejected is contraindicated, one that is incomplete at best a warning. The parts of composite evidence
 * count like the whole. Evidence under an emulated root has hardware 97, whatever the verifier was told to
 * accept. No policy changes any of it.
 *
 * @see draft-ietf-rats-ar4si, section 2.3
 */
export function appraise(verdict: Verdict, options: AppraiseOptions): Appraisal {
  const vector = vectorOf(verdict)
  const status = worseTier(worstTier(vector), floorOf(verdict))
  const { references, at, resource } = options
  return { status, vector, context: contextOf(verdict, { status, vector, references, at, resource }), references }
}

/** The best that a verdict can lead to. */
function floorOf(verdict: Verdict): Tier {
  const own: Tier =
    verdict.outcome === 'rejected' || verdict.authenticity === 'refuted'
      ? 'contraindicated'
      : verdict.outcome === 'incomplete' || verdict.authenticity === 'unproven'
        ? 'warning'
        : 'none'
  return (verdict.parts ?? []).map((part) => floorOf(part.verdict)).reduce(worseTier, own)
}

function vectorOf(verdict: Verdict): TrustVector {
  const own = ownVector(verdict)
  for (const { verdict: part } of verdict.parts ?? []) {
    const its = vectorOf(part)
    for (const category of TRUST_CATEGORIES) {
      if (category === 'runtime-opaque' && isBeside(part, verdict)) continue
      set(own, category, its[category])
    }
  }
  return own
}

// A TPM beside an isolated whole measures its boot: that it isolates nothing itself takes nothing away.
function isBeside(part: Verdict, whole: Verdict): boolean {
  return part.claims.isolation === 'none' && whole.claims.isolation !== 'none' && !part.claims.debug
}

function set(vector: Mutable, category: TrustCategory, claim: number | undefined): void {
  const worse = worseClaim(vector[category], claim)
  if (worse !== undefined) vector[category] = worse
}

function ownVector(verdict: Verdict): Mutable {
  const checks = verdict.checks.flatMap((group) => group.checks)
  const vector: Mutable = {}
  for (const check of checks) fromCheck(vector, check)
  set(vector, 'hardware', hardwareClaim(verdict, checks))
  set(vector, 'executables', executablesClaim(checks))
  set(vector, 'configuration', configurationClaim(verdict, checks))
  set(vector, 'runtime-opaque', opaqueClaim(verdict))
  set(vector, 'instance-identity', identityClaim(checks))
  return verdict.authenticity === 'proven' ? vector : withoutPraise(vector, checks)
}

function fromCheck(vector: Mutable, check: Check): void {
  if (check.outcome !== 'fail' && check.outcome !== 'unchecked') return
  const rule = ruleFor(check.id)
  if (rule === undefined || (check.phase === 'authenticity' && rule.category === 'hardware')) return
  set(vector, rule.category, check.outcome === 'fail' ? rule.failed : rule.unmade)
}

// AR4SI, section 2.3.4: 2 genuine, 32 known weakness, 96 rejected, 97 not recognised, 99 cryptography failed.
function hardwareClaim(verdict: Verdict, checks: readonly Check[]): number {
  const authenticity = checks.filter(({ phase }) => phase === 'authenticity')
  const claims = authenticity.filter(({ outcome }) => outcome === 'fail').map(({ id }) => refutation(id))
  if (verdict.authenticity === 'refuted') claims.push(96)
  if (verdict.authenticity === 'unproven') claims.push(unprovenClaim(authenticity))
  // That the caller does without a check says nothing of the hardware.
  const waived = authenticity.filter((check) => check.outcome === 'unchecked' && check.waived === true)
  if (waived.length > 0) claims.push(unprovenClaim(waived))
  if (isEmulated(verdict)) claims.push(97)
  if (!verdict.claims.hardware || hasOldTcb(verdict)) claims.push(32)
  return claims.reduce((a, b) => worseClaim(a, b) ?? a, 2)
}

function refutation(id: string): number {
  return REFUTATIONS.find(([ids]) => ids.test(id))?.[1] ?? 96
}

// What nobody looked up may be revoked: a weakness. What nobody proved is not recognised.
function unprovenClaim(authenticity: readonly Check[]): number {
  const open = authenticity.filter(({ outcome, blockedBy }) => outcome === 'unchecked' && blockedBy === undefined)
  return open.length > 0 && open.every(({ id }) => CURRENCY_CHECKS.test(id)) ? 32 : 97
}

function hasOldTcb({ claims }: Verdict): boolean {
  const { status, advisories = [] } = claims.tcb
  return (status !== undefined && status !== 'UpToDate') || advisories.length > 0
}

// 2 approved at boot and at run time, 3 approved at boot, 33 not approved by anybody.
function executablesClaim(checks: readonly Check[]): number {
  if (!checks.some(({ id, outcome }) => outcome === 'pass' && LAUNCH_CHECKS.test(id))) return 33
  const runtime = checks.filter(({ id, outcome }) => RUNTIME_CHECKS.test(id) && outcome !== 'not-applicable')
  const isFixed = checks.some(({ id }) => id.startsWith('sgx.'))
  return isFixed || (runtime.length > 0 && runtime.every(({ outcome }) => outcome === 'pass')) ? 2 : 3
}

const WEAKNESSES: ReadonlySet<string> = new Set(['migration-agent', 'dumps', 'plain-components'])
const CONFIGURED =
  /\.(?:expect\.(?:host-data|policy|platform-info|configuration|mode)|td\.attributes|enclave\.attributes)$/

function configurationClaim(verdict: Verdict, checks: readonly Check[]): number {
  if (verdict.claims.debug) return 96
  if (isBaseFree(checks)) return 36
  if (verdict.assumed.some(({ id }) => WEAKNESSES.has(id))) return 32
  return checks.some(({ id, outcome }) => outcome === 'pass' && CONFIGURED.test(id)) ? 2 : 3
}

// A register that the guest writes was named, and what stands below it was not (soundness, line 2).
function isBaseFree(checks: readonly Check[]): boolean {
  const named = checks.some(({ id, expected }) => RUNTIME_CHECKS.test(id) && expected !== undefined)
  return named && !checks.some(({ id, outcome }) => outcome === 'pass' && LAUNCH_CHECKS.test(id))
}

const ENCRYPTED: ReadonlySet<string> = new Set(['sgx', 'tdx', 'snp', 'sev', 'cca', 'ibm-se', 'azure-vtpm', 'token'])

// 2 memory encrypted against host and operator, 32 isolated only, 96 open to the host.
function opaqueClaim({ tee, claims }: Verdict): number {
  if (claims.debug) return 96
  if (claims.isolation === 'none' || claims.isolation === 'gpu') return 32
  // Before SEV-ES the host could read the guest's registers.
  if (tee === 'sev' && !('generation' in claims && claims.generation === 'sev-es')) return 32
  return ENCRYPTED.has(tee) ? 2 : 32
}

function identityClaim(checks: readonly Check[]): number | undefined {
  const known = checks.some(({ id, outcome }) => outcome === 'pass' && ruleFor(id)?.category === 'instance-identity')
  return known ? 2 : undefined
}

// Nothing good can be believed of evidence that is not proven; with broken cryptography, nothing at all.
function withoutPraise(vector: Mutable, checks: readonly Check[]): Mutable {
  const isBroken = checks.some(
    ({ id, phase, outcome }) => phase === 'authenticity' && outcome === 'fail' && refutation(id) === 99,
  )
  for (const category of TRUST_CATEGORIES) {
    const claim = vector[category]
    if (claim === undefined) continue
    if (isBroken) vector[category] = 99
    else if (tierOf(claim) === 'affirming') delete vector[category]
  }
  return vector
}
