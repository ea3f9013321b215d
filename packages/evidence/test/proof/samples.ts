import {
  AMD_CLASS,
  AMD_PROFILE,
  amdLaunchDigest,
  amdMeasurement,
  cbor,
  INTEL_PROFILE,
  type Members,
  makeCorim,
  ofClass,
  type TripleParts,
  utf8,
} from '@sekisho/emulator/kit'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../../src/cbor/encode.ts'
import { type CmwRecord, encodeCmwCbor, encodeCmwJson } from '../../src/cmw/index.ts'
import { encodeNsmResponse } from '../../src/nitro/nsm.ts'

/** Small pieces of what decoders read, made by hand. */
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

export function wrappers(inner: Uint8Array = Uint8Array.of(1, 2, 3)): readonly Uint8Array[] {
  const record = (value: Uint8Array): CmwRecord => ({
    kind: 'record',
    form: 'record',
    type: 'application/x',
    value,
    indicators: ['evidence'],
  })
  const one = record(inner)
  const entries = [
    { label: 1, message: one },
    { label: 'b', message: { ...one, form: 'tag' as const, type: 30_001 } },
  ]
  return [
    encodeCmwCbor(one),
    encodeCmwCbor({ kind: 'collection', type: 'tag:x', entries }),
    utf8(
      JSON.stringify(
        encodeCmwJson({
          kind: 'collection',
          type: undefined,
          entries: entries.slice(1).map(({ label }) => ({ label, message: one })),
        }),
      ),
    ),
  ]
}

export function coseKey(): Uint8Array {
  return cborMap([
    [cborInteger(1), cborInteger(2)],
    [cborInteger(-1), cborInteger(1)],
    [cborInteger(-2), cborBytes(new Uint8Array(32).fill(1))],
    [cborInteger(-3), cborBytes(new Uint8Array(32).fill(2))],
  ])
}

export function webTokens(): readonly Uint8Array[] {
  const claims = cborMap([
    [cborInteger(265), cborText('tag:ietf.org,2026:rats/ear#03')],
    [cborInteger(6), cborInteger(1)],
    [cborInteger(266), cborMap([[cborText('a'), cborMap([[cborInteger(1000), cborInteger(2)]])]])],
  ])
  const header = cborBytes(cborMap([[cborInteger(1), cborInteger(-7)]]))
  const token = cborArray([header, cborMap([]), cborBytes(claims), cborBytes(new Uint8Array(64))])
  return [token, cborTag(18, token), cborTag(61, cborTag(18, token))]
}

export function iasBody(): Uint8Array {
  return utf8(
    JSON.stringify({
      id: '1',
      timestamp: '2021-09-12T18:06:20.402478',
      version: 4,
      isvEnclaveQuoteStatus: 'OK',
      isvEnclaveQuoteBody: base64(Uint8Array.of(2, ...new Uint8Array(431))),
    }),
  )
}

export function nsmAnswers(): readonly Uint8Array[] {
  return [
    encodeNsmResponse({ kind: 'LockPCR' }),
    encodeNsmResponse({ kind: 'DescribePCR', locked: true, data: new Uint8Array(48) }),
    encodeNsmResponse({
      kind: 'DescribeNSM',
      version: [1, 0, 0],
      moduleId: 'i',
      maxPcrs: 32,
      lockedPcrs: [0],
      digest: 'SHA384',
    }),
  ]
}

export function ccelTable(): Uint8Array {
  const table = new Uint8Array(56)
  table.set(utf8('CCEL'))
  table[4] = 56
  table[8] = 1
  table.set(utf8('SEKISH'), 10)
  table[36] = 2
  table[41] = 1
  table[9] = 256 - (table.reduce((sum, byte) => sum + byte, 0) & 0xff)
  return table
}

/** CoRIMs of AMD's and Intel's profiles, with each kind of value that is read. */
export function corims(): readonly Uint8Array[] {
  const raw = (length: number): Members => [[4, cbor.tagged(new Uint8Array(length))]]
  const mask = cbor.tag(
    563,
    cbor.array([cbor.bytes(new Uint8Array(8)), cbor.bytes(Uint8Array.of(0, 0, 9, 0, 0, 0, 0, 0))]),
  )
  const guest = [
    amdLaunchDigest(new Uint8Array(48)),
    amdMeasurement(1, [[1, cbor.tag(553, cbor.integer(3))]]),
    amdMeasurement(2, [[4, mask]]),
    amdMeasurement(5, raw(4)),
    amdMeasurement(642, raw(32)),
    amdMeasurement(647, [[1, cbor.minSvn(0x7308_0000_0000_0003n)]]),
  ]
  const set = cbor.tag(60020, cbor.array([cbor.integer(6), cbor.array([cbor.digest(1, new Uint8Array(32))])]))
  const least = cbor.tag(60010, cbor.array([cbor.integer(2), cbor.integer(5)]))
  const enclave: Members = [
    [-83, set],
    [-84, cbor.digest(1, new Uint8Array(32))],
    [-85, cbor.integer(1)],
    [-73, least],
  ]
  const td: Members = [
    [-83, cbor.digest(7, new Uint8Array(48))],
    [14, cbor.map([[2, cbor.array([cbor.digest(7, new Uint8Array(48))])]])],
  ]
  const module: Members = [[-83, cbor.array([cbor.digest(7, new Uint8Array(48))])]]
  const intel = (oid: string, mval: Members): TripleParts => ({
    environment: ofClass(oid),
    measurements: [[[1, cbor.map(mval)]]],
  })
  const until = new Date('2040-01-01T00:00:00Z')
  return [
    makeCorim({
      profile: AMD_PROFILE,
      until,
      triples: [{ environment: ofClass(AMD_CLASS.chip, [[2, cbor.text('Milan')]]), measurements: guest }],
    }),
    makeCorim({
      profile: INTEL_PROFILE,
      triples: [
        intel('2.16.840.1.113741.1.2.3.5.1', enclave),
        intel('1.2.3', td),
        intel('2.16.840.1.113741.1.2.3.4.3', module),
      ],
    }),
  ]
}
