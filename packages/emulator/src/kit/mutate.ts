import type { Prng } from './prng.ts'

/** Values that lengths, counts and versions go wrong at. */
const HOSTILE: readonly number[] = [
  0, 1, 2, 3, 4, 5, 6, 7, 0x1f, 0x30, 0x7f, 0x80, 0x81, 0x82, 0x83, 0x84, 0x88, 0xa0, 0xfe, 0xff,
]
const HOSTILE_WORDS: readonly number[] = [
  0, 1, 0x7f, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
]

type Mutation = (bytes: Uint8Array, random: Prng) => Uint8Array

const at = (bytes: Uint8Array, random: Prng): number => random.below(bytes.length)

const MUTATIONS: readonly Mutation[] = [
  (bytes, random) => changed(bytes, at(bytes, random), (byte) => byte ^ (1 << random.below(8))),
  (bytes, random) => changed(bytes, at(bytes, random), () => random.one(HOSTILE)),
  (bytes, random) => changed(bytes, at(bytes, random), () => random.below(256)),
  (bytes, random) => bytes.slice(0, random.below(bytes.length + 1)),
  (bytes, random) => joined(bytes, tail(random)),
  (bytes, random) => word(bytes, random, random.one([2, 4, 8])),
  // A stretch taken out, doubled, or moved to another place.
  (bytes, random) => {
    const [from, to] = stretch(bytes, random)
    return joined(bytes.slice(0, from), bytes.slice(to))
  },
  (bytes, random) => {
    const [from, to] = stretch(bytes, random)
    return joined(bytes.slice(0, to), bytes.slice(from))
  },
  (bytes, random) => {
    const [from, to] = stretch(bytes, random)
    const rest = joined(bytes.slice(0, from), bytes.slice(to))
    const target = random.below(rest.length + 1)
    return joined(rest.slice(0, target), bytes.slice(from, to), rest.slice(target))
  },
]

/** Mutates bytes, once to four times. `others` are samples of the same kind to take stretches from. */
export function mutate(bytes: Uint8Array, random: Prng, others: readonly Uint8Array[]): Uint8Array {
  let mutated = bytes
  for (let times = 1 + random.below(4); times > 0; times--) {
    mutated =
      mutated.length === 0 || random.below(12) === 0
        ? splice(mutated, random.one(others), random)
        : random.one(MUTATIONS)(mutated, random)
  }
  return mutated
}

/** The start of one sample with the end of another: both well-formed, the whole not. */
function splice(bytes: Uint8Array, other: Uint8Array, random: Prng): Uint8Array {
  return joined(bytes.slice(0, random.below(bytes.length + 1)), other.slice(random.below(other.length + 1)))
}

function changed(bytes: Uint8Array, index: number, change: (byte: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[index] = change(copy[index] as number)
  return copy
}

function word(bytes: Uint8Array, random: Prng, size: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const value = random.one(HOSTILE_WORDS)
  const little = random.below(2) === 0
  const start = at(bytes, random)
  for (let i = 0; i < size && start + i < copy.length; i++) {
    const shift = 8 * (little ? i : size - 1 - i)
    copy[start + i] = shift < 32 ? value >>> shift : 0
  }
  return copy
}

function tail(random: Prng): Uint8Array {
  return Uint8Array.from({ length: random.below(64) }, () => (random.below(2) === 0 ? 0 : random.below(256)))
}

function stretch(bytes: Uint8Array, random: Prng): readonly [number, number] {
  const from = random.below(bytes.length)
  return [from, Math.min(bytes.length, from + 1 + random.below(random.one([2, 8, 64, 512])))]
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}

/** Fragments of JSON and text that parsers trip over. */
const FRAGMENTS: readonly string[] = [
  'null',
  'true',
  '-1',
  '1e999',
  '1.5',
  '9007199254740993',
  '""',
  '[]',
  '{}',
  '[[[[[[[[',
  '"__proto__":{"id":1},',
  '"constructor":1,',
  '\\u0000',
  '\\ud800',
  '\u{1f600}',
  '0x',
  '=',
  '-----BEGIN ',
  '-----END CERTIFICATE-----',
  ',',
  ':',
  '}',
  ']',
  '"id":"SGX",',
  '2026-02-30T00:00:00Z',
]

/** Mutates text as {@link mutate} does bytes, with fragments of JSON among the changes. */
export function mutateText(text: string, random: Prng, others: readonly string[]): string {
  if (random.below(2) === 0) {
    const encoded = (one: string): Uint8Array => new Uint8Array(Buffer.from(one, 'latin1'))
    return Buffer.from(mutate(encoded(text), random, others.map(encoded))).toString('latin1')
  }
  const start = random.below(text.length + 1)
  return text.slice(0, start) + random.one(FRAGMENTS) + text.slice(start + random.below(random.one([1, 4, 40])))
}
