import { equalBytes } from './bytes.ts'

/** The Merkle tree of RFC 6962, section 2.1 (RFC 9162, section 2.1), over SHA-256 of Web Crypto. Hashes are 32 bytes. */
export const HASH_BYTES = 32

/** Leaves a log can hold here. Up to it, logarithms of sizes are exact. */
export const MAX_SIZE: number = 2 ** 48

/** A hash, or bytes to be hashed. */
export type Bytes = Uint8Array<ArrayBuffer>

/** A tree as a verifier knows it. */
export interface TreeHead {
  readonly size: number
  readonly root: Bytes
}

/** A complete subtree: `level` 0 is a leaf, and the subtree covers leaves `index * 2^level` and on. */
export interface NodeId {
  readonly level: number
  readonly index: number
}

/** Hash of a leaf: SHA-256(0x00 || entry). */
export function hashLeaf(entry: Bytes): Promise<Bytes> {
  const data = new Uint8Array(1 + entry.length)
  data.set(entry, 1)
  return sha256(data)
}

/** Hash of a node: SHA-256(0x01 || left || right). */
export function hashNode(left: Bytes, right: Bytes): Promise<Bytes> {
  const data = new Uint8Array(1 + 2 * HASH_BYTES)
  data[0] = 1
  data.set(left, 1)
  data.set(right, 1 + HASH_BYTES)
  return sha256(data)
}

/** The root over complete subtrees, the largest (leftmost) first; the hash of nothing for none. */
export async function rootOf(frontier: readonly Bytes[]): Promise<Bytes> {
  let root: Bytes | undefined
  for (const hash of [...frontier].reverse()) root = root === undefined ? hash : await hashNode(hash, root)
  return root ?? sha256(new Uint8Array(0))
}

/**
 * The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2); undefined when the proof has not the length that
 * `index` and `size` ask for. The caller compares it with a root that is signed.
 */
export async function rootFromInclusion(
  leaf: Bytes,
  index: number,
  size: number,
  proof: readonly Bytes[],
): Promise<Bytes | undefined> {
  if (!isSize(size) || !isSize(index) || index >= size || !proof.every(isHash)) return undefined
  const last = proof.at(-1)
  if (size === 1) return last === undefined ? leaf : undefined
  if (last === undefined) return undefined
  const middle = split(size)
  const rest = proof.slice(0, -1)
  const left = index < middle
  const inner = left
    ? await rootFromInclusion(leaf, index, middle, rest)
    : await rootFromInclusion(leaf, index - middle, size - middle, rest)
  if (inner === undefined) return undefined
  return left ? hashNode(inner, last) : hashNode(last, inner)
}

/** Whether the first tree is the beginning of the second: nothing of it was altered, removed or moved (RFC 9162, section 2.1.4.2). */
export async function isConsistent(first: TreeHead, second: TreeHead, proof: readonly Bytes[]): Promise<boolean> {
  if (!isSize(first.size) || !isSize(second.size) || first.size > second.size || !proof.every(isHash)) return false
  if (first.size === 0) return proof.length === 0 && equalBytes(first.root, await rootOf([]))
  const roots = await rootsFromConsistency(first, second.size, true, proof)
  return roots !== undefined && equalBytes(roots.first, first.root) && equalBytes(roots.second, second.root)
}

interface Roots {
  readonly first: Bytes
  readonly second: Bytes
}

async function rootsFromConsistency(
  first: TreeHead,
  size: number,
  whole: boolean,
  proof: readonly Bytes[],
): Promise<Roots | undefined> {
  const last = proof.at(-1)
  const rest = proof.slice(0, -1)
  if (first.size === size) {
    if (whole) return last === undefined ? { first: first.root, second: first.root } : undefined
    return last !== undefined && rest.length === 0 ? { first: last, second: last } : undefined
  }
  if (last === undefined) return undefined
  const middle = split(size)
  if (first.size <= middle) {
    const left = await rootsFromConsistency(first, middle, whole, rest)
    return left && { first: left.first, second: await hashNode(left.second, last) }
  }
  const right = await rootsFromConsistency({ ...first, size: first.size - middle }, size - middle, false, rest)
  return right && { first: await hashNode(last, right.first), second: await hashNode(last, right.second) }
}

/** The subtrees an inclusion proof is made of, each element the root over one list. @throws RangeError when the tree has no such leaf */
export function inclusionNodes(index: number, size: number): readonly (readonly NodeId[])[] {
  if (!isSize(size) || !isSize(index) || index >= size) throw new RangeError(`no leaf ${index} in ${size}`)
  const proof: (readonly NodeId[])[] = []
  let begin = 0
  let end = size
  while (end - begin > 1) {
    const middle = begin + split(end - begin)
    proof.push(index < middle ? nodesOfRange(middle, end) : nodesOfRange(begin, middle))
    if (index < middle) end = middle
    else begin = middle
  }
  return proof.reverse()
}

/** The subtrees a consistency proof is made of; none when the sizes are equal or `first` is 0. @throws RangeError when `first` is larger */
export function consistencyNodes(first: number, second: number): readonly (readonly NodeId[])[] {
  if (!isSize(first) || !isSize(second) || first > second) throw new RangeError(`${first} leaves are not in ${second}`)
  if (first === 0 || first === second) return []
  const proof: (readonly NodeId[])[] = []
  let begin = 0
  let end = second
  while (end !== first) {
    const middle = begin + split(end - begin)
    proof.push(first <= middle ? nodesOfRange(middle, end) : nodesOfRange(begin, middle))
    if (first <= middle) end = middle
    else begin = middle
  }
  // The verifier knows the root of the first tree; what is left is part of it, unless it is all of it.
  if (begin > 0) proof.push(nodesOfRange(begin, end))
  return proof.reverse()
}

function nodesOfRange(begin: number, end: number): readonly NodeId[] {
  const nodes: NodeId[] = []
  for (let at = begin; at < end; ) {
    const level = Math.floor(Math.log2(end - at))
    nodes.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return nodes
}

/** Whether a number can be the size of a log. */
export function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0 && size <= MAX_SIZE
}

/** The largest power of two below `size`. */
function split(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1)
}

function isHash(hash: Bytes): boolean {
  return hash.length === HASH_BYTES
}

async function sha256(data: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', data))
}
