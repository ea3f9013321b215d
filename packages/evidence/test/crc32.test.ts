import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crc32 } from 'node:zlib'
import { Prng } from '@sekisho/emulator/kit'
import { Crc32 } from '../src/core/crc32.ts'

describe('CRC-32', () => {
  it('of the check string of the catalogues', () => {
    const crc = new Crc32()
    crc.update(new TextEncoder().encode('123456789'))
    assert.equal(crc.value, 0xcbf43926)
  })

  it('is that of zlib, however the bytes are cut', () => {
    const random = new Prng(7)
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, () => random.below(256))
      const cut = random.below(length + 1)
      const crc = new Crc32()
      crc.update(bytes.subarray(0, cut))
      crc.update(bytes.subarray(cut))
      assert.equal(crc.value, crc32(bytes), `${length} bytes cut at ${cut}`)
    }
  })
})
