import { decipher } from '#crypto'
import type { CipherJob } from '../crypto/jobs.ts'

/** Size of the tag of AES-256-GCM at the end of a header or request, in bytes. */
export const TAG_SIZE = 16

/** A header or a request: its last bytes are the encrypted part, then the tag. */
interface Sealed {
  /** The whole. */
  readonly bytes: Uint8Array
  /** The encrypted part, without its tag. */
  readonly encrypted: Uint8Array
  readonly iv: Uint8Array
}

/** Opens what is encrypted; the tag also covers everything in front. @param protectionKey AES-256, 32 bytes */
export function sealedJob({ bytes, encrypted, iv }: Sealed, protectionKey: Uint8Array): CipherJob {
  const covered = bytes.length - encrypted.length - TAG_SIZE
  return {
    kind: 'cipher',
    by: decipher,
    mode: 'gcm',
    key: protectionKey,
    iv,
    aad: bytes.subarray(0, covered),
    data: bytes.subarray(covered),
  }
}
