import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../cbor.ts'
import { ecdsaRaw, type KeyPair } from './keys.ts'

/** A CBOR item that is encoded already. */
export type Cbor = Uint8Array
/** Members of a map by their numbers. */
export type Members = readonly (readonly [label: number, item: Cbor])[]

/** CBOR for what CoRIMs are made of. */
export const cbor: {
  array(items: readonly Cbor[]): Cbor
  bytes(value: Uint8Array): Cbor
  integer(value: number): Cbor
  map(members: Members): Cbor
  tag(tag: number, item: Cbor): Cbor
  text(value: string): Cbor
  /** An OID under tag 111. */
  oid(dotted: string): Cbor
  /** Bytes under tag 560. */
  tagged(bytes: Uint8Array): Cbor
  /** A digest by IANA's number of its algorithm. */
  digest(algorithm: number, bytes: Uint8Array): Cbor
  /** A 64-bit word, which a number cannot hold, under tag 553: the lowest SVN that counts. */
  minSvn(value: bigint): Cbor
} = {
  array: cborArray,
  bytes: cborBytes,
  integer: cborInteger,
  map: (members) => cborMap(members.map(([label, item]) => [cborInteger(label), item] as const)),
  tag: cborTag,
  text: cborText,
  oid: (dotted) => cborTag(111, cborBytes(oidContent(dotted))),
  tagged: (bytes) => cborTag(560, cborBytes(bytes)),
  digest: (algorithm, bytes) => cborArray([cborInteger(algorithm), cborBytes(bytes)]),
  minSvn: (value) => {
    const word = Buffer.alloc(9, 0x1b)
    word.writeBigUInt64BE(value, 1)
    return cborTag(553, word)
  },
}

/** One reference-triple-record: an environment-map, and measurement-maps. */
export interface TripleParts {
  readonly environment: Members
  readonly measurements: readonly Members[]
}

/** What a CoRIM is made of. */
export interface CorimParts {
  /** Encoded; none leaves the member out. */
  readonly profile?: Cbor
  readonly triples?: readonly TripleParts[]
  /** Members of triples-maps beside the reference triples. */
  readonly otherTriples?: Members
  /** Members of the CoMID beside tag-identity and triples. */
  readonly comid?: Members
  /** Tags beside the CoMID, encoded. */
  readonly tags?: readonly Cbor[]
  /** Members of the corim-map beside id, tags, profile and validity. */
  readonly corim?: Members
  readonly from?: Date
  readonly until?: Date
}

/** An unsigned CoRIM of one CoMID. @see draft-ietf-rats-corim, sections 4 and 5 */
export function makeCorim(parts: CorimParts): Uint8Array {
  const { profile, corim = [], tags = [], from, until } = parts
  const window: Members = [...timeMember(0, from), ...timeMember(1, until)]
  return cbor.tag(
    501,
    cbor.map([
      [0, cbor.text('example corim')],
      [1, cbor.array([makeComid(parts), ...tags])],
      ...(profile === undefined ? [] : [[3, profile] as const]),
      ...(window.length === 0 ? [] : [[4, cbor.map(window)] as const]),
      ...corim,
    ]),
  )
}

/** One CoMID under its tag. */
export function makeComid({ triples = [], otherTriples = [], comid = [] }: CorimParts, id = 'example comid'): Cbor {
  const records = triples.map(({ environment, measurements }) =>
    cbor.array([cbor.map(environment), cbor.array(measurements.map((one) => cbor.map(one)))]),
  )
  const kinds: Members = [...(records.length === 0 ? [] : [[0, cbor.array(records)] as const]), ...otherTriples]
  const members: Members = [[1, cbor.map([[0, cbor.text(id)]])], ...comid, [4, cbor.map(kinds)]]
  return cbor.tag(506, cbor.bytes(cbor.map(members)))
}

/** Classes of AMD's profile. */
export const AMD_CLASS = { chip: '1.3.6.1.4.1.3704.3.1', csp: '1.3.6.1.4.1.3704.3.2' } as const
/** AMD's profile under the tag of a URI. */
export const AMD_PROFILE: Cbor = cbor.tag(32, cbor.text('tag:amd.com,2024:snp-corim-profile'))
/** Intel's profile. */
export const INTEL_PROFILE: Cbor = cbor.oid('2.16.840.1.113741.1.16.1')

/** An environment of a class alone. */
export function ofClass(oid: string, more: Members = []): Members {
  return [[0, cbor.map([[0, cbor.oid(oid)], ...more])]]
}

/** Measurements of AMD's profile: values by the number of a report's field. */
export function amdMeasurement(mkey: number, values: Members): Members {
  return [
    [0, cbor.integer(mkey)],
    [1, cbor.map(values)],
  ]
}

/** The MEASUREMENT of AMD's profile. */
export function amdLaunchDigest(measurement: Uint8Array): Members {
  return amdMeasurement(641, [[2, cbor.array([cbor.digest(7, measurement)])]])
}

/** A CoRIM signed by a key on P-384. @see draft-ietf-rats-corim, section 4.2 */
export function signCorim(payload: Uint8Array, key: KeyPair): Uint8Array {
  const header = cbor.map([
    [1, cbor.integer(-35)],
    [3, cbor.text('application/rim+cbor')],
  ])
  const input = cbor.array([
    cbor.text('Signature1'),
    cbor.bytes(header),
    cbor.bytes(new Uint8Array()),
    cbor.bytes(payload),
  ])
  const signature = ecdsaRaw('sha384', key, input)
  return cbor.tag(18, cbor.array([cbor.bytes(header), cbor.map([]), cbor.bytes(payload), cbor.bytes(signature)]))
}

function timeMember(label: number, at: Date | undefined): Members {
  return at === undefined ? [] : [[label, cbor.tag(1, cbor.integer(at.getTime() / 1000))]]
}

/** The content octets of an OBJECT IDENTIFIER. */
function oidContent(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  return Uint8Array.from([40 * first + second, ...rest].flatMap(base128))
}

function base128(arc: number): number[] {
  const groups = [arc & 0x7f]
  for (let left = arc >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80)
  return groups
}
