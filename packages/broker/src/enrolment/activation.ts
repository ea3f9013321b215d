import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { EvidenceError, toHex } from '@sekisho/evidence'
import {
  algorithmId,
  attributeNames,
  type ObjectAttribute,
  parsePublic,
  publicKeyOf,
  readTpmChain,
  spkiOf,
  type TpmPublic,
} from '@sekisho/evidence/tpm'
import { type Credential, makeCredential } from './credential.ts'
import { join, uint } from './tpm-bytes.ts'

/** What a machine sends to have its attestation key enrolled. Nothing of it is believed before the activation. */
export interface EnrolmentRequest {
  /** TPMT_PUBLIC or TPM2B_PUBLIC. */
  readonly akPublic: Uint8Array
  /** TPMT_PUBLIC or TPM2B_PUBLIC. */
  readonly ekPublic: Uint8Array
  /** DER, leaf first. */
  readonly ekCertificates: readonly Uint8Array[]
}

/** An enrolment that waits for its answer, to be used once. */
export interface PendingEnrolment {
  /** SHA-256 of the secret: whoever reads it cannot answer with it. */
  readonly secretSha256: Uint8Array
  /** Name of the attestation key, hex. */
  readonly akName: string
  /** SHA-256 of the endorsement key's SubjectPublicKeyInfo, hex: the TPM, whichever keys it makes. */
  readonly ekSha256: string
}

/** A key, certificate or answer of an enrolment is not what it must be. The message begins with the member's name. */
export class EnrolmentError extends Error {
  override readonly name = 'EnrolmentError'
}

const AK_NEEDS: readonly ObjectAttribute[] = ['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'sign']
const EK_NEEDS: readonly ObjectAttribute[] = ['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'decrypt']
const SECRET_BYTES = 32
const LEAST_RSA_BITS = 2048

/**
 * The verifier's first half of a credential activation: checks the attributes of both keys and that the certificate
 * is for this endorsement key, and makes a credential with a fresh secret. Who signed the certificate is another
 * question, asked of a list of roots.
 *
 * @throws EnrolmentError when a key or certificate cannot be read, or is not what it must be
 * @see TCG TPM 2.0 Library, part 1, section 24
 */
export function startEnrolment(request: EnrolmentRequest): {
  readonly credential: Credential
  readonly pending: PendingEnrolment
} {
  const ak = readArea('akPublic', request.akPublic)
  const ek = readArea('ekPublic', request.ekPublic)
  requireAttributes('akPublic', ak, AK_NEEDS, 'decrypt')
  requireAttributes('ekPublic', ek, EK_NEEDS, 'sign')
  if (ek.type === 'rsa' && ek.keyBits < LEAST_RSA_BITS)
    throw new EnrolmentError(`ekPublic: the endorsement key has ${ek.keyBits} bits only`)
  requireCertified(ek, request.ekCertificates)
  const akName = akNameOf(ak)
  if (akName === undefined)
    throw new EnrolmentError(`akPublic: the attestation key is named by ${ak.nameAlg}, which is not accepted`)
  const secret = new Uint8Array(randomBytes(SECRET_BYTES))
  const credential = credentialFor(ek, akName, secret)
  const secretSha256 = digest(secret)
  secret.fill(0)
  const ekSha256 = toHex(digest(spkiOf(publicKeyOf(ek))))
  return { credential, pending: { secretSha256, akName: toHex(akName), ekSha256 } }
}

/**
 * The verifier's second half: whether what the TPM gave is the secret, compared in constant time. A machine that lacks
 * one of the two keys cannot give it.
 */
export function isActivated({ secretSha256 }: Pick<PendingEnrolment, 'secretSha256'>, answer: Uint8Array): boolean {
  const found = digest(answer)
  return found.length === secretSha256.length && timingSafeEqual(found, secretSha256)
}

/**
 * Name of a key: the id of its hash, then the digest of its public area. Undefined for a hash that is not accepted.
 * @see TCG TPM 2.0 Library, part 1, section 16
 */
export function akNameOf({ nameAlg, bytes }: Pick<TpmPublic, 'nameAlg' | 'bytes'>): Uint8Array | undefined {
  if (nameAlg !== 'sha256' && nameAlg !== 'sha384' && nameAlg !== 'sha512') return undefined
  return join(uint(algorithmId(nameAlg), 2), new Uint8Array(createHash(nameAlg).update(bytes).digest()))
}

function readArea(field: string, bytes: Uint8Array): TpmPublic {
  try {
    return parsePublic(bytes)
  } catch (cause) {
    if (!(cause instanceof EvidenceError)) throw cause
    throw new EnrolmentError(`${field}: no public area of a TPM's key: ${cause.message}`, { cause })
  }
}

function requireAttributes(
  field: 'akPublic' | 'ekPublic',
  area: TpmPublic,
  needed: readonly ObjectAttribute[],
  forbidden: ObjectAttribute,
): void {
  const what = field === 'akPublic' ? 'attestation' : 'endorsement'
  const found = attributeNames(area)
  const missing = needed.filter((name) => !found.includes(name))
  if (missing.length > 0) throw new EnrolmentError(`${field}: the ${what} key is not ${missing.join(', ')}`)
  if (found.includes(forbidden)) throw new EnrolmentError(`${field}: the ${what} key may also ${forbidden}`)
}

function requireCertified(ek: TpmPublic, [leaf]: readonly Uint8Array[]): void {
  if (leaf === undefined) throw new EnrolmentError('ekCertificates: there is no certificate of the endorsement key')
  const { links, errors } = readTpmChain([leaf], [])
  const certified = links[0]?.certificate.key
  if (certified === undefined)
    throw new EnrolmentError('ekCertificates: the certificate of the endorsement key cannot be read', {
      cause: errors[0],
    })
  const own = publicKeyOf(ek)
  if (own.kind !== certified.kind || Buffer.compare(own.bytes, certified.bytes) !== 0)
    throw new EnrolmentError('ekCertificates: the certificate is for another endorsement key')
}

function credentialFor(ek: TpmPublic, akName: Uint8Array, secret: Uint8Array): Credential {
  try {
    return makeCredential({ ekPublic: ek.bytes, akName, secret })
  } catch (cause) {
    // A point that is on no curve, an exponent of one: keys that nothing can be encrypted to.
    const why = cause instanceof TypeError ? cause.message.replace(/^ekPublic(\.nameAlg)? /, '') : 'it is no valid key'
    throw new EnrolmentError(`ekPublic: nothing can be protected for the endorsement key: ${why}`, { cause })
  }
}

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}
