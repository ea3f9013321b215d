import type { DigestAlgorithm, Job, KeyKind, PublicKey, SignatureJob } from './jobs.ts'

/** WebCrypto has no synchronous calls. */
export const synchronous: boolean = false

/** @throws TypeError always: WebCrypto is asynchronous; use the asynchronous verify. */
export function settleNow(_jobs: readonly Job[]): void {
  throw new TypeError('this runtime has asynchronous cryptography only: use the verify function that returns a promise')
}

/** Settles every job that has no result yet, side by side, with WebCrypto. */
export async function settle(jobs: readonly Job[]): Promise<void> {
  await Promise.all(jobs.map(settleOne))
}

async function settleOne(job: Job): Promise<void> {
  if (job.result !== undefined) return
  switch (job.kind) {
    case 'signature':
      job.result = await checkSignature(job)
      return
    case 'digest':
      job.result = await digest(job.algorithm, job.data)
      return
    case 'replay': {
      let register = job.initial
      for (const event of job.events) {
        const both = new Uint8Array(register.length + event.length)
        both.set(register)
        both.set(event, register.length)
        register = await digest(job.algorithm, both)
        job.steps?.push(register)
      }
      job.result = register
    }
  }
}

const DIGESTS: Readonly<Record<DigestAlgorithm, string>> = { sha256: 'SHA-256', sha384: 'SHA-384', sha512: 'SHA-512' }

async function digest(algorithm: DigestAlgorithm, data: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(DIGESTS[algorithm], source(data)))
}

async function checkSignature(job: SignatureJob): Promise<boolean> {
  const key = await importKey(job.key)
  if (key === undefined) return false
  try {
    return await crypto.subtle.verify(SCHEMES[job.scheme], key, source(job.signature), source(job.data))
  } catch {
    // Some runtimes throw for a key that cannot verify at all: that is a no.
    return false
  }
}

const SCHEMES: Readonly<Record<SignatureJob['scheme'], EcdsaParams | RsaPssParams>> = {
  'ecdsa-p256-sha256': { name: 'ECDSA', hash: 'SHA-256' },
  'ecdsa-p384-sha384': { name: 'ECDSA', hash: 'SHA-384' },
  'rsassa-pss-sha384': { name: 'RSA-PSS', saltLength: 48 },
}

const IMPORTS: Readonly<Record<KeyKind, EcKeyImportParams | RsaHashedImportParams>> = {
  'P-256': { name: 'ECDSA', namedCurve: 'P-256' },
  'P-384': { name: 'ECDSA', namedCurve: 'P-384' },
  RSA: { name: 'RSA-PSS', hash: 'SHA-384' },
}

// A private marker, so that a handle made elsewhere is never taken for a key of ours.
class Importing {
  readonly key: Promise<CryptoKey | undefined>
  constructor(key: Promise<CryptoKey | undefined>) {
    this.key = key
  }
}

function importKey(key: PublicKey): Promise<CryptoKey | undefined> {
  if (key.handle instanceof Importing) return key.handle.key
  const importing = new Importing(tryImport(key))
  key.handle = importing
  return importing.key
}

async function tryImport(key: PublicKey): Promise<CryptoKey | undefined> {
  try {
    const parameters = IMPORTS[key.kind]
    return key.kind === 'RSA'
      ? await crypto.subtle.importKey('spki', rsaSpki(key.bytes), parameters, false, ['verify'])
      : await crypto.subtle.importKey('raw', uncompressed(key.bytes), parameters, false, ['verify'])
  } catch {
    // Not a key of its kind (a point off the curve, say): nothing verifies under it.
    return undefined
  }
}

function uncompressed(point: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(1 + point.length)
  bytes[0] = 4
  bytes.set(point, 1)
  return bytes
}

// SubjectPublicKeyInfo { rsaEncryption, NULL } around a PKCS #1 key (RFC 8017, appendix A.1): WebCrypto takes no PKCS #1.
function rsaSpki(pkcs1: Uint8Array): Uint8Array<ArrayBuffer> {
  const algorithm = [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00]
  const bits = [0x03, ...derLength(pkcs1.length + 1), 0x00]
  return Uint8Array.from([
    0x30,
    ...derLength(algorithm.length + bits.length + pkcs1.length),
    ...algorithm,
    ...bits,
    ...pkcs1,
  ])
}

function derLength(length: number): number[] {
  if (length < 0x80) return [length]
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
}

// The one place where our byte strings meet WebCrypto, which takes no views on shared memory: copy those.
function source(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new Uint8Array(bytes)
}
