import { isList, isObject, type Json, type JsonObject, memberOf, textOf, textsOf } from '../core/json.ts'
import { CATEGORIES } from './names.ts'

/** How good an appraisal is, from the best to the worst. @see draft-ietf-rats-ar4si, section 2.3.2 */
export type EarTier = 'none' | 'affirming' | 'warning' | 'contraindicated'

/** Profiles of attestation results in either dialect: those of the draft's versions, and those deployed since 2023. */
export const EAR_PROFILES: readonly string[] = [
  'tag:ietf.org,2026:rats/ear#04',
  'tag:ietf.org,2026:rats/ear#03',
  'tag:github.com,2023:veraison/ear',
  'tag:github.com,2024:confidential-containers/Trustee',
]
const DEPLOYED: readonly string[] = EAR_PROFILES.slice(2)

/** One appraisal of an attestation result. */
export interface EarAppraisal {
  readonly name: string
  /** Undefined when it is absent, or no status. */
  readonly status: EarTier | undefined
  /** Numbers from -128 to 127 by category; only what the verifier stated. */
  readonly vector: Readonly<Record<string, number>>
  readonly policies: readonly string[]
}

/** An EAT attestation result, in one shape for JSON and CBOR and for both dialects. Nothing of it is believed. */
export interface Ear {
  readonly profile: string | undefined
  /** Of the result as a whole, where it has one: never better than the worst appraisal. */
  readonly status: EarTier | undefined
  readonly verifier: { readonly developer?: string; readonly build?: string } | undefined
  readonly rawEvidence: string | undefined
  readonly nonces: readonly string[]
  readonly appraisals: readonly EarAppraisal[]
  /** The mandatory claim that is not there. */
  readonly missing: string | undefined
  /** Where the claims break a rule of the profile, in words. */
  readonly faults: readonly string[]
}

const TIERS: readonly (readonly [EarTier, number])[] = [
  ['none', 0],
  ['affirming', 2],
  ['warning', 32],
  ['contraindicated', 96],
]
const MOST_SUBMODULES = 256

/** The tier of one trustworthiness claim: a signed 8-bit number. @see draft-ietf-rats-ar4si, section 2.3.2 */
export function earTierOf(value: number): EarTier {
  if (value >= 2) return value >= 96 ? 'contraindicated' : value >= 32 ? 'warning' : 'affirming'
  if (value <= -2) return value <= -97 ? 'contraindicated' : value <= -33 ? 'warning' : 'affirming'
  return 'none'
}

/** Reads the claims of a result. Nothing is thrown: what is absent is empty or `missing`, what is wrong a fault. */
export function readEar(claims: JsonObject): Ear {
  const identified = either(claims, 'verifier-id')
  const entries = entriesOf(claims)
  const appraisals = entries.slice(0, MOST_SUBMODULES).map(([name, one]) => appraisalOf(name, one))
  const nonces = textsOf(memberOf(claims, 'eat_nonce'))
  return {
    profile: textOf(claims, 'eat_profile'),
    status: statusOf(either(claims, 'status')),
    verifier: isObject(identified) ? verifierOf(identified) : undefined,
    rawEvidence: textOf({ raw: either(claims, 'raw-evidence') ?? null }, 'raw'),
    nonces,
    appraisals,
    missing: missingOf(claims, identified, appraisals),
    faults: [
      ...nonces.filter((one) => one.length < 8 || one.length > 88).map(() => 'a nonce of another length than 8 to 88'),
      ...statusFaults(claims, appraisals),
      ...(entries.length > MOST_SUBMODULES ? [`more than ${MOST_SUBMODULES} appraisals`] : []),
      ...entries
        .slice(0, MOST_SUBMODULES)
        .flatMap(([name, one], i) => appraisalFaults(claims, name, one, appraisals[i])),
    ],
  }
}

/**
 * Appraisals by name, and those inside of one behind it, with its name and `/` before theirs: the result is no better than
 * the worst of all. One more than are read shows that there are too many.
 */
function entriesOf(claims: JsonObject): readonly (readonly [name: string, appraisal: Json])[] {
  const found: (readonly [string, Json])[] = []
  const collect = (above: Json, prefix: string): void => {
    const submods = memberOf(above, 'submods')
    for (const [name, one] of isObject(submods) ? Object.entries(submods) : []) {
      if (found.length > MOST_SUBMODULES) return
      found.push([`${prefix}${name}`, one])
      collect(one, `${prefix}${name}/`)
    }
  }
  collect(claims, '')
  return found
}

/** A claim under its name in either dialect: `ear_verifier_id` of the draft, `ear.verifier-id` before. */
function either(value: Json | undefined, name: string): Json | undefined {
  const [draft, deployed] = namesOf(name)
  return memberOf(value, draft) ?? memberOf(value, deployed)
}

function namesOf(name: string): readonly [string, string] {
  return [`ear_${name.replaceAll('-', '_')}`, `ear.${name}`]
}

// Readers that know one dialect only would see different results in one token.
function twoFaced(value: Json | undefined, what: string, names: readonly string[]): readonly string[] {
  return names
    .filter((name) => namesOf(name).every((one) => memberOf(value, one) !== undefined))
    .map((name) => `the ${name} of ${what} is there in two dialects`)
}

