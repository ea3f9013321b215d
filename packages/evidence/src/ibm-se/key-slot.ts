import { decipher, settle } from '#crypto'
import { concatBytes } from '../core/bytes.ts'
import { type CipherJob, sha256 } from '../crypto/jobs.ts'
import type { KeySlot } from './slots.ts'

/** A slot, opened. */
export interface OpenedKeySlot {
  readonly keyEncryptionKey: Uint8Array
  /** Undefined when the tag does not hold. */
  readonly protectionKey: Uint8Array | undefined
}

/**
 * Opens a key slot.
 *
 * @param z x coordinate of the shared point of customer and host key, 66 bytes: unlike stored
 *   coordinates it is not padded to 80. The key agreement is for whoever has one of the private keys.
 * @throws TypeError for a secret of another length
 */
export async function openSeKeySlot(slot: KeySlot, z: Uint8Array): Promise<OpenedKeySlot> {
  if (z.length !== 66) throw new TypeError('z: expected 66 bytes')
  const kek = sha256(concatBytes(z, Uint8Array.of(0, 0, 0, 1)))
  await settle([kek])
  const keyEncryptionKey = kek.result ?? new Uint8Array(0)
  const job: CipherJob = {
    kind: 'cipher',
    by: decipher,
    mode: 'gcm',
    key: keyEncryptionKey,
    iv: new Uint8Array(12),
    data: concatBytes(slot.wrappedKey, slot.tag),
  }
  await settle([job])
  return { keyEncryptionKey, protectionKey: job.result || undefined }
}
