import { createDecipheriv, createHash, createHmac, createPublicKey, diffieHellman } from 'node:crypto'
import {
  basicConstraints,
  distinguishedName,
  generateKey,
  issueCertificate,
  type KeyPair,
  keyUsage,
  namedKey,
  rawPoint,
  toPem,
} from '@sekisho/emulator/kit'
import { eccSeed } from '../../src/enrolment/credential.ts'
import { join, sized, uint } from '../../src/enrolment/tpm-bytes.ts'
import type { Credential, EnrolmentRequest } from '../../src/index.ts'

const YEAR_MS = 365 * 24 * 60 * 60 * 1000

/** A maker of TPMs: a root, and what is between it and endorsement keys. DER. */
export interface Maker {
  readonly root: Uint8Array
  readonly intermediate: Uint8Array
  readonly pem: string
  /** The certificate of an endorsement key. */
  certify(key: KeyPair): Uint8Array
}

/** A maker of this name; its keys are made once a process. */
export function makerNamed(name: string): Maker {
  const nameOf = (part: string): Uint8Array => distinguishedName(['O', name], ['CN', `${name} ${part}`])
  const [rootKey, middleKey] = [namedKey(`${name} root`, 'P-384'), namedKey(`${name} middle`, 'P-384')]
  const issue = (subject: string, key: KeyPair, issuer: string, issuerKey: KeyPair, ca: boolean): Uint8Array =>
    issueCertificate({
      subject: nameOf(subject),
      issuer: nameOf(issuer),
      serial: 7,
      notBefore: new Date(Date.now() - YEAR_MS),
      notAfter: new Date(Date.now() + YEAR_MS),
      subjectKey: key,
      issuerKey,
      algorithm: 'ecdsa-p384-sha384',
      extensions: [basicConstraints(ca), keyUsage(...(ca ? (['keyCertSign'] as const) : (['keyAgreement'] as const)))],
    })
  const root = issue('root', rootKey, 'root', rootKey, true)
  const intermediate = issue('middle', middleKey, 'root', rootKey, true)
  const pem = `${toPem(intermediate)}${toPem(root)}`
  return { root, intermediate, pem, certify: (key) => issue('EK', key, 'middle', middleKey, false) }
}

/** What holds an endorsement key and attestation keys, as a TPM does. */
export interface SoftTpm {
  /** A new attestation key each time. */
  request(): EnrolmentRequest
  /** The secret of a credential for this attestation key. */
  open(credential: Credential, akPublic: Uint8Array): Uint8Array
}

const NULL = uint(0x10, 2)
const SHA256 = uint(0x0b, 2)

function area(key: KeyPair, attributes: number, parameters: Uint8Array): Uint8Array {
  const point = rawPoint(key)
  const unique = join(sized(point.slice(0, 32)), sized(point.slice(32)))
  return join(uint(0x23, 2), SHA256, uint(attributes, 4), sized(new Uint8Array()), parameters, unique)
}

/** A TPM of a maker, with a P-256 endorsement key and AES-128. */
export function softTpm(maker: Pick<Maker, 'certify'>): SoftTpm {
  const ek = generateKey('P-256')
  const aes = join(uint(6, 2), uint(128, 2), uint(0x43, 2))
  const ekPublic = area(ek, 0x000300b2, join(aes, NULL, uint(3, 2), NULL))
  return {
    request: () => ({
      akPublic: area(generateKey('P-256'), 0x00050072, join(NULL, uint(0x18, 2), SHA256, uint(3, 2), NULL)),
      ekPublic,
      ekCertificates: [maker.certify(ek)],
    }),
    open({ credentialBlob, encryptedSecret }, akPublic) {
      const akName = join(SHA256, digest(akPublic))
      const [x, y] = [encryptedSecret.slice(4, 36), encryptedSecret.slice(38, 70)]
      const jwk = { kty: 'EC', crv: 'P-256', x: base64url(x), y: base64url(y) }
      const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
      const seed = eccSeed(
        'sha256',
        diffieHellman({ privateKey: ek.privateKey, publicKey }),
        x,
        rawPoint(ek).slice(0, 32),
      )
      // KDFa with one round: TCG TPM 2.0 Library, part 1, section 11.4.10.2.
      const key = createHmac('sha256', seed).update(uint(1, 4)).update('STORAGE\0').update(akName).update(uint(128, 4))
      const cipher = createDecipheriv('aes-128-cfb', key.digest().subarray(0, 16), new Uint8Array(16))
      const identity = credentialBlob.slice(2 + 2 + 32)
      return new Uint8Array(Buffer.concat([cipher.update(identity), cipher.final()]).subarray(2))
    },
  }
}

function digest(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url')
}
