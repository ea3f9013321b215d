import { createHash } from 'node:crypto'

/** RFC 6962, section 2.1, as its formulas stand: recursive and slow, to compare the tree with. */
export function naiveRoot(entries: readonly Uint8Array[]): Buffer {
  const [only] = entries
  if (only === undefined) return sha256()
  if (entries.length === 1) return sha256(Buffer.of(0), only)
  const k = splitPoint(entries.length)
  return sha256(Buffer.of(1), naiveRoot(entries.slice(0, k)), naiveRoot(entries.slice(k)))
}

/** PATH(m, D[n]) of section 2.1.1. */
export function naivePath(m: number, entries: readonly Uint8Array[]): readonly Buffer[] {
  if (entries.length === 1) return []
  const k = splitPoint(entries.length)
  return m < k
    ? [...naivePath(m, entries.slice(0, k)), naiveRoot(entries.slice(k))]
    : [...naivePath(m - k, entries.slice(k)), naiveRoot(entries.slice(0, k))]
}

/** PROOF(m, D[n]) of section 2.1.2, for 0 < m < n. */
export function naiveProof(m: number, entries: readonly Uint8Array[]): readonly Buffer[] {
  return subproof(m, entries, true)
}

function subproof(m: number, entries: readonly Uint8Array[], whole: boolean): readonly Buffer[] {
  if (m === entries.length) return whole ? [] : [naiveRoot(entries)]
  const k = splitPoint(entries.length)
  return m <= k
    ? [...subproof(m, entries.slice(0, k), whole), naiveRoot(entries.slice(k))]
    : [...subproof(m - k, entries.slice(k), false), naiveRoot(entries.slice(0, k))]
}

function splitPoint(n: number): number {
  let k = 1
  while (2 * k < n) k *= 2
  return k
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}
