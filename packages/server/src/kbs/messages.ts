import { KbsError } from './errors.ts'

/** A TEE public key as JSON web key; every member is bound into the evidence as it was sent. */
export type TeeKey = Readonly<Record<string, unknown>>

/** POST `/auth`. */
export interface KbsRequest {
  readonly tee: string
}

/** POST `/attest`. */
export interface KbsAttestation {
  readonly runtimeData: { readonly nonce: string; readonly teePubkey: TeeKey }
  readonly primaryEvidence: unknown
  /** As sent: it is hashed as text. */
  readonly additionalEvidence: string
  readonly initData: { readonly format: 'toml'; readonly body: string } | undefined
}

/** `tee` values of kbs-types, and the spellings it had before 0.13. */
const TEES: ReadonlyMap<string, string> = new Map([
  ...['az-snp-vtpm', 'az-tdx-vtpm', 'nvidia', 'sgx', 'snp', 'tdx', 'cca', 'csv', 'se', 'hygondcu', 'tpm'].map(
    (tee) => [tee, tee] as const,
  ),
  ...['sample', 'sampledevice', 'sev'].map((tee) => [tee, tee] as const),
  // Not the protocol's: it has no name for these, and their guests ask for secrets all the same.
  ['nitro', 'nitro'],
  ['psa', 'psa'],
  ['azsnpvtpm', 'az-snp-vtpm'],
  ['aztdxvtpm', 'az-tdx-vtpm'],
])

const VERSION_0_4 = /^0\.4\.(?:0|[1-9]\d{0,8})$/

/**
 * Reads the request of a handshake.
 *
 * @throws KbsError `SerdeError` naming the member; `AttestationError` with the words clients look for when the
 *   protocol version is not 0.4.x.
 */
export function readKbsRequest(value: unknown): KbsRequest {
  const body = objectAt(value, 'the request')
  const version = textAt(body, 'version')
  if (!VERSION_0_4.test(version)) {
    throw new KbsError(
      'AttestationError',
      'KBS Client Protocol Version Mismatch: this server speaks 0.4.0, the request is of another version',
    )
  }
  if (!('extra-params' in body)) throw serde('member `extra-params` is missing')
  const tee = TEES.get(textAt(body, 'tee'))
  if (tee === undefined) throw serde(`member \`tee\` must be one of ${[...TEES.keys()].join(', ')}`)
  return { tee }
}

/** Reads an attestation. @throws KbsError `SerdeError` naming the member. */
export function readAttestation(value: unknown): KbsAttestation {
  const body = objectAt(value, 'the attestation')
  const runtime = objectAt(body['runtime-data'], 'member `runtime-data`')
  const evidence = objectAt(body['tee-evidence'], 'member `tee-evidence`')
  if (!('primary_evidence' in evidence)) throw serde('member `primary_evidence` is missing')
  return {
    runtimeData: { nonce: textAt(runtime, 'nonce'), teePubkey: readTeeKey(runtime['tee-pubkey']) },
    primaryEvidence: evidence['primary_evidence'],
    additionalEvidence: textAt(evidence, 'additional_evidence'),
    initData: readInitData(body['init-data']),
  }
}

/** Members of a key of each kind, besides `kty` and `alg`. */
const KEY_MEMBERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['EC', ['crv', 'x', 'y']],
  ['RSA', ['n', 'e']],
])
const BASE64URL = /^[A-Za-z0-9_-]{1,2048}$/

function readTeeKey(value: unknown): TeeKey {
  const key = objectAt(value, 'member `tee-pubkey`')
  const kty = textAt(key, 'kty')
  const members = KEY_MEMBERS.get(kty)
  if (members === undefined) throw serde('member `kty` of `tee-pubkey` must be EC or RSA')
  textAt(key, 'alg')
  for (const name of members) {
    if (!BASE64URL.test(textAt(key, name)))
      throw serde(`member \`${name}\` of \`tee-pubkey\` must be base64url without padding`)
  }
  return key
}

function readInitData(value: unknown): KbsAttestation['initData'] {
  if (value === undefined || value === null) return undefined
  const data = objectAt(value, 'member `init-data`')
  if (textAt(data, 'format') !== 'toml') throw serde('member `format` of `init-data` must be toml')
  return { format: 'toml', body: textAt(data, 'body') }
}

function objectAt(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw serde(`${what} must be a JSON object`)
  return value as Readonly<Record<string, unknown>>
}

function textAt(object: Readonly<Record<string, unknown>>, name: string): string {
  const value = object[name]
  if (typeof value !== 'string') throw serde(`member \`${name}\` must be a text`)
  return value
}

function serde(detail: string): KbsError {
  return new KbsError('SerdeError', detail)
}
