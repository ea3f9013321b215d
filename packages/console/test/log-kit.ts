import { createHash, type KeyObject, sign } from 'node:crypto'
import { generateKey } from '@sekisho/emulator/kit'
import { canonicalJson } from '@sekisho/evidence'

/** A small log made after the definitions of RFC 6962, section 2.1, and C2SP, word by word: what the page's own code is held against. */
export interface TestLog {
  readonly key: string
  readonly leaves: readonly Uint8Array[]
  /** Hash of the tree of leaves `from` to `to`. */
  root(from?: number, to?: number): Buffer
  checkpoint(size?: number, origin?: string): string
  path(index: number, size: number): readonly Buffer[]
  proof(first: number, second: number): readonly Buffer[]
  /** Bytes of a tile, by its path below `/log/`. */
  tile(path: string): Uint8Array<ArrayBuffer>
  receipt(index: number, size?: number): Record<string, unknown>
}

const sha = (...parts: readonly Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()

/** An entry as the log has them. */
export function entryOf(i: number): Record<string, unknown> {
  return {
    type: 'admin',
    id: `dec_${String(i).padStart(26, '0')}`,
    at: '2026-11-21T10:00:00.000Z',
    namespace: 'default',
    outcome: 'changed',
    reason: 'policy-set',
    emulated: false,
  }
}

/** Makes a log of so many entries. */
export function makeLog(count: number, origin = 'log.example/log'): TestLog {
  const { privateKey, publicKey } = generateKey('Ed25519')
  const raw = Buffer.concat([Buffer.of(1), publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)])
  const id = createHash('sha256').update(`${origin}\n`).update(raw).digest().subarray(0, 4)
  const leaves = Array.from({ length: count }, (_, i) => Buffer.from(canonicalJson(entryOf(i))))
  const hashes = leaves.map((leaf) => sha(Buffer.of(0), leaf))
  const split = (size: number): number => {
    let k = 1
    while (k * 2 < size) k *= 2
    return k
  }
  const known = new Map<string, Buffer>()
  const root = (from = 0, to = count): Buffer => {
    if (to === from) return sha()
    const name = `${from}-${to}`
    const middle = from + split(to - from)
    const hash =
      known.get(name) ??
      (to - from === 1 ? (hashes[from] ?? sha()) : sha(Buffer.of(1), root(from, middle), root(middle, to)))
    known.set(name, hash)
    return hash
  }
  // RFC 6962, 2.1.1: PATH(m, D[n]).
  const pathIn = (index: number, from: number, to: number): readonly Buffer[] => {
    if (to - from === 1) return []
    const k = split(to - from)
    return index < k
      ? [...pathIn(index, from, from + k), root(from + k, to)]
      : [...pathIn(index - k, from + k, to), root(from, from + k)]
  }
  // RFC 6962, 2.1.2: SUBPROOF(m, D[n], b).
  const subproof = (first: number, from: number, to: number, whole: boolean): readonly Buffer[] => {
    if (first === to - from) return whole ? [] : [root(from, to)]
    const k = split(to - from)
    return first <= k
      ? [...subproof(first, from, from + k, whole), root(from + k, to)]
      : [...subproof(first - k, from + k, to, false), root(from, from + k)]
  }
  const checkpoint = (size = count, name = origin): string =>
    signed(`${name}\n${size}\n${root(0, size).toString('base64')}\n`, origin, id, privateKey)
  return {
    key: `${origin}+${id.toString('hex')}+${raw.toString('base64')}`,
    leaves,
    root,
    checkpoint,
    path: (index, size) => pathIn(index, 0, size),
    proof: (first, second) => (first === 0 ? [] : subproof(first, 0, second, true)),
    tile(path) {
      const [, level = '', digits = '', width = '256'] =
        /^tile\/(\d+)\/((?:x\d+\/)*\d+)(?:\.p\/(\d+))?$/.exec(path) ?? []
      const span = 256 ** Number(level)
      const first = Number(digits.replace(/[x/]/g, '')) * 256
      const all = Array.from({ length: Number(width) }, (_, i) => root((first + i) * span, (first + i + 1) * span))
      return new Uint8Array(Buffer.concat(all))
    },
    receipt: (index, size = count) => ({
      schema: 'urn:sekisho:receipt:v1',
      entry: entryOf(index),
      index,
      size,
      proof: pathIn(index, 0, size).map((hash) => hash.toString('base64')),
      checkpoint: checkpoint(size),
    }),
  }
}

function signed(text: string, name: string, id: Buffer, key: KeyObject): string {
  return `${text}\n\u2014 ${name} ${Buffer.concat([id, sign(null, Buffer.from(text), key)]).toString('base64')}\n`
}
