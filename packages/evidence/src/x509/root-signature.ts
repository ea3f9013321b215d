import type { SignatureJob } from '../crypto/jobs.ts'
import type { Certificate } from './certificate.ts'

// A check that was made holds for as long as the certificate lives, as with other signatures.
const CHECKS: WeakMap<Certificate, { readonly job: SignatureJob | undefined }> = new WeakMap()

/**
 * The check of a root's own signature. Certificates that the vendor has published are known byte for byte, and theirs
 * is not computed: where it verifies is no news, and any change makes another certificate of them.
 *
 * @param published SHA-256 of those certificates, hex; the same list whenever this root is asked about
 * @returns undefined when it cannot verify under any circumstances
 */
export function rootSignature(root: Certificate, published: readonly string[]): SignatureJob | undefined {
  const known = CHECKS.get(root)
  if (known !== undefined) return known.job
  const own = root.key === undefined ? undefined : root.signed.by(root.key)
  const job: SignatureJob | undefined = own && { ...own, published: { digest: root.digest, among: published } }
  CHECKS.set(root, { job })
  return job
}
