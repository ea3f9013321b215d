import { readTpmChain } from '@sekisho/evidence/tpm'
import type { PublicKey } from '@sekisho/evidence/x509'
import { TpmError } from './errors.ts'

/** Most certificates that are cut out of one byte string. */
const MAX_CERTIFICATES = 8

/**
 * DER certificates that stand one after the other; what follows the last one, filler of an NV index, is left out.
 * @throws TpmError `response` when it does not begin with a whole certificate
 */
export function cutCertificates(bytes: Uint8Array, what: string): readonly Uint8Array[] {
  const found: Uint8Array[] = []
  let at = 0
  while (found.length < MAX_CERTIFICATES) {
    const length = sequenceLength(bytes, at)
    if (length === undefined || at + length > bytes.length) break
    found.push(bytes.slice(at, at + length))
    at += length
  }
  if (found.length === 0) throw new TpmError('response', `${what} holds no certificate`)
  return found
}

// Length of a DER SEQUENCE with its header, of 128 to 65,535 bytes of content: no certificate is shorter or longer.
function sequenceLength(bytes: Uint8Array, at: number): number | undefined {
  if (bytes[at] !== 0x30) return undefined
  const [form = 0, high = 0, low = 0] = bytes.subarray(at + 1, at + 4)
  if (form === 0x81) return 3 + high
  return form === 0x82 ? 4 + high * 256 + low : undefined
}

/** Key of a certificate. @throws TpmError `unsupported` when it cannot be read */
export function certifiedKey(certificate: Uint8Array, what: string): PublicKey {
  const { links, errors } = readTpmChain([certificate], [])
  const key = links[0]?.certificate.key
  if (key === undefined) throw new TpmError('unsupported', `the key of ${what} cannot be read`, { cause: errors[0] })
  return key
}

/** Whether two keys are the same. They are public. */
export function isSameKey(one: PublicKey, other: PublicKey): boolean {
  return one.kind === other.kind && Buffer.compare(one.bytes, other.bytes) === 0
}
