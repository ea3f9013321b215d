import { settleNow } from '#crypto'
import type { PublicKey } from '../crypto/jobs.ts'
import type { Signed } from './signature.ts'

export type { PublicKey } from '../crypto/jobs.ts'
export { AMD } from './amd-algorithms.ts'
export { type Certificate, type Extension, parseCertificate } from './certificate.ts'
export { type Crl, parseCrl } from './crl.ts'
export type { Name } from './name.ts'
export { decodePem } from './pem.ts'
export { Signed } from './signature.ts'
export { WIDE } from './wide-algorithms.ts'

/**
 * Whether a signature verifies under `key`: for whoever checks endorsements before they are kept. Where
 * cryptography is synchronous only (Node.js).
 *
 * @throws TypeError elsewhere
 */
export function verifiesUnder(signed: Signed, key: PublicKey): boolean {
  const job = signed.by(key)
  if (job === undefined) return false
  settleNow([job])
  return job.result === true
}
