import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { flipBit, sealEif } from '@sekisho/emulator/kit'
import { EvidenceError } from '@sekisho/evidence'
import type { EifMeasurement } from '../src/index.ts'
import { HEADER, measured, signed } from './kit.ts'

const image = signed()
const good = await measured(image)

async function measuredOrRefused(damaged: Uint8Array): Promise<EifMeasurement | undefined> {
  try {
    return await measured(damaged)
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

function typeAt(offset: number): string {
  return good.sections.findLast((section) => section.offset + 12 <= offset)?.type ?? 'header'
}

describe('damaged enclave images', () => {
  it(`each of ${image.length} truncations is refused`, async () => {
    for (let length = 0; length < image.length; length++)
      assert.equal(await measuredOrRefused(image.subarray(0, length)), undefined, `${length} bytes`)
  })

  it('each flipped bit is refused: the checksum covers all', async () => {
    for (let at = 0; at < image.length; at++)
      for (let bit = 0; bit < 8; bit++)
        assert.equal(await measuredOrRefused(flipBit(image, at, bit)), undefined, `bit ${bit} of byte ${at}`)
  })

  it('each truncation with a right checksum is refused as well', async () => {
    for (let length = HEADER; length < image.length; length++)
      assert.equal(await measuredOrRefused(sealEif(image.subarray(0, length))), undefined, `${length} bytes`)
  })

  it('each flipped bit with a right checksum: no image with other registers has a signature that holds', async () => {
    let other = 0
    for (let at = 0; at < image.length; at++) {
      const found = await measuredOrRefused(sealEif(flipBit(image, at, at % 8)))
      if (found === undefined) continue
      const place = `byte ${at}, ${typeAt(at)}`
      if (['kernel', 'ramdisk', 'command-line'].includes(typeAt(at)) && at >= HEADER + 12) {
        assert.notEqual(found.pcrs.pcr0, good.pcrs.pcr0, place)
        assert.equal(found.signature, 'invalid', place)
        other++
      } else if (found.signature === 'valid') {
        // A changed certificate with the same key is another PCR8, and the hypervisor would measure that.
        assert.deepEqual({ ...found.pcrs, pcr8: '' }, { ...good.pcrs, pcr8: '' }, place)
      }
    }
    assert.ok(other > 50, `only ${other} images with other registers`)
  })
})
