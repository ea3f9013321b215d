import { decipher, hmac, settle } from '#crypto'
import { concatBytes, equalBytes, Reader } from '../core/bytes.ts'
import type { CipherJob, HmacJob } from '../crypto/jobs.ts'
import { u32 } from './numbers.ts'

/** Size of a launch session blob. */
export const SEV_SESSION_SIZE = 128
/** Size of the header of a secret packet. */
export const SEV_SECRET_HEADER_SIZE = 52

/**
 * A launch session: the owner's transport keys, wrapped for one platform.
 * @see AMD 55766 (SEV API), LAUNCH_START, "Session data"
 */
export interface SevSession {
  readonly nonce: Uint8Array
  readonly wrappedKeys: Uint8Array
  readonly wrapIv: Uint8Array
  readonly wrapMac: Uint8Array
  readonly policyMac: Uint8Array
}

/** Parses the 128 bytes of a session. @throws EvidenceError */
export function parseSevSession(input: Uint8Array): SevSession {
  const reader = new Reader(new Uint8Array(input))
  const session = {
    nonce: reader.bytes(16, 'session.nonce'),
    wrappedKeys: reader.bytes(32, 'session.wrapTk'),
    wrapIv: reader.bytes(16, 'session.wrapIv'),
    wrapMac: reader.bytes(32, 'session.wrapMac'),
    policyMac: reader.bytes(32, 'session.policyMac'),
  }
  reader.end('session')
  return session
}

/** The bytes of a session. */
export function encodeSevSession({ nonce, wrappedKeys, wrapIv, wrapMac, policyMac }: SevSession): Uint8Array {
  return concatBytes(nonce, wrappedKeys, wrapIv, wrapMac, policyMac)
}

/** What a session comes to for somebody who has its shared secret. */
export interface OpenedSevSession {
  readonly masterSecret: Uint8Array
  readonly kek: Uint8Array
  readonly kik: Uint8Array
  readonly tek: Uint8Array
  readonly tik: Uint8Array
  /** Whether both MACs hold: the keys were wrapped under this secret, and for a launch with this policy. */
  readonly wrapMacHolds: boolean
  readonly policyMacHolds: boolean
}

/**
 * Opens a session and checks its two MACs.
 *
 * @param z x coordinate of the shared point of the owner's key and the PDH, big-endian, 48 bytes. The
 *   key agreement is the guest owner's: this package holds no private keys.
 */
export async function openSevSession(session: SevSession, z: Uint8Array, policy: number): Promise<OpenedSevSession> {
  const masterSecret = await derive(z, 'sev-master-secret', session.nonce)
  const kek = await derive(masterSecret, 'sev-kek')
  const kik = await derive(masterSecret, 'sev-kik')
  const keys = await counterMode(kek, session.wrapIv, session.wrappedKeys)
  const tik = keys.subarray(16)
  return {
    masterSecret,
    kek,
    kik,
    tek: keys.subarray(0, 16),
    tik,
    wrapMacHolds: equalBytes(await authenticate(kik, session.wrappedKeys), session.wrapMac),
    policyMacHolds: equalBytes(await authenticate(tik, u32(policy)), session.policyMac),
  }
}

/** The KDF of the SEV API: SP 800-108 in counter mode, one block of HMAC-SHA-256, 128 bits. */
async function derive(key: Uint8Array, label: string, context: Uint8Array = new Uint8Array(0)): Promise<Uint8Array> {
  const text = Uint8Array.from(label, (letter) => letter.charCodeAt(0))
  const block = await authenticate(key, concatBytes(u32(1), text, Uint8Array.of(0), context, u32(128)))
  return block.subarray(0, 16)
}

async function authenticate(key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const job: HmacJob = { kind: 'hmac', by: hmac, algorithm: 'sha256', key, data }
  await settle([job])
  return job.result ?? new Uint8Array(0)
}

async function counterMode(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const job: CipherJob = { kind: 'cipher', by: decipher, mode: 'ctr', key, iv, data }
  await settle([job])
  return job.result || new Uint8Array(0)
}

/** A secret as LAUNCH_SECRET takes it. */
export interface SevSecret {
  readonly flags: number
  readonly iv: Uint8Array
  readonly mac: Uint8Array
  readonly ciphertext: Uint8Array
}

/** Parses the header of a packet. @throws EvidenceError */
export function parseSevSecretHeader(input: Uint8Array): Omit<SevSecret, 'ciphertext'> {
  const reader = new Reader(new Uint8Array(input))
  const header = {
    flags: reader.u32('secret.flags'),
    iv: reader.bytes(16, 'secret.iv'),
    mac: reader.bytes(32, 'secret.mac'),
  }
  reader.end('secret')
  return header
}

/**
 * Opens a secret packet: what it holds, and whether its MAC ties it to the launch with this measure.
 *
 * @param measure the 32 bytes of the launch measurement
 */
export async function openSevSecret(
  secret: SevSecret,
  keys: { readonly tek: Uint8Array; readonly tik: Uint8Array },
  measure: Uint8Array,
): Promise<{ readonly data: Uint8Array; readonly macHolds: boolean }> {
  const { flags, iv, ciphertext, mac } = secret
  const length = u32(ciphertext.length)
  const made = await authenticate(
    keys.tik,
    concatBytes(Uint8Array.of(1), u32(flags), iv, length, length, ciphertext, measure),
  )
  return { data: await counterMode(keys.tek, iv, ciphertext), macHolds: equalBytes(made, mac) }
}
