import { hash } from 'node:crypto'

/** The Merkle tree of RFC 6962, section 2.1 (RFC 9162, section 2.1), over SHA-256. Hashes are 32 bytes. */
export const HASH_BYTES = 32

/** A complete subtree: `level` 0 is a leaf, and the subtree covers leaves `index * 2^level` and on. */
export interface NodeId {
  readonly level: number
  readonly index: number
}

/** The roots of the complete subtrees that make up a tree, the largest (leftmost) first. */
export type Frontier = readonly Uint8Array[]

/** Hash of a leaf: SHA-256(0x00 || entry). */
export function hashLeaf(entry: Uint8Array): Uint8Array {
  const data = new Uint8Array(1 + entry.length)
  data.set(entry, 1)
  return sha256(data)
}

/** Hash of a node: SHA-256(0x01 || left || right). */
export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  const data = new Uint8Array(1 + 2 * HASH_BYTES)
  data[0] = 1
  data.set(left, 1)
  data.set(right, 1 + HASH_BYTES)
  return sha256(data)
}

/**
 * The frontier of a tree of `size` leaves with one more leaf, and the complete subtrees that this
 * leaf ends (without the leaf itself), from the lowest up.
 */
export function appendLeaf(
  frontier: Frontier,
  size: number,
  leaf: Uint8Array,
): { readonly frontier: Frontier; readonly nodes: readonly (NodeId & { readonly hash: Uint8Array })[] } {
  const rest = [...frontier]
  const nodes: (NodeId & { readonly hash: Uint8Array })[] = []
  let hash = leaf
  for (let level = 0, index = size; index % 2 === 1; ) {
    const left = rest.pop()
    if (left === undefined) throw new RangeError('the frontier does not belong to a tree of this size')
    hash = hashNode(left, hash)
    index = (index - 1) / 2
    level++
    nodes.push({ level, index, hash })
  }
  rest.push(hash)
  return { frontier: rest, nodes }
}

/** The root of a tree: of its frontier, or the hash of nothing when it is empty. */
export function rootOf(frontier: Frontier): Uint8Array {
  let root = frontier.at(-1)
  if (root === undefined) return sha256(new Uint8Array(0))
  for (let i = frontier.length - 2; i >= 0; i--) root = hashNode(frontier[i] as Uint8Array, root)
  return root
}

/**
 * An inclusion proof as the complete subtrees it is made of: each element of the proof is the root
 * over one list ({@link rootOf}). RFC 9162, section 2.1.3.1.
 *
 * @throws RangeError when the tree has no such leaf
 */
export function inclusionNodes(index: number, size: number): readonly (readonly NodeId[])[] {
  checkSize(size)
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`a tree of ${size} leaves has no leaf ${index}`)
  }
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

/**
 * A consistency proof as the complete subtrees it is made of, see {@link inclusionNodes}. RFC 9162,
 * section 2.1.4.1. Empty when the sizes are equal or `first` is 0.
 *
 * @throws RangeError when `first` is larger than `second`
 */
export function consistencyNodes(first: number, second: number): readonly (readonly NodeId[])[] {
  checkSize(second)
  checkSize(first)
  if (first > second) throw new RangeError(`a tree of ${first} leaves is not part of one of ${second}`)
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

/** The complete subtrees of a range of leaves that is a subtree of some tree: the largest first. */
export function nodesOfRange(begin: number, end: number): readonly NodeId[] {
  const nodes: NodeId[] = []
  for (let at = begin; at < end; ) {
    const level = Math.floor(Math.log2(end - at))
    nodes.push({ level, index: at / 2 ** level })
    at += 2 ** level
  }
  return nodes
}

/**
 * The root that an inclusion proof leads to, or undefined when the proof has not the length that
 * `index` and `size` ask for. The caller compares it with a root it trusts.
 */
export function rootFromInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  if (!isSize(size) || !isSize(index) || index >= size || !proof.every(isHash)) return undefined
  const last = proof.at(-1)
  if (size === 1) return last === undefined ? leaf : undefined
  if (last === undefined) return undefined
  const middle = split(size)
  const rest = proof.slice(0, -1)
  const inner =
    index < middle
      ? rootFromInclusion(leaf, index, middle, rest)
      : rootFromInclusion(leaf, index - middle, size - middle, rest)
  if (inner === undefined) return undefined
  return index < middle ? hashNode(inner, last) : hashNode(last, inner)
}

/** A tree as a verifier knows it. */
export interface TreeHead {
  readonly size: number
  readonly root: Uint8Array
}

/** Whether the first tree is the beginning of the second: nothing of it was altered, removed or moved. */
export function isConsistent(first: TreeHead, second: TreeHead, proof: readonly Uint8Array[]): boolean {
  if (!isSize(first.size) || !isSize(second.size) || first.size > second.size || !proof.every(isHash)) return false
  if (first.size === 0) return proof.length === 0 && equal(first.root, rootOf([]))
  const roots = rootsFromConsistency(first, second.size, true, proof)
  return roots !== undefined && equal(roots.first, first.root) && equal(roots.second, second.root)
}

interface Roots {
  readonly first: Uint8Array
  readonly second: Uint8Array
}

function rootsFromConsistency(
  first: TreeHead,
  size: number,
  whole: boolean,
  proof: readonly Uint8Array[],
): Roots | undefined {
  const last = proof.at(-1)
  const rest = proof.slice(0, -1)
  if (first.size === size) {
    if (whole) return last === undefined ? { first: first.root, second: first.root } : undefined
    return last !== undefined && rest.length === 0 ? { first: last, second: last } : undefined
  }
  if (last === undefined) return undefined
  const middle = split(size)
  if (first.size <= middle) {
    const left = rootsFromConsistency(first, middle, whole, rest)
    return left && { first: left.first, second: hashNode(left.second, last) }
  }
  const right = rootsFromConsistency({ ...first, size: first.size - middle }, size - middle, false, rest)
  return right && { first: hashNode(last, right.first), second: hashNode(last, right.second) }
}

/** Whether two byte strings are the same. Not in constant time: hashes of a public log are no secrets. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** The largest power of two below `size`. */
function split(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1)
}

function isHash(hash: Uint8Array): boolean {
  return hash.length === HASH_BYTES
}

function isSize(size: number): boolean {
  return Number.isSafeInteger(size) && size >= 0 && size <= MAX_SIZE
}

function checkSize(size: number): void {
  if (!isSize(size)) throw new RangeError(`no tree has ${size} leaves`)
}

/** Leaves a log can hold here. Up to it, logarithms of sizes are exact. */
export const MAX_SIZE: number = 2 ** 48

function sha256(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer')
}
