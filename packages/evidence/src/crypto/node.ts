import {
  constants,
  createDecipheriv,
  createHash,
  createHmac,
  createPublicKey,
  hash,
  type KeyObject,
  verify,
} from 'node:crypto'
import { toHex } from '../core/bytes.ts'
import {
  type CipherJob,
  type DigestAlgorithm,
  type Digester,
  type HmacJob,
  type Job,
  mayVerify,
  type PublicKey,
  type ReplayJob,
  type SaltLengths,
  type SignatureJob,
  schemeHash,
  settleRare,
} from './jobs.ts'

/** Whether {@link settleNow} can be used: node:crypto is synchronous. */
export const synchronous: boolean = true

/** Settles every job that has no result yet, with node:crypto. */
export function settleNow(jobs: readonly Job[]): void {
  for (const job of jobs) settleOne(job)
}

/** As {@link settleNow}: in Node.js the synchronous calls are the fastest ones. */
export function settle(jobs: readonly Job[]): Promise<void> {
  settleNow(jobs)
  return Promise.resolve()
}

function settleOne(job: Job): void {
  if (job.result !== undefined) return
  switch (job.kind) {
    case 'signature':
      job.result = checkSignature(job)
      return
    case 'digest':
      job.result = digest(job.algorithm, job.data)
      return
    default:
      void settleRare(job)
  }
}

/** Settles a {@link ReplayJob}. */
export function replay(job: ReplayJob): void {
  let register = job.initial
  for (const event of job.events) {
    register = createHash(job.algorithm).update(register).update(event).digest()
    job.steps?.push(new Uint8Array(register))
  }
  job.result = new Uint8Array(register)
}

/** Settles an {@link HmacJob}. */
export function hmac(job: HmacJob): void {
  job.result = new Uint8Array(createHmac(job.algorithm, job.key).update(job.data).digest())
}

/** Settles a {@link CipherJob}. */
export function decipher(job: CipherJob): void {
  job.result = opened(job)
}

// By way of text: a Buffer takes longer to make than its letters to read, and lies outside of the heap.
function digest(algorithm: DigestAlgorithm, data: Uint8Array): Uint8Array {
  const letters = hash(algorithm, data, 'binary')
  const result = new Uint8Array(letters.length)
  for (let i = 0; i < result.length; i++) result[i] = letters.charCodeAt(i)
  return result
}

/** A digest of bytes that come piece by piece; none is kept. */
export function createDigester(algorithm: DigestAlgorithm): Digester {
  const running = createHash(algorithm)
  return {
    update: (piece) => void running.update(piece),
    digest: () => Promise.resolve(new Uint8Array(running.copy().digest())),
  }
}

function opened({ mode, key, iv, aad, data }: CipherJob): Uint8Array | false {
  if (mode === 'ctr')
    return new Uint8Array(createDecipheriv(key.length === 16 ? 'aes-128-ctr' : 'aes-256-ctr', key, iv).update(data))
  const tag = data.length - 16
  if (tag < 0) return false
  const cipher = createDecipheriv(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, iv, { authTagLength: 16 })
  cipher.setAAD(aad ?? new Uint8Array(0)).setAuthTag(data.subarray(tag))
  try {
    return new Uint8Array(Buffer.concat([cipher.update(data.subarray(0, tag)), cipher.final()]))
  } catch {
    // The tag does not hold.
    return false
  }
}

// OpenSSL throws for some keys that cannot verify at all (an RSA modulus shorter than the padding): that is a no.
function checkSignature(job: SignatureJob): boolean {
  if (job.published !== undefined && isPublished(job.published)) return true
  const key = mayVerify(job) ? importKey(job.key) : undefined
  if (key === undefined) return false
  try {
    return verifies(job, key)
  } catch {
    return false
  }
}

function isPublished({ digest: one, among }: NonNullable<SignatureJob['published']>): boolean {
  one.result ??= digest(one.algorithm, one.data)
  return among.includes(toHex(one.result))
}

function verifies(job: SignatureJob, key: KeyObject): boolean {
  const hash = schemeHash(job.scheme)
  if (job.key.kind !== 'RSA') return verify(hash, job.data, { key, dsaEncoding: 'ieee-p1363' }, job.signature)
  if (!job.scheme.startsWith('rsassa-pss')) return verify(hash, job.data, key, job.signature)
  const saltLength = job.anySalt !== undefined ? constants.RSA_PSS_SALTLEN_AUTO : constants.RSA_PSS_SALTLEN_DIGEST
  const pss = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }
  return verify(hash, job.data, pss, job.signature)
}

/** A {@link SignatureJob}'s `anySalt`. OpenSSL finds the length in the signature: there is nothing to try. */
export const anySalt: SaltLengths = () => []

// A private marker, so that a handle made elsewhere is never taken for a key of ours.
class Imported {
  readonly key: KeyObject | undefined
  constructor(key: KeyObject | undefined) {
    this.key = key
  }
}

function importKey(key: PublicKey): KeyObject | undefined {
  if (key.handle instanceof Imported) return key.handle.key
  const imported = new Imported(tryImport(key))
  key.handle = imported
  return imported.key
}

const P384_SPKI_PREFIX: Buffer = Buffer.from('3076301006072a8648ce3d020106052b8104002203620004', 'hex')

// The cheapest door for each kind on Node.js 20: JWK for P-256 and P-521, SPKI for P-384, PKCS #1 for RSA.
function tryImport(key: PublicKey): KeyObject | undefined {
  try {
    switch (key.kind) {
      case 'P-256':
      case 'P-521': {
        const { buffer, byteOffset, length } = key.bytes
        const point = Buffer.from(buffer, byteOffset, length)
        const x = point.toString('base64url', 0, length / 2)
        const y = point.toString('base64url', length / 2)
        return createPublicKey({ format: 'jwk', key: { kty: 'EC', crv: key.kind, x, y } })
      }
      case 'P-384':
        return createPublicKey({ format: 'der', type: 'spki', key: Buffer.concat([P384_SPKI_PREFIX, key.bytes]) })
      case 'RSA':
        return createPublicKey({ format: 'der', type: 'pkcs1', key: Buffer.from(key.bytes) })
    }
  } catch {
    // Not a key of its kind (a point off the curve, say): nothing verifies under it.
    return undefined
  }
}
