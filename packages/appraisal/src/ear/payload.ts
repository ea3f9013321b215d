import { sampleAppraisals } from '@sekisho/evidence/eat'
import type { Json, JsonObject } from '@sekisho/evidence/token'
import type { Tier, TrustVector } from '../model.ts'
import { TRUST_CATEGORIES, tierOf, worseTier } from '../vector/tiers.ts'
import type { EarClaims, EarSubmodule } from './model.ts'
import { EAR_NAMES, EAR_PROFILES } from './names.ts'

/** An EAR that cannot be accepted; the message says which rule it breaks. */
export class EarError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'EarError'
  }
}

const MAX_SUBMODULES = 64

/**
 * Reads the claims set of an EAR in either dialect: every mandatory claim is there and of its type;
 * unknown claims are kept in `payload` and not looked at.
 *
 * @throws EarError that names the claim
 * @see draft-ietf-rats-ear-04, section 3
 */
export function readEarPayload(payload: JsonObject): EarClaims {
  const profile = payload['eat_profile']
  if (typeof profile !== 'string' || !Object.hasOwn(EAR_PROFILES, profile))
    throw new EarError(`eat_profile: expected one of ${Object.keys(EAR_PROFILES).join(', ')}`)
  const samples = sampleAppraisals(payload)
  const submodules = readSubmodules(payload['submods'], samples)
  const worst = Object.values(submodules)
    .map(({ status }) => status)
    .reduce(worseStatus)
  const claimed = either(payload, 'status')
  const issuer = optionalText(payload, 'iss')
  const nonce = payload['eat_nonce']
  const teeKey = teeKeyOf(submodules)
  const expires = payload['exp']
  return {
    payload,
    profile,
    ...(issuer === undefined ? {} : { issuer }),
    issuedAt: timeOf(payload['iat'], 'iat'),
    ...(expires === undefined ? {} : { expiresAt: timeOf(expires, 'exp') }),
    verifierId: readVerifierId(either(payload, 'verifierId')),
    ...(nonce === undefined ? {} : { nonce: readNonce(nonce) }),
    status: claimed === undefined ? worst : worseStatus(worst, readStatus(claimed, 'status')),
    submodules,
    ...(teeKey === undefined ? {} : { teeKey }),
    emulated: payload['sekisho.emulated'] === true || samples.length > 0,
  }
}

/** A claim by its name in either dialect. @throws EarError when it is there twice and differs */
function either(claims: JsonObject, name: keyof (typeof EAR_NAMES)['draft']): Json | undefined {
  const [a, b] = [claims[EAR_NAMES.draft[name]], claims[EAR_NAMES.trustee[name]]]
  if (a !== undefined && b !== undefined && JSON.stringify(a) !== JSON.stringify(b))
    throw new EarError(`${EAR_NAMES.draft[name]}: is there under two names, with different values`)
  return a ?? b
}

function readSubmodules(value: Json | undefined, samples: readonly string[]): Readonly<Record<string, EarSubmodule>> {
  if (!isObject(value)) throw new EarError('submods: expected an object of appraisals')
  const entries = Object.entries(value)
  if (entries.length === 0 || entries.length > MAX_SUBMODULES)
    throw new EarError(`submods: expected 1 to ${MAX_SUBMODULES} appraisals`)
  return Object.fromEntries(
    entries.map(([name, one]) => {
      const read = readSubmodule(one, `submods.${name.slice(0, 64)}`)
      // Whatever the verifier made of it: sample evidence is signed by nobody.
      return [name, samples.includes(name) ? { ...read, status: 'contraindicated' } : read]
    }),
  )
}

