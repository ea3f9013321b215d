import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../src/cbor/encode.ts'
import { readCorim } from '../src/cca/index.ts'

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A CoRIM of one realm, with the digests of its registers by IANA's numbers of algorithms. */
function corim(registers: Readonly<Record<string, readonly (readonly [number, Uint8Array])[]>>): Uint8Array {
  const measurements = Object.entries(registers).map(([name, digests]) =>
    cborMap([
      [cborInteger(0), cborText(name)],
      [
        cborInteger(1),
        cborMap([
          [
            cborInteger(2),
            cborArray(digests.map(([algorithm, digest]) => cborArray([cborInteger(algorithm), cborBytes(digest)]))),
          ],
        ]),
      ],
    ]),
  )
  const classId = cborMap([[cborInteger(0), cborTag(560, cborBytes(filled(32, 1)))]])
  const triple = cborArray([cborMap([[cborInteger(0), classId]]), cborArray(measurements)])
  const comid = cborMap([
    [cborInteger(1), cborMap([[cborInteger(0), cborText('realm')]])],
    [cborInteger(4), cborMap([[cborInteger(0), cborArray([triple])]])],
  ])
  return cborTag(
    501,
    cborMap([
      [cborInteger(0), cborText('corim')],
      [cborInteger(1), cborArray([cborTag(506, cborBytes(comid))])],
    ]),
  )
}

describe('CoRIM', () => {
  it('a realm whose digests are given in several algorithms is accepted by each of them', () => {
    const { realms, error } = readCorim(
      corim({
        'cca.rim': [
          [1, filled(32, 1)],
          [8, filled(64, 2)],
        ],
        'cca.rem0': [
          [1, filled(32, 3)],
          [8, filled(64, 4)],
        ],
      }),
    )
    assert.equal(error, undefined)
    assert.deepEqual(
      realms?.map(({ initialMeasurement, extensibleMeasurements: [rem0, rem1] }) => [initialMeasurement, rem0, rem1]),
      [
        [hex(filled(32, 1)), hex(filled(32, 3)), undefined],
        [hex(filled(64, 2)), hex(filled(64, 4)), undefined],
      ],
    )
  })
})
