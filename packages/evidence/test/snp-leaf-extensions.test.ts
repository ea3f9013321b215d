import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  filled,
  generateKey,
  issueLeaf,
  type LeafFields,
  leafExtensions,
  sharedAmdAuthority,
} from '@sekisho/emulator/kit'
import { readLeafExtensions } from '../src/snp/certificates.ts'
import { parseCertificate } from '../src/x509/certificate.ts'
import { refuses } from './refuses.ts'

const genoa = sharedAmdAuthority('Genoa')

const LEVELS = { bootLoader: 1, tee: 2, snp: 3, microcode: 219 }
const FIELDS: LeafFields = { structVersion: 0, productName: 'Genoa', tcb: LEVELS, hwId: '04'.repeat(64) }
const AMD = '1.3.6.1.4.1.3704.1'

function leafWith(
  fields: LeafFields,
  ...extra: { readonly oid: string; readonly value: Uint8Array }[]
): ReturnType<typeof readLeafExtensions> {
  const { der } = issueLeaf(genoa, 'vcek', leafKey, fields, {
    extensions: [
      ...leafExtensions('Genoa', fields).filter((one) => !extra.some(({ oid }) => oid === one.oid)),
      ...extra,
    ],
  })
  return readLeafExtensions(parseCertificate(der))
}
const leafKey = generateKey('P-384')

describe('leaf extensions', () => {
  it('are read, levels of 128 and above too', () => {
    const read = leafWith(FIELDS)
    assert.equal(read.structVersion, 0)
    assert.equal(read.productName, 'Genoa')
    assert.equal(read.levels.get('3.8'), 219)
    assert.equal(read.levels.get('3.4'), 0)
  })
  it('tell raw and wrapped chip ids apart by length alone', () => {
    for (const id of ['0440'.padEnd(128, '1'), '02'.repeat(64), '04'.repeat(8), '0408'.padEnd(16, '2')]) {
      const raw = leafWith({ ...FIELDS, hwId: id })
      assert.equal(Buffer.from(raw.hwId ?? []).toString('hex'), id)
      assert.equal(raw.hwIdWrapped, false)
      const wrapped = leafWith({ ...FIELDS, hwId: id, hwIdWrapped: true })
      assert.equal(Buffer.from(wrapped.hwId ?? []).toString('hex'), id)
      assert.equal(wrapped.hwIdWrapped, true)
    }
    for (const length of [0, 7, 9, 63, 65, 67])
      refuses('malformed', /hwID/, () => leafWith(FIELDS, { oid: `${AMD}.4`, value: filled(length) }))
    refuses('malformed', /hwID/, () => leafWith(FIELDS, { oid: `${AMD}.4`, value: filled(66) }))
  })
  it('are refused when they are not strict DER', () => {
    const level =
      (...bytes: number[]) =>
      () =>
        leafWith(FIELDS, { oid: `${AMD}.3.8`, value: Uint8Array.from(bytes) })
    refuses('malformed', /ucodeSPL/, level(2, 1, 0xdb))
    refuses('malformed', /ucodeSPL/, level(2, 2, 0, 0x7f))
    refuses('malformed', /ucodeSPL/, level(2, 2, 1, 0))
    refuses('malformed', /ucodeSPL/, level(2, 0))
    refuses('malformed', /ucodeSPL/, level(4, 1, 5))
    refuses('trailing-bytes', /ucodeSPL/, level(2, 1, 5, 0))
    refuses('truncated', /ucodeSPL/, level(2, 2, 5))
    refuses('malformed', /productName/, () =>
      leafWith(FIELDS, { oid: `${AMD}.2`, value: Uint8Array.of(0x16, 1, 0x0a) }),
    )
    refuses('malformed', /productName/, () =>
      leafWith(FIELDS, { oid: `${AMD}.2`, value: Uint8Array.of(0x0c, 1, 0x41) }),
    )
  })
})