function readSubmodule(value: Json, field: string): EarSubmodule {
  if (!isObject(value)) throw new EarError(`${field}: expected an object`)
  const entries = either(value, 'vector')
  const vector = readVector(entries, field)
  // A verifier may not say better than its own vector: one that does is read as the vector has it. Categories that have no
  // name here count as well; 0 is what an absent entry says.
  const tiers = Object.values(isObject(entries) ? entries : {})
    .filter((one) => typeof one === 'number' && one !== 0)
    .map((one) => tierOf(Number(one)))
  const status = tiers.reduce(worseStatus, readStatus(either(value, 'status'), field))
  return { status, vector, policyIds: readPolicyIds(either(value, 'policyIds'), field), claims: value }
}

// Whoever states nothing states nothing good: as a status, unlike in a vector, `none` is no better than affirming.
function worseStatus(a: Tier, b: Tier): Tier {
  const worse = worseTier(a, b)
  return worse === 'affirming' && (a === 'none' || b === 'none') ? 'none' : worse
}

const TIERS: Readonly<Record<string, Tier>> = { 0: 'none', 2: 'affirming', 32: 'warning', 96: 'contraindicated' }

function readStatus(value: Json | undefined, field: string): Tier {
  const tier = typeof value === 'number' ? TIERS[value] : Object.values(TIERS).find((one) => one === value)
  if (tier === undefined) throw new EarError(`${field}: expected a status, none, affirming, warning or contraindicated`)
  return tier
}

function readVector(value: Json | undefined, field: string): TrustVector {
  if (value === undefined) return {}
  if (!isObject(value)) throw new EarError(`${field}: expected a trustworthiness vector as an object`)
  const vector: { -readonly [K in keyof TrustVector]: TrustVector[K] } = {}
  for (const category of TRUST_CATEGORIES) {
    const claim = value[category]
    if (claim === undefined) continue
    if (typeof claim !== 'number' || !Number.isInteger(claim) || claim < -128 || claim > 127)
      throw new EarError(`${field}: expected ${category} as a whole number from -128 to 127`)
    vector[category] = claim
  }
  return vector
}

function readPolicyIds(value: Json | undefined, field: string): readonly string[] {
  if (value === undefined) return []
  if (typeof value === 'string') return value.split(' ')
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new EarError(`${field}: expected the ids of policies as text or a list`)
}

function readVerifierId(value: Json | undefined): EarClaims['verifierId'] {
  if (isObject(value)) {
    const { developer, build } = value
    if (typeof developer === 'string' && typeof build === 'string') return { developer, build }
  }
  throw new EarError('ear_verifier_id: expected an object with `developer` and `build`')
}

function readNonce(value: Json): string {
  if (typeof value === 'string' && value.length >= 8 && value.length <= 88) return value
  throw new EarError('eat_nonce: expected one text of 8 to 88 characters')
}

// RFC 7519 allows fractions, EAR does not.
function timeOf(value: Json | undefined, field: string): Date {
  if (typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) <= 8.64e12)
    return new Date(value * 1000)
  throw new EarError(`${field}: expected whole seconds since 1970`)
}

function optionalText(claims: JsonObject, name: string): string | undefined {
  const value = claims[name]
  if (value === undefined || typeof value === 'string') return value
  throw new EarError(`${name}: expected text`)
}

// Where a KBS looks for it: cpu0's annotated evidence, or what version 04 of the draft has in its place.
function teeKeyOf(submodules: Readonly<Record<string, EarSubmodule>>): JsonWebKey | undefined {
  const claims = submodules['cpu0']?.claims ?? {}
  const evidence = either(claims, 'annotatedEvidence')
  const verified = claims['ear_verifier_claims']
  const older = isObject(evidence) ? evidence['runtime_data_claims'] : undefined
  const newer = isObject(verified) ? verified['runtime_data'] : undefined
  if (isObject(older) && isObject(newer) && JSON.stringify(older) !== JSON.stringify(newer))
    throw new EarError('ear_verifier_claims: what was bound is there twice, with different values')
  const runtime = older ?? newer
  const key = isObject(runtime) ? runtime['tee-pubkey'] : undefined
  return isObject(key) ? ({ ...key } as JsonWebKey) : undefined
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
