import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import {
  algorithmId,
  attributeNames,
  type ObjectAttribute,
  parsePublic,
  publicKeyOf,
  type TpmActivation,
  type TpmPublic,
} from '@sekisho/evidence/tpm'
import { type Credential, makeCredential } from './credential.ts'
import { certifiedKey, isSameKey } from './tpm/certificates.ts'
import { TpmError } from './tpm/errors.ts'
import { join, uint } from './tpm/marshal.ts'

/** What a machine sends to have its attestation key enrolled. Nothing of it is believed before the activation. */
export interface EnrolmentRequest {
  /** TPMT_PUBLIC or TPM2B_PUBLIC. */
  readonly akPublic: Uint8Array
  /** TPMT_PUBLIC or TPM2B_PUBLIC. */
  readonly ekPublic: Uint8Array
  /** DER, leaf first. */
  readonly ekCertificates: readonly Uint8Array[]
}

/** An enrolment that waits for its answer: for the verifier to keep, as it holds the secret, and to use once. */
export interface PendingEnrolment {
  readonly secret: Uint8Array
  readonly activation: TpmActivation
}

const AK_NEEDS: readonly ObjectAttribute[] = ['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'sign']
const EK_NEEDS: readonly ObjectAttribute[] = ['fixedTPM', 'fixedParent', 'sensitiveDataOrigin', 'restricted', 'decrypt']
const SECRET_BYTES = 32
const LEAST_RSA_BITS = 2048

/**
 * The verifier's first half of a credential activation: checks the attributes of both keys and that the certificate
 * is for this endorsement key, and makes a credential with a fresh secret. The certificates' chain is judged later,
 * by `verifyTpm`, whose option `activation` the outcome of {@link finishEnrolment} is.
 *
 * @throws EvidenceError when a public area cannot be read
 * @throws TpmError `mismatch` when a key is not what it must be
 */
export function startEnrolment(request: EnrolmentRequest): {
  readonly credential: Credential
  readonly pending: PendingEnrolment
} {
  const ak = parsePublic(request.akPublic)
  const ek = parsePublic(request.ekPublic)
  requireAttributes('attestation', ak, AK_NEEDS, 'decrypt')
  requireAttributes('endorsement', ek, EK_NEEDS, 'sign')
  if (ek.type === 'rsa' && ek.keyBits < LEAST_RSA_BITS)
    throw new TpmError('mismatch', `the endorsement key has ${ek.keyBits} bits only`)
  const [leaf] = request.ekCertificates
  if (leaf === undefined) throw new TpmError('mismatch', 'there is no certificate of the endorsement key')
  if (!isSameKey(certifiedKey(leaf, 'the certificate of the endorsement key'), publicKeyOf(ek)))
    throw new TpmError('mismatch', 'the certificate is for another endorsement key')
  const akName = nameOf(ak)
  const secret = new Uint8Array(randomBytes(SECRET_BYTES))
  return {
    credential: makeCredential({ ekPublic: ek.bytes, akName, secret }),
    pending: {
      secret,
      activation: {
        akName: Buffer.from(akName).toString('hex'),
        ekCertificates: request.ekCertificates.map((der) => new Uint8Array(der)),
      },
    },
  }
}

/**
 * The verifier's second half: compares what the TPM gave with the secret, in constant time.
 * @returns what `verifyTpm` takes as `activation`
 * @throws TpmError `mismatch` when it is another
 */
export function finishEnrolment({ secret, activation }: PendingEnrolment, answer: Uint8Array): TpmActivation {
  if (answer.length !== secret.length || !timingSafeEqual(answer, secret))
    throw new TpmError('mismatch', 'the machine did not activate the credential: it lacks one of the two keys')
  return activation
}

function requireAttributes(
  what: string,
  area: TpmPublic,
  needed: readonly ObjectAttribute[],
  forbidden: ObjectAttribute,
): void {
  const found = attributeNames(area)
  const missing = needed.filter((name) => !found.includes(name))
  if (missing.length > 0) throw new TpmError('mismatch', `the ${what} key is not ${missing.join(', ')}`)
  if (found.includes(forbidden)) throw new TpmError('mismatch', `the ${what} key may also ${forbidden}`)
}

// TCG TPM 2.0 Library, part 1, section 16: the hash's id, then the digest of the public area.
function nameOf(area: TpmPublic): Uint8Array {
  const { nameAlg } = area
  if (nameAlg !== 'sha256' && nameAlg !== 'sha384' && nameAlg !== 'sha512')
    throw new TpmError('mismatch', `the attestation key is named by ${nameAlg}, which is not accepted`)
  return join(uint(algorithmId(nameAlg), 2), createHash(nameAlg).update(area.bytes).digest())
}
