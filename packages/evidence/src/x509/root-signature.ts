import { toHex } from '../core/bytes.ts'
import type { SignatureJob } from '../crypto/jobs.ts'
import type { Certificate } from './certificate.ts'

/**
 * The check of a root's own signature. Certificates that the vendor has published are known byte for byte, and theirs
 * is not computed: where it verifies is no news, and any change makes another certificate of them.
 *
 * @param published SHA-256 of those certificates, hex; the same list whenever this root is asked about
 * @returns undefined when it cannot verify under any circumstances
 */
export function rootSignature(root: Certificate, published: readonly string[]): SignatureJob | undefined {
  const job = root.key && root.signed.by(root.key)
  if (job === undefined || job.published !== undefined) return job
  job.published = { digest: root.digest, among: published }
  rootsOf(published).last = root
  return job
}

interface Roots {
  /** Certificates that are published, as their digests have shown: by them. */
  readonly met: Map<string, Certificate>
  /** The one asked about last: whether it is published is known once its digest is. */
  last: Certificate | undefined
}

const ROOTS: WeakMap<readonly string[], Roots> = new WeakMap()

function rootsOf(published: readonly string[]): Roots {
  const known = ROOTS.get(published)
  if (known !== undefined) return known
  const roots: Roots = { met: new Map(), last: undefined }
  ROOTS.set(published, roots)
  return roots
}

/**
 * Published roots that were parsed before, to begin a pool of certificates with: what came with every quote of a vendor
 * is not parsed and digested each time. They are the vendor's own bytes, and their dates and keys are judged on each use.
 */
export function knownRoots(published: readonly string[]): Certificate[] {
  const roots = rootsOf(published)
  const { met, last } = roots
  if (last?.digest.result !== undefined && last.spkiDigest.result !== undefined) {
    const digest = toHex(last.digest.result)
    if (published.includes(digest)) met.set(digest, Object.freeze(last))
    roots.last = undefined
  }
  return [...met.values()]
}
