import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  appendLeaf,
  consistencyNodes,
  type Frontier,
  hashLeaf,
  inclusionNodes,
  isConsistent,
  type NodeId,
  nodesOfRange,
  rootFromInclusion,
  rootOf,
} from '../../src/log/merkle.ts'
import { naivePath, naiveProof, naiveRoot } from './naive.ts'

/** A tree in memory, kept as the log keeps it in its tables. */
class Tree {
  readonly nodes = new Map<string, Uint8Array>()
  frontier: Frontier = []
  size = 0

  constructor(entries: readonly Uint8Array[]) {
    for (const entry of entries) {
      const leaf = hashLeaf(entry)
      this.nodes.set(`0/${this.size}`, leaf)
      const next = appendLeaf(this.frontier, this.size, leaf)
      for (const { level, index, hash } of next.nodes) this.nodes.set(`${level}/${index}`, hash)
      this.frontier = next.frontier
      this.size++
    }
  }

  roots(lists: readonly (readonly NodeId[])[]): readonly Uint8Array[] {
    return lists.map((list) => rootOf(list.map((id) => this.#hash(id))))
  }

  root(size: number): Uint8Array {
    return rootOf(nodesOfRange(0, size).map((id) => this.#hash(id)))
  }

  #hash({ level, index }: NodeId): Uint8Array {
    const hash = this.nodes.get(`${level}/${index}`)
    assert.ok(hash, `subtree ${level}/${index} is stored`)
    return hash
  }
}

const entryLists = fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 70 })

/** Entries, a size up to their number, and an index below that size. */
const leafOfTree = entryLists.chain((entries) =>
  fc.integer({ min: 1, max: entries.length }).chain((size) =>
    fc.record({
      entries: fc.constant(entries),
      size: fc.constant(size),
      index: fc.integer({ min: 0, max: size - 1 }),
    }),
  ),
)

const twoSizes = entryLists.chain((entries) =>
  fc.integer({ min: 1, max: entries.length }).chain((second) =>
    fc.record({
      entries: fc.constant(entries),
      second: fc.constant(second),
      first: fc.integer({ min: 1, max: second }),
    }),
  ),
)

// The inputs that certificate transparency's own implementations are tested with, and their roots.
const KNOWN_ENTRIES = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
const KNOWN_ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

describe('Merkle tree', () => {
  it('has the roots that RFC 6962 gives for known entries', () => {
    const tree = new Tree(KNOWN_ENTRIES.map((hex) => Buffer.from(hex, 'hex')))
    for (const [size, root] of KNOWN_ROOTS.entries()) assert.equal(Buffer.from(tree.root(size)).toString('hex'), root)
  })

  it('has the root of the naive tree at every size', () => {
    fc.assert(
      fc.property(leafOfTree, ({ entries, size }) => {
        const tree = new Tree(entries)
        assert.deepEqual(Buffer.from(tree.root(size)), naiveRoot(entries.slice(0, size)))
        assert.deepEqual(Buffer.from(rootOf(tree.frontier)), naiveRoot(entries))
      }),
    )
  })

  it('gives the inclusion proofs of the naive tree, and they verify', () => {
    fc.assert(
      fc.property(leafOfTree, ({ entries, size, index }) => {
        const proof = new Tree(entries).roots(inclusionNodes(index, size))
        const part = entries.slice(0, size)
        assert.deepEqual(
          proof.map((hash) => Buffer.from(hash)),
          naivePath(index, part),
        )
        const root = rootFromInclusion(hashLeaf(entries[index] as Uint8Array), index, size, proof)
        assert.deepEqual(root && Buffer.from(root), naiveRoot(part))
      }),
    )
  })

  it('refuses inclusion proofs of another index, size, entry or with a flipped bit', () => {
    const distinct = fc.integer({ min: 2, max: 70 }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        index: fc.integer({ min: 0, max: size - 1 }),
        other: fc.integer({ min: 0, max: 80 }),
        bit: fc.nat(),
      }),
    )
    fc.assert(
      fc.property(distinct, ({ size, index, other, bit }) => {
        const entries = Array.from({ length: size }, (_, i) => Buffer.from(`entry ${i}`))
        const tree = new Tree(entries)
        const proof = tree.roots(inclusionNodes(index, size))
        const leaf = hashLeaf(entries[index] as Uint8Array)
        const root = tree.root(size)
        const holds = (l: Uint8Array, i: number, n: number, p: readonly Uint8Array[]): boolean => {
          const led = rootFromInclusion(l, i, n, p)
          return led !== undefined && Buffer.compare(led, root) === 0
        }
        assert.ok(holds(leaf, index, size, proof))
        if (other !== index) assert.ok(!holds(leaf, other, size, proof))
        assert.ok(!holds(hashLeaf(Buffer.from('another')), index, size, proof))
        assert.ok(!holds(leaf, index, size, proof.slice(1)))
        assert.ok(!holds(leaf, index, size, [...proof, root]))
        assert.ok(!holds(leaf, index, size, flip(proof, bit)))
        for (const wrong of [-1, 0.5, Number.NaN, 2 ** 60]) assert.ok(!holds(leaf, wrong, size, proof))
      }),
    )
  })

  it('gives the consistency proofs of the naive tree, and they verify', () => {
    fc.assert(
      fc.property(twoSizes, ({ entries, first, second }) => {
        const tree = new Tree(entries)
        const proof = tree.roots(consistencyNodes(first, second))
        const expected = first === second ? [] : naiveProof(first, entries.slice(0, second))
        assert.deepEqual(
          proof.map((hash) => Buffer.from(hash)),
          expected,
        )
        const heads = [first, second].map((size) => ({ size, root: tree.root(size) })) as [Head, Head]
        assert.ok(isConsistent(heads[0], heads[1], proof))
      }),
    )
  })

  it('refuses consistency with a history that was changed, and proofs of other sizes', () => {
    const changes = fc.integer({ min: 2, max: 70 }).chain((second) =>
      fc.integer({ min: 1, max: second - 1 }).chain((first) =>
        fc.record({
          first: fc.constant(first),
          second: fc.constant(second),
          changed: fc.integer({ min: 0, max: first - 1 }),
          bit: fc.nat(),
        }),
      ),
    )
    fc.assert(
      fc.property(changes, ({ first, second, changed, bit }) => {
        const entries = Array.from({ length: second }, (_, i) => Buffer.from(`entry ${i}`))
        const before = new Tree(entries)
        const after = new Tree(entries.map((entry, i) => (i === changed ? Buffer.from('changed') : entry)))
        const old = { size: first, root: before.root(first) }
        const lists = consistencyNodes(first, second)
        assert.ok(!isConsistent(old, { size: second, root: after.root(second) }, after.roots(lists)))
        const proof = before.roots(lists)
        const now = { size: second, root: before.root(second) }
        assert.ok(isConsistent(old, now, proof))
        assert.ok(!isConsistent(old, now, flip(proof, bit)))
        assert.ok(!isConsistent(old, now, proof.slice(1)))
        assert.ok(!isConsistent(old, { ...now, size: second + 1 }, [...proof, now.root]))
        assert.ok(!isConsistent(now, old, proof))
      }),
    )
  })

  it('refuses positions that no tree has', () => {
    assert.throws(() => inclusionNodes(3, 3), RangeError)
    assert.throws(() => inclusionNodes(-1, 3), RangeError)
    assert.throws(() => inclusionNodes(0.5, 3), RangeError)
    assert.throws(() => consistencyNodes(4, 3), RangeError)
    assert.throws(() => consistencyNodes(1, 2 ** 60), RangeError)
  })

  it('places the subtrees of very large trees', () => {
    const size = 2 ** 40 + 3
    assert.equal(inclusionNodes(2 ** 40, size).length, 3)
    assert.deepEqual(nodesOfRange(0, size), [
      { level: 40, index: 0 },
      { level: 1, index: 2 ** 39 },
      { level: 0, index: 2 ** 40 + 2 },
    ])
  })
})

interface Head {
  readonly size: number
  readonly root: Uint8Array
}

/** A proof with one bit turned; where there is no hash to turn one in, a hash too many. */
function flip(proof: readonly Uint8Array[], bit: number): readonly Uint8Array[] {
  const bits = proof.length * 256
  if (bits === 0) return [Buffer.alloc(32)]
  const at = bit % bits
  return proof.map((hash, i) => {
    const copy = Buffer.from(hash)
    if (i === Math.floor(at / 256))
      copy[Math.floor((at % 256) / 8)] = (copy[Math.floor((at % 256) / 8)] ?? 0) ^ (1 << (at % 8))
    return copy
  })
}
