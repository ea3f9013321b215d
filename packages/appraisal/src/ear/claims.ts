import type { Verdict } from '@sekisho/evidence'
import type { Json, JsonObject } from '@sekisho/evidence/token'
import type { Appraisal, TrustVector } from '../model.ts'
import { appraise } from '../vector/appraise.ts'
import { TRUST_CATEGORIES } from '../vector/tiers.ts'
import type { EarClaims } from './model.ts'
import { EAR_NAMES, type EarDialect } from './names.ts'
import { readEarPayload } from './payload.ts'

/** What a result is made with, beside the appraisal and the verdict. */
export interface EarOptions {
  readonly issuer: string
  readonly verifierId: { readonly developer: string; readonly build: string }
  readonly issuedAt: Date
  readonly expiresAt: Date
  readonly policyIds: readonly string[]
  /** The nonce of the exchange, as the workload got it. */
  readonly nonce: string
  /** The workload's public key that the evidence binds: secrets are encrypted to it. */
  readonly teeKey?: JsonWebKey
  /** Further claims at the top. They cannot take the place of claims that the result itself has. */
  readonly extra?: JsonObject
  /** Names to write; those that Trustee deployed unless said. */
  readonly dialect?: EarDialect
  /** Base64url of the evidence, where the token shall carry it. */
  readonly rawEvidence?: string
}

/**
 * Claims of an Attestation Result (EAR) for one appraisal: submodule `cpu0`, and `gpu0`, `gpu1`, … for GPUs beside it.
 *
 * Members of JSON keys that are private never get in: of `teeKey` only public members are copied.
 *
 * @throws TypeError for times that are none, EarError when another claim would not be one
 * @see draft-ietf-rats-ear-03, section 3; the KBS protocol's section on tokens
 */
export function earClaims(appraisal: Appraisal, verdict: Verdict, options: EarOptions): EarClaims {
  return readEarPayload(earPayload(appraisal, verdict, options))
}

/**
 * The claims set of {@link earClaims} as it is signed, not read again: for who signs it and has no further claims but
 * such as no EAR has.
 *
 * @throws TypeError for times that are none
 */
export function earPayload(appraisal: Appraisal, verdict: Verdict, options: EarOptions): JsonObject {
  const { dialect = 'trustee', extra = {}, issuer, issuedAt, expiresAt } = options
  const names = EAR_NAMES[dialect]
  return {
    ...extra,
    eat_profile: names.profile,
    iss: issuer,
    iat: seconds(issuedAt, 'issuedAt'),
    exp: seconds(expiresAt, 'expiresAt'),
    [names.verifierId]: { developer: options.verifierId.developer, build: options.verifierId.build },
    ...nonceClaim(options.nonce),
    ...(options.rawEvidence === undefined ? {} : { [names.rawEvidence]: options.rawEvidence }),
    submods: submodulesOf(appraisal, verdict, options),
    ...(appraisal.context.emulated ? { 'sekisho.emulated': true } : {}),
  }
}

function seconds(at: Date, what: string): number {
  const value = Math.floor(at.getTime() / 1000)
  if (!Number.isSafeInteger(value)) throw new TypeError(`${what}: expected a time`)
  return value
}

// EAT, section 4.1: 8 to 64 bytes, as text 12 to 88 characters.
function nonceClaim(nonce: string): JsonObject {
  return nonce.length >= 12 && nonce.length <= 88 ? { eat_nonce: nonce } : {}
}

// The KBS protocol, section 7: classes with numbers. The first submodule speaks for the whole, parts included;
// each GPU beside it has one of its own.
function submodulesOf(appraisal: Appraisal, verdict: Verdict, options: EarOptions): JsonObject {
  const isGpu = (one: Verdict): boolean => one.tee === 'nvidia-gpu'
  const gpus = isGpu(verdict) ? [] : (verdict.parts ?? []).filter((part) => isGpu(part.verdict))
  const { references } = appraisal
  const { issuedAt: at } = options
  return {
    [isGpu(verdict) ? 'gpu0' : 'cpu0']: submoduleOf(appraisal, verdict, options, options.teeKey),
    ...Object.fromEntries(
      gpus.map(({ verdict: gpu }, i) => [
        `gpu${i}`,
        submoduleOf(appraise(gpu, { references, at }), gpu, options, undefined),
      ]),
    ),
  }
}

function submoduleOf(
  appraisal: Appraisal,
  verdict: Verdict,
  options: EarOptions,
  teeKey: JsonWebKey | undefined,
): JsonObject {
  const { policyIds, nonce, dialect = 'trustee' } = options
  const names = EAR_NAMES[dialect]
  return {
    [names.status]: appraisal.status,
    [names.vector]: vectorClaim(appraisal.vector),
    [names.policyIds]: dialect === 'draft' ? [...policyIds] : policyIds.join(' ') || 'default',
    [names.annotatedEvidence]: annotated(appraisal, verdict, nonce, teeKey),
  }
}

function vectorClaim(vector: TrustVector): JsonObject {
  const claims: Record<string, Json> = {}
  for (const category of TRUST_CATEGORIES) {
    const claim = vector[category]
    if (claim !== undefined) claims[category] = claim
  }
  return claims
}

function annotated(appraisal: Appraisal, verdict: Verdict, nonce: string, teeKey: JsonWebKey | undefined): JsonObject {
  const { context } = appraisal
  return {
    [verdict.tee]: defined({
      vendor: context.vendor,
      product: context.product,
      isolation: context.isolation,
      hardware: context.hardware,
      debug: context.debug,
      launch_measurement: context.measurement,
      runtime_measurements: context.registers,
      signer: context.signer,
      svn: context.svn,
      host_data: context.hostData,
      hardware_id: context.hardwareId,
      tcb: defined(context.tcb),
    }),
    ...(context.userData === undefined ? {} : { report_data: context.userData }),
    ...(context.hostData === undefined ? {} : { init_data: context.hostData }),
    ...(teeKey === undefined ? {} : { runtime_data_claims: { 'tee-pubkey': publicMembers(teeKey), nonce } }),
    'sekisho.references': [...appraisal.references],
    'sekisho.evidence-sha256': verdict.evidence.sha256,
  }
}

const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'alg', 'use', 'kid'] as const

function publicMembers(key: JsonWebKey & { readonly kid?: string }): JsonObject {
  const members: Record<string, Json> = {}
  for (const name of PUBLIC_MEMBERS) {
    const value = key[name]
    if (typeof value === 'string') members[name] = value
  }
  return members
}

// Undefined members are left out, as JSON has none.
function defined(value: Readonly<Record<string, Json | undefined>>): JsonObject {
  const members: Record<string, Json> = {}
  for (const [name, member] of Object.entries(value)) if (member !== undefined) members[name] = member
  return members
}
