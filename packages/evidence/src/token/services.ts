import { isObject, type JsonObject, memberOf, textOf } from '../core/json.ts'
import type { SignatureScheme } from '../crypto/jobs.ts'
import { EAR_PROFILES } from '../eat/ear.ts'
import { submodulesBelow } from '../eat/eat.ts'
import { isNestedIta } from './ita.ts'

/**
 * Who made a token, as its claims tell: Microsoft Azure Attestation, Google Confidential Space, Intel
 * Trust Authority, NVIDIA's remote attestation service, a verifier that writes EAR, the attestation service
 * of Confidential Containers before it did, whoever else signs entity attestation tokens (EAT), or nobody known.
 */
export type TokenService = 'azure' | 'confidential-space' | 'ita' | 'nras' | 'ear' | 'coco' | 'eat' | 'unknown'

/** What is known of a service. */
export interface ServiceRule {
  readonly name: string
  readonly vendor: string
  /** Signature algorithms that this issuer uses; checked before any key is looked at. */
  readonly algorithms: readonly string[]
  /** The one issuer there is; undefined where each instance has its own name, which the caller pins. */
  readonly issuer?: string
  /** Whether tokens must carry an end of validity. */
  readonly expires: boolean
}

const EVERY: readonly string[] = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512']

/** Rules by service. */
export const SERVICES: Readonly<Record<TokenService, ServiceRule>> = {
  azure: { name: 'Microsoft Azure Attestation', vendor: 'microsoft', algorithms: ['RS256'], expires: true },
  'confidential-space': {
    name: 'Google Confidential Space',
    vendor: 'google',
    algorithms: ['RS256'],
    issuer: 'https://confidentialcomputing.googleapis.com',
    expires: true,
  },
  ita: { name: 'Intel Trust Authority', vendor: 'intel', algorithms: ['PS384', 'RS256'], expires: true },
  nras: {
    name: 'NVIDIA remote attestation service',
    vendor: 'nvidia',
    algorithms: ['ES384'],
    issuer: 'https://nras.attestation.nvidia.com',
    expires: true,
  },
  ear: {
    name: 'a verifier of the RATS architecture (EAR)',
    vendor: 'verifier',
    algorithms: EVERY,
    expires: false,
  },
  coco: {
    name: 'the attestation service of Confidential Containers',
    vendor: 'verifier',
    algorithms: ['RS384', 'ES256'],
    issuer: 'CoCo-Attestation-Service',
    expires: true,
  },
  eat: {
    name: 'the issuer of an entity attestation token (EAT)',
    vendor: 'unknown',
    algorithms: EVERY,
    expires: false,
  },
  unknown: { name: 'an unknown service', vendor: 'unknown', algorithms: EVERY, expires: true },
}

const SCHEMES: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  ['RS256', 'rsassa-pkcs1-sha256'],
  ['RS384', 'rsassa-pkcs1-sha384'],
  ['RS512', 'rsassa-pkcs1-sha512'],
  ['PS256', 'rsassa-pss-sha256'],
  ['PS384', 'rsassa-pss-sha384'],
  ['PS512', 'rsassa-pss-sha512'],
  ['ES256', 'ecdsa-sha256'],
  ['ES384', 'ecdsa-sha384'],
  ['ES512', 'ecdsa-sha512'],
])

const KEY_KINDS: ReadonlyMap<string, string> = new Map([
  ['ES256', 'P-256'],
  ['ES384', 'P-384'],
  ['ES512', 'P-521'],
])

/** The scheme of an `alg` value; undefined for `none`, for MACs and for anything unknown. @see RFC 7518, section 3.1 */
export function schemeOf(alg: string | undefined): SignatureScheme | undefined {
  return alg === undefined ? undefined : SCHEMES.get(alg)
}

/** The kind of key that an `alg` value needs. */
export function keyKindOf(alg: string): string {
  return KEY_KINDS.get(alg) ?? 'RSA'
}

/** Whose token it is. Claims decide, which are believed only once the issuer's own key has signed them. */
export function serviceOf(claims: JsonObject): TokenService {
  const issuer = textOf(claims, 'iss')
  if (EAR_PROFILES.includes(textOf(claims, 'eat_profile') ?? '')) return 'ear'
  if (memberOf(claims, 'x-ms-attestation-type') !== undefined) return 'azure'
  if (issuer === SERVICES['confidential-space'].issuer) return 'confidential-space'
  if (issuer === SERVICES.nras.issuer) return 'nras'
  if (
    memberOf(claims, 'attester_type') !== undefined ||
    memberOf(claims, 'policy_ids_matched') !== undefined ||
    isNestedIta(claims)
  )
    return 'ita'
  if (issuer === SERVICES.coco.issuer && memberOf(claims, 'tcb-status') !== undefined) return 'coco'
  if (memberOf(claims, 'x-nvidia-overall-att-result') !== undefined) return 'nras'
  return isOtherEat(claims) ? 'eat' : 'unknown'
}

/** Profiles of Arm's tokens, which are judged as evidence of their own kinds, by the rules of these. */
const ARM = /^(?:PSA_IOT_|tag:arm\.com,|https?:\/\/arm\.com\/|tag:psacertified\.org,)/i

/** Claims of known services. What they mean for a verdict is in the rules of these, whatever profile a token names. */
const OF_SERVICES = /^(?:ear[._]|x-ms-|x-nvidia-|attester_|policy_ids_|verifier_nonce$)/

function isOtherEat(claims: JsonObject): boolean {
  const profile = memberOf(claims, 'eat_profile')
  if (profile === undefined || (typeof profile === 'string' && ARM.test(profile))) return false
  const below = submodulesBelow(claims).sets.map(([, one]) => one)
  const all = [claims, ...below].flatMap((one) => [one, ...Object.values(one)])
  return !all.some((one) => isObject(one) && Object.keys(one).some((name) => OF_SERVICES.test(name)))
}
