import { concatBytes, toHex } from '../core/bytes.ts'
import { uncompressed } from './ec-key.ts'
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
  type SignatureScheme,
  schemeHash,
  settleRare,
} from './jobs.ts'

/** WebCrypto has no synchronous calls. */
export const synchronous: boolean = false

/** @throws TypeError always: WebCrypto is asynchronous; use the asynchronous verify. */
export function settleNow(_jobs: readonly Job[]): void {
  throw new TypeError('this runtime has asynchronous cryptography only: use the verify function that returns a promise')
}

/** Settles every job that has no result yet, side by side, with WebCrypto. */
export async function settle(jobs: readonly Job[]): Promise<void> {
  // Chains share certificates and lists, and a list of jobs names theirs more than once: none has a result before all do.
  const open = [...new Set(jobs)].filter((job) => job.result === undefined)
  const running: (void | Promise<void>)[] = []
  // Some runtimes import keys while everything waits. One after the other, so that the first check runs beside the next import.
  for (const job of open) {
    if (job.kind !== 'signature') continue
    if (job.published !== undefined && (await isPublished(job.published))) {
      job.result = true
      continue
    }
    const key = await importKey(job.key, job.scheme)
    running.push(settleSignature(job, key))
  }
  for (const job of open) if (job.kind !== 'signature' && job.result === undefined) running.push(settleOther(job))
  await Promise.all(running)
}

async function isPublished({ digest: one, among }: NonNullable<SignatureJob['published']>): Promise<boolean> {
  one.result ??= await digest(one.algorithm, one.data)
  return among.includes(toHex(one.result))
}

async function settleSignature(job: SignatureJob, key: CryptoKey | undefined): Promise<void> {
  job.result = key !== undefined && mayVerify(job) && (await checkSignature(job, key))
}

async function settleOther(job: Exclude<Job, SignatureJob>): Promise<void> {
  if (job.kind === 'digest') job.result = await digest(job.algorithm, job.data)
  else await settleRare(job)
}

/** Settles a {@link ReplayJob}. */
export async function replay(job: ReplayJob): Promise<void> {
  let register = job.initial
  for (const event of job.events) {
    register = await digest(job.algorithm, concatBytes(register, event))
    job.steps?.push(register)
  }
  job.result = register
}

// `sha256` is `SHA-256` here.
function webHash(algorithm: DigestAlgorithm): string {
  return `SHA-${algorithm.slice(3)}`
}

async function digest(algorithm: DigestAlgorithm, data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(webHash(algorithm), source(data)))
}

/** A digest of bytes that come piece by piece. WebCrypto digests whole inputs only: the pieces are kept until then. */
export function createDigester(algorithm: DigestAlgorithm): Digester {
  const pieces: Uint8Array[] = []
  return {
    update: (piece) => void pieces.push(piece),
    digest: () => digest(algorithm, concatBytes(...pieces)),
  }
}

/** Settles an {@link HmacJob}. */
export async function hmac(job: HmacJob): Promise<void> {
  const { algorithm, key, data } = job
  const parameters = { name: 'HMAC', hash: webHash(algorithm) }
  const imported = await crypto.subtle.importKey('raw', source(key), parameters, false, ['sign'])
  job.result = new Uint8Array(await crypto.subtle.sign(parameters, imported, source(data)))
}

/** Settles a {@link CipherJob}. */
export async function decipher(job: CipherJob): Promise<void> {
  const { mode, key, iv, aad, data } = job
  const name = mode === 'gcm' ? 'AES-GCM' : 'AES-CTR'
  const imported = await crypto.subtle.importKey('raw', source(key), name, false, ['decrypt'])
  const one = {
    name,
    iv: source(iv),
    additionalData: source(aad ?? new Uint8Array(0)),
    counter: source(iv),
    length: 128,
  }
  try {
    job.result = new Uint8Array(await crypto.subtle.decrypt(one, imported, source(data)))
  } catch {
    // The tag does not hold.
    job.result = false
  }
}

async function checkSignature(job: SignatureJob, key: CryptoKey): Promise<boolean> {
  const hash = schemeHash(job.scheme)
  const hashBytes = hash === 'sha1' ? 20 : Number(hash.slice(3)) / 8
  const parameters = { name: webName(job.key, job.scheme), hash: webHash(hash) }
  try {
    for (const saltLength of job.anySalt?.(job.key, hashBytes) ?? [hashBytes]) {
      if (await crypto.subtle.verify({ ...parameters, saltLength }, key, source(job.signature), source(job.data)))
        return true
    }
    return false
  } catch {
    // Some runtimes throw for a key that cannot verify at all: that is a no.
    return false
  }
}

/**
 * A {@link SignatureJob}'s `anySalt`. WebCrypto takes one length at a time: the usual two first, the hash's and the
 * largest, then all others.
 */
export const anySalt: SaltLengths = (key, usual) => {
  const largest = Math.ceil(((key.kind === 'RSA' ? key.bits : 0) - 1) / 8) - usual - 2
  const others = Array.from({ length: Math.max(0, largest) }, (_, length) => length)
  return [usual, ...(largest > usual ? [largest] : []), ...others.filter((length) => length !== usual)]
}

function webName(key: PublicKey, scheme: SignatureScheme): string {
  if (key.kind !== 'RSA') return 'ECDSA'
  return scheme.startsWith('rsassa-pss') ? 'RSA-PSS' : 'RSASSA-PKCS1-v1_5'
}

// A private marker, so that a handle made elsewhere is never taken for a key of ours.
class Imports {
  readonly #keys = new Map<string, Promise<CryptoKey | undefined>>()

  // WebCrypto ties an RSA key to its scheme: one import for each.
  get(key: PublicKey, scheme: SignatureScheme): Promise<CryptoKey | undefined> {
    const use = key.kind === 'RSA' ? scheme : ''
    const imported = this.#keys.get(use) ?? tryImport(key, scheme)
    this.#keys.set(use, imported)
    return imported
  }
}

function importKey(key: PublicKey, scheme: SignatureScheme): Promise<CryptoKey | undefined> {
  const imports = key.handle instanceof Imports ? key.handle : new Imports()
  key.handle = imports
  return imports.get(key, scheme)
}

// Raw points and JWK: an SPKI takes Node.js and others seven times as long to read.
async function tryImport(key: PublicKey, scheme: SignatureScheme): Promise<CryptoKey | undefined> {
  const parameters = { name: webName(key, scheme), namedCurve: key.kind, hash: webHash(schemeHash(scheme)) }
  try {
    return key.kind === 'RSA'
      ? await crypto.subtle.importKey('jwk', key.jwk(), parameters, false, ['verify'])
      : await crypto.subtle.importKey('raw', uncompressed(key.bytes), parameters, false, ['verify'])
  } catch {
    // Not a key of its kind (a point off the curve, say): nothing verifies under it.
    return undefined
  }
}

// The one place where our byte strings meet WebCrypto, which takes no views on shared memory: copy those.
function source(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)
}
