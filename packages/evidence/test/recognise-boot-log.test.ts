import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { concat, filled, le, makeEventLog, utf8 } from '@sekisho/emulator/kit'
import { EvidenceError } from '../src/core/errors.ts'
import { bootLogKind, recognise } from '../src/recognise/index.ts'
import { missing, VECTORS } from './vectors.ts'

/** An event of the old form. */
function old(pcr: number, type: number, data: Uint8Array, digest: Uint8Array = filled(20, 0x5a)): Uint8Array {
  return concat(le(pcr, 4), le(type, 4), digest, le(data.length, 4), data)
}
const version = old(0, 8, utf8('firmware 1'))
const separator = old(0, 4, le(0, 4))
const log = concat(version, separator, old(4, 0x80000003, filled(40, 1)))

describe('a measured-boot log is told', () => {
  it('of SHA-1 alone, whatever comes first, with filler or without', () => {
    const locality = old(0, 3, utf8('StartupLocality\0\x03'), filled(20))
    for (const one of [
      log,
      concat(locality, log),
      concat(old(0, 7, filled(16)), log),
      concat(old(0, 1, utf8('POST')), log),
    ])
      assert.equal(bootLogKind(one), 'tpm')
    for (const byte of [0, 0xff]) assert.equal(bootLogKind(concat(log, filled(64, byte))), 'tpm')
    assert.equal(bootLogKind(locality), 'tpm')
    assert.throws(() => recognise(log), /a measured-boot log, which proves nothing alone.*`sekisho inspect` shows/)
  })

  it('and other bytes are not, which differ from one in one respect', () => {
    const others: readonly Uint8Array[] = [
      new Uint8Array(0),
      filled(64),
      filled(64, 0xff),
      log.subarray(0, -1),
      concat(log, utf8('x')),
      concat(old(1, 8, utf8('firmware 1')), separator),
      concat(old(0, 4, le(0, 4)), version),
      concat(old(0, 8, utf8('firmware 1'), filled(20)), separator),
      old(0, 3, utf8('StartupLocality\0\x03')),
      old(0, 3, utf8('StartupLocalitx\0\x03'), filled(20)),
      concat(version, old(24, 4, le(0, 4))),
      concat(version, old(0xffffffff, 4, le(0, 4))),
      concat(version, old(0, 0x42, le(0, 4))),
    ]
    for (const [at, one] of others.entries()) assert.equal(bootLogKind(one), undefined, `case ${at}`)
    assert.throws(
      () => recognise(concat(log, utf8('x'))),
      (error) => error instanceof EvidenceError && /begin like nothing known/.test(error.message),
    )
  })

  it('of a TD, which no TPM has, and one that is cut', () => {
    const made = makeEventLog().bytes
    assert.equal(bootLogKind(made), 'td')
    assert.throws(
      () => recognise(made),
      (error) => error instanceof EvidenceError && !/inspect/.test(error.message),
    )
    const cut = Buffer.alloc(64)
    cut.write('Spec ID Event03', 32)
    assert.equal(bootLogKind(cut), 'tpm')
  })

  it('every genuine one', { skip: missing('measured-boot') }, () => {
    const folder = join(VECTORS, 'measured-boot')
    let seen = 0
    for (const name of readdirSync(folder)) {
      const path = join(folder, name, 'event-log.bin')
      if (!existsSync(path)) continue
      assert.equal(bootLogKind(readFileSync(path)), name === 'bogus' ? undefined : 'tpm', name)
      seen++
    }
    assert.ok(seen > 30)
  })
})
