import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { proveConsistency, proveEntry } from '../src/log/consistency.ts'
import { proveDecision } from '../src/log/decision.ts'
import { hashLeaf, isConsistent, rootFromInclusion } from '../src/log/merkle.ts'
import { openCheckpoint, ProofError, readVerifierKey } from '../src/log/note.ts'
import { proveReceipt } from '../src/log/receipt.ts'
import { consistencyFromTiles, inclusionFromTiles, tilePath } from '../src/log/tiles.ts'
import { looked } from '../src/log/watch.ts'
import { entryOf, makeLog } from './log-kit.ts'

const bytes = (from: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(from)
const refusesWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof ProofError && error.code === code

describe('proofs of the log, against the definitions of RFC 6962', () => {
  it('every inclusion proof of every small tree leads to its root, and to no other', async () => {
    const log = makeLog(20)
    for (let size = 1; size <= 20; size++)
      for (let index = 0; index < size; index++) {
        const leaf = await hashLeaf(bytes(log.leaves[index] ?? new Uint8Array()))
        const path = log.path(index, size).map(bytes)
        assert.deepEqual(await rootFromInclusion(leaf, index, size, path), bytes(log.root(0, size)))
        assert.equal(await rootFromInclusion(leaf, index, size, [...path, leaf]), undefined)
        if (path.length > 0) assert.equal(await rootFromInclusion(leaf, index, size, path.slice(1)), undefined)
        const other = await rootFromInclusion(leaf, (index + 1) % size, size, path)
        if (size > 1) assert.notDeepEqual(other, bytes(log.root(0, size)))
      }
    assert.equal(await rootFromInclusion(bytes(log.root()), 3, 2 ** 60, []), undefined)
    assert.equal(await rootFromInclusion(bytes(log.root()), -1, 4, []), undefined)
  })

  it('every consistency proof of every pair of small trees holds, and fails with any hash altered', async () => {
    const log = makeLog(18)
    const head = (size: number) => ({ size, root: bytes(log.root(0, size)) })
    for (let second = 1; second <= 18; second++)
      for (let first = 0; first <= second; first++) {
        const proof = log.proof(first, second).map(bytes)
        assert.ok(await isConsistent(head(first), head(second), proof), `${first} ${second}`)
        for (const [i, hash] of proof.entries()) {
          const altered = proof.with(i, hash.with(0, (hash[0] ?? 0) ^ 1))
          assert.ok(!(await isConsistent(head(first), head(second), altered)), `${first} ${second} altered ${i}`)
        }
        if (first > 0 && first < second)
          assert.ok(!(await isConsistent({ ...head(first), root: bytes(log.root(0, second)) }, head(second), proof)))
      }
  })

  it('proofs from tiles are those of the definition, over several levels of tiles', async () => {
    const log = makeLog(700)
    const asked = new Set<string>()
    const read = async (path: string) => {
      asked.add(path)
      return log.tile(path)
    }
    for (const size of [1, 2, 255, 256, 257, 511, 512, 600, 700])
      for (const index of [0, 1, 255, 256, 300, 511, 599, 699].filter((one) => one < size))
        assert.deepEqual(
          (await inclusionFromTiles(read, index, size)).map((one) => Buffer.from(one)),
          log.path(index, size),
        )
    for (const [first, second] of [
      [1, 700],
      [255, 256],
      [256, 700],
      [300, 513],
      [512, 700],
      [699, 700],
    ] as const)
      assert.deepEqual(
        (await consistencyFromTiles(read, first, second)).map((one) => Buffer.from(one)),
        log.proof(first, second),
      )
    assert.ok(asked.has('tile/1/000.p/2') && asked.has('tile/0/001') && asked.has('tile/0/002.p/188'))
    assert.equal(tilePath(0, 1234067, 256), 'tile/0/x001/x234/067')
    await assert.rejects(
      inclusionFromTiles(async () => new Uint8Array(5), 3, 10),
      refusesWith('tile'),
    )
  })

  it('opens signed checkpoints of its own log only', async () => {
    const log = makeLog(5)
    const key = await readVerifierKey(`${log.key}\n`)
    const note = log.checkpoint()
    assert.equal((await openCheckpoint(note, key)).size, 5)
    const cosigned = `${note}\u2014 witness.example AAAAAAAA\n`
    assert.equal((await openCheckpoint(cosigned, key)).size, 5)
    for (let i = 0; i < note.length; i++) {
      const altered = `${note.slice(0, i)}${note[i] === 'A' ? 'B' : 'A'}${note.slice(i + 1)}`
      await assert.rejects(openCheckpoint(altered, key), ProofError, `character ${i}`)
    }
    for (const bad of ['', '\n\n', note.trimEnd(), `${note}\n`, note.replace('\n\n', '\n'), 'x'.repeat(200_000)])
      await assert.rejects(openCheckpoint(bad, key), ProofError)
    await assert.rejects(openCheckpoint(log.checkpoint(5, 'other.example/log'), key), refusesWith('origin'))
    const other = makeLog(5)
    await assert.rejects(openCheckpoint(other.checkpoint(), key), refusesWith('not-signed'))
    const [name = '', id = '', raw = ''] = log.key.split('+')
    const wrongId = `${name}+00000000+${log.key.slice(name.length + id.length + 2)}`
    await assert.rejects(readVerifierKey(wrongId), refusesWith('key-id'))
    for (const bad of ['', 'x', `${name}+${id}`, `a b+${id}+${raw}`, `${name}+${id}+AAAA`])
      await assert.rejects(readVerifierKey(bad), refusesWith('key-form'))
  })

  it('a receipt proves its entry; every alteration of it is refuted, at the step that it breaks', async () => {
    const log = makeLog(11)
    const key = await readVerifierKey(log.key)
    for (const index of [0, 7, 10]) assert.ok((await proveReceipt(log.receipt(index), key)).proven)
    const receipt = log.receipt(6)
    const failing = async (change: object): Promise<string | undefined> => {
      const { steps, proven } = await proveReceipt({ ...receipt, ...change }, key)
      assert.equal(proven, false)
      assert.equal(steps.length, 4)
      const at = steps.findIndex(({ outcome }) => outcome === 'fail')
      assert.ok(steps.slice(at + 1).every(({ outcome }) => outcome === 'unchecked'))
      return steps[at]?.fault
    }
    const proof = receipt['proof'] as readonly string[]
    assert.equal(await failing({ entry: { ...entryOf(6), outcome: 'released' } }), 'root')
    assert.equal(await failing({ entry: { ...entryOf(6), emulated: true } }), 'root')
    assert.equal(await failing({ entry: { ...entryOf(6), colour: 'red' } }), 'receipt-form')
    assert.equal(await failing({ entry: { ...entryOf(6), emulated: 'no' } }), 'receipt-form')
    assert.equal(await failing({ index: 5 }), 'root')
    assert.equal(await failing({ index: 11 }), 'proof-length')
    assert.equal(await failing({ size: 12 }), 'size')
    assert.equal(await failing({ proof: proof.slice(1) }), 'proof-length')
    assert.equal(await failing({ proof: proof.with(0, Buffer.alloc(32).toString('base64')) }), 'root')
    assert.equal(await failing({ proof: proof.with(0, 'AA==') }), 'receipt-form')
    assert.equal(await failing({ proof: Array.from({ length: 65 }, () => proof[0]) }), 'receipt-form')
    assert.equal(await failing({ checkpoint: log.checkpoint().replace('11', '12') }), 'signature')
    assert.equal(await failing({ checkpoint: makeLog(11).checkpoint() }), 'not-signed')
    for (const none of [undefined, null, 'x', [], {}, { schema: 'urn:sekisho:receipt:v1' }])
      assert.equal((await proveReceipt(none, key)).steps[0]?.fault, 'receipt-form')
  })

  it('a receipt of another decision, or a verdict that was exchanged, does not pass for this one', async () => {
    const log = makeLog(4)
    const key = await readVerifierKey(log.key)
    const { id, at, reason } = entryOf(2)
    const shown = {
      id: String(id),
      at: String(at),
      kind: 'admin',
      outcome: 'changed',
      emulated: false,
      reasonCode: String(reason),
      details: {},
    }
    const prove = (change: object) => proveDecision(log.receipt(2), key, 'default', { ...shown, ...change })
    assert.ok((await prove({})).proven)
    assert.equal((await prove({ outcome: 'refused' })).steps.at(-1)?.fault, 'decision')
    assert.equal((await prove({ emulated: true })).steps.at(-1)?.fault, 'decision')
    assert.equal((await prove({ resource: 'a/b/c' })).steps.at(-1)?.fault, 'decision')
    assert.equal((await prove({ details: { lease: 'lse_x' } })).steps.at(-1)?.fault, 'decision')
    assert.equal((await proveDecision(log.receipt(3), key, 'default', shown)).steps.at(-1)?.fault, 'decision')
    assert.equal((await proveDecision(log.receipt(2), key, 'other', shown)).steps.at(-1)?.fault, 'decision')
    const elsewhere = await prove({ verdict: { outcome: 'verified' } })
    assert.deepEqual([elsewhere.proven, elsewhere.verdictElsewhere, elsewhere.steps.length], [true, true, 5])
  })

  it('a log that was cut, rewritten or forked is refuted; tiles that were altered prove nothing', async () => {
    const log = makeLog(40)
    const key = await readVerifierKey(log.key)
    const read = async (path: string) => log.tile(path)
    const at = (size: number) => openCheckpoint(log.checkpoint(size), key)
    const [small, large] = [await at(9), await at(40)]
    assert.ok((await proveConsistency(read, small, large)).proven)
    const empty = await at(0)
    assert.ok((await proveConsistency(read, empty, large)).proven)
    const faultOf = async (...args: Parameters<typeof proveConsistency>) =>
      (await proveConsistency(...args)).steps.find(({ outcome }) => outcome === 'fail')?.fault
    assert.equal(await faultOf(read, large, small), 'shrunk')
    assert.equal(await faultOf(read, { ...large, root: small.root }, large), 'fork')
    assert.equal(await faultOf(read, { ...small, root: large.root }, large), 'fork')
    const altering = async (path: string) => log.tile(path).map((byte, i) => (i === 3 ? byte ^ 1 : byte))
    assert.equal(await faultOf(altering, small, large), 'fork')
    const entry = { index: 4, bytes: bytes(log.leaves[4] ?? new Uint8Array()) }
    assert.ok((await proveEntry(read, entry, large)).proven)
    assert.ok(!(await proveEntry(altering, entry, large)).proven)
    assert.ok(!(await proveEntry(read, { ...entry, index: 5 }, large)).proven)
    const other = Buffer.from(entry.bytes).toString().replace('changed', 'charged')
    assert.ok(!(await proveEntry(read, { index: 4, bytes: bytes(Buffer.from(other)) }, large)).proven)
    assert.equal((await proveEntry(read, { index: 4, bytes: new Uint8Array([255]) }, large)).steps[0]?.fault, 'entry')
  })

  it('remembers what it saw, and what does not continue it stays marked', async () => {
    const log = makeLog(30)
    const key = await readVerifierKey(log.key)
    const read = async (path: string) => log.tile(path)
    const first = await looked([], log.checkpoint(10), key, read, 1)
    assert.equal(first[0]?.continues, undefined)
    assert.equal(await looked(first, log.checkpoint(10), key, read, 2), first)
    const grown = await looked(first, log.checkpoint(30), key, read, 3)
    assert.deepEqual(
      grown.map(({ continues }) => continues),
      [undefined, true],
    )
    const cut = await looked(grown, log.checkpoint(20), key, read, 4)
    assert.deepEqual([cut.at(-1)?.continues, cut.at(-1)?.fault?.code], [false, 'shrunk'])
    const unsigned = await looked(grown, log.checkpoint(30).replace('30', '31'), key, read, 5)
    assert.deepEqual([unsigned.at(-1)?.checkpoint, unsigned.at(-1)?.fault?.code], [undefined, 'signature'])
    const gone = async (): Promise<never> => {
      throw new TypeError('unreachable')
    }
    await assert.rejects(looked(first, log.checkpoint(30), key, gone, 6), TypeError)
  })
})