function statusFaults(claims: JsonObject, appraisals: readonly EarAppraisal[]): readonly string[] {
  const faults = [...twoFaced(claims, 'the result', ['status', 'verifier-id'])]
  const stated = either(claims, 'status')
  if (stated === undefined) return faults
  const status = statusOf(stated)
  if (status === undefined) return [...faults, 'the status of the result is none']
  if (appraisals.some((one) => one.status !== undefined && isWorse(one.status, status)))
    faults.push(`the result says ${status}, and an appraisal something worse`)
  return faults
}

function verifierOf(value: JsonObject): NonNullable<Ear['verifier']> {
  const developer = textOf(value, 'developer')
  const build = textOf(value, 'build')
  return { ...(developer === undefined ? {} : { developer }), ...(build === undefined ? {} : { build }) }
}

function appraisalOf(name: string, value: Json): EarAppraisal {
  const vector = either(value, 'trustworthiness-vector')
  const stated = isObject(vector) ? Object.entries(vector) : []
  return {
    name,
    status: statusOf(either(value, 'status')),
    vector: Object.fromEntries(
      stated.filter((pair): pair is [string, number] => CATEGORIES.includes(pair[0]) && isClaim(pair[1])),
    ),
    policies: textsOf(memberOf(value, 'ear_appraisal_policy_ids') ?? memberOf(value, 'ear.appraisal-policy-id')),
  }
}

function statusOf(value: Json | undefined): EarTier | undefined {
  return TIERS.find(([name, number]) => value === name || value === number)?.[0]
}

function isClaim(value: Json | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= -128 && value <= 127
}

function missingOf(
  claims: JsonObject,
  identified: Json | undefined,
  appraisals: readonly EarAppraisal[],
): string | undefined {
  if (memberOf(claims, 'eat_profile') === undefined) return 'eat_profile'
  if (memberOf(claims, 'iat') === undefined) return 'iat'
  if (!isObject(identified) || Object.keys(verifierOf(identified)).length < 2) return 'the id of the verifier'
  if (appraisals.length === 0) return 'submods'
  return appraisals.every(({ status }) => status !== undefined) ? undefined : 'the status of an appraisal'
}

// A status may be worse than the worst entry of the vector, never better: a verifier that says both contradicts itself.
function appraisalFaults(
  claims: JsonObject,
  name: string,
  value: Json,
  appraisal: EarAppraisal | undefined,
): readonly string[] {
  const what = JSON.stringify(name.slice(0, 64))
  const vector = either(value, 'trustworthiness-vector')
  const policies = memberOf(value, 'ear_appraisal_policy_ids')
  const faults = [...twoFaced(value, what, ['status', 'trustworthiness-vector'])]
  if (vector !== undefined && !isObject(vector)) faults.push(`the vector of ${what} is none`)
  if (isObject(vector) && !Object.values(vector).every(isClaim)) faults.push(`the vector of ${what} has another value`)
  // In CBOR either dialect has the number 1003 for it: one text before the draft made it a list.
  const isOne = typeof policies === 'string' && DEPLOYED.includes(textOf(claims, 'eat_profile') ?? '')
  if (policies !== undefined && !isList(policies) && !isOne) faults.push(`the policies of ${what} are no list`)
  const status = appraisal?.status
  // Categories that have no name here count as well: what stands in one may be why.
  const stated = isObject(vector) ? Object.values(vector).filter(isClaim) : []
  if (status !== undefined && stated.some((value) => isWorse(earTierOf(value), status)))
    faults.push(`the appraisal of ${what} says ${status}, and its vector something worse`)
  return faults
}

// Whoever states nothing states nothing good: `none` is never better than what it stands above.
function isWorse(tier: EarTier, status: EarTier): boolean {
  return status !== 'none' && rank(tier) > rank(status)
}

function rank(tier: EarTier): number {
  return TIERS.findIndex(([name]) => name === tier)
}

/**
 * Categories of which a verifier says that it has failed (-1) or has not understood all evidence (1), with the name of the
 * appraisal; also those that have no name here.
 */
export function unsettled(claims: JsonObject): readonly (readonly [name: string, category: string])[] {
  return entriesOf(claims).flatMap(([name, one]) => {
    const vector = either(one, 'trustworthiness-vector')
    const stated = isObject(vector) ? Object.entries(vector) : []
    return stated
      .filter(([, value]) => value === 1 || value === -1)
      .map(([category]) => [name, category.slice(0, 64)] as const)
  })
}

/** Claims that hold what the verifier looked at, as deployed and in the draft's versions. */
const LOOKED_AT: readonly string[] = [
  'ear.veraison.annotated-evidence',
  'ear_veraison_annotated_evidence',
  'ear_attester_claims',
]
const SAMPLE = /^sample(?:device)?(?:\.|$)/

/**
 * Names of appraisals of sample evidence, which no hardware signs: the attestation service of Confidential Containers takes
 * it from whoever has no TEE, and appraises it by its reference values.
 * @see KBS protocol, section 6
 */
export function sampleAppraisals(claims: JsonObject): readonly string[] {
  const isSample = (one: Json): boolean =>
    LOOKED_AT.some((name) => {
      const evidence = memberOf(one, name)
      return isObject(evidence) && Object.keys(evidence).some((kind) => SAMPLE.test(kind))
    })
  return entriesOf(claims)
    .filter(([, one]) => isSample(one))
    .map(([name]) => name)
}
