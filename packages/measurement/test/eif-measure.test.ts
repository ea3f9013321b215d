import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { type EifOptions, makeEif, utf8 } from '@sekisho/emulator/kit'
import { verifyNitro } from '@sekisho/evidence/nitro'
import { measureEif, nitroExpectationsFrom, nitroPcr3, nitroPcr4, recogniseImage } from '../src/index.ts'
import { AT, IMAGES, MISSING, measured, SIGNER, signed } from './kit.ts'

/** The rule of the registers, written down once more: SHA-384 of a zero register and a digest. */
function register(...parts: readonly (Uint8Array | string)[]): string {
  const content = createHash('sha384')
  for (const part of parts) content.update(part)
  return createHash('sha384').update(Buffer.alloc(48)).update(content.digest()).digest('hex')
}

const kernel = utf8('kernel of this test')
const commandLine = 'console=ttyS0 quiet'
const [boot, first, second] = [utf8('boot'), utf8('first'), utf8('second')]

describe('registers of an enclave image', () => {
  it('PCR0, PCR1 and PCR2 of several ramdisks', async () => {
    const { pcrs } = await measured(makeEif({ kernel, commandLine, ramdisks: [boot, first, second] }))
    assert.deepEqual(pcrs, {
      pcr0: register(kernel, commandLine, boot, first, second),
      pcr1: register(kernel, commandLine, boot),
      pcr2: register(first, second),
    })
  })

  it('PCR2 of an image with the boot ramdisk alone is that of no bytes', async () => {
    const { pcrs } = await measured(makeEif({ ramdisks: [boot] }))
    const none = '21b9efbc184807662e966d34f390821309eeac6802309798826296bf3e8bec7c10edb30948c90ba67310f7b964fc500a'
    assert.equal(pcrs.pcr2, none)
    assert.equal(pcrs.pcr0, pcrs.pcr1)
  })

  it('PCR8 is of the DER of the certificate; signature and metadata enter no other register', async () => {
    const plain = await measured(makeEif({ metadata: null }))
    const { pcrs } = await measured(signed())
    assert.deepEqual(pcrs, { ...plain.pcrs, pcr8: register(SIGNER.certificate) })
  })

  it('the bounds between kernel, command line and ramdisks are not measured, their order is', async () => {
    const one = await measured(makeEif({ kernel: utf8('ab'), commandLine: 'c', ramdisks: [utf8('d')] }))
    const other = await measured(makeEif({ kernel: utf8('a'), commandLine: 'bc', ramdisks: [utf8('d')] }))
    assert.equal(one.pcrs.pcr0, other.pcrs.pcr0)
    assert.notDeepEqual(one.sections[0]?.sha384, other.sections[0]?.sha384)
  })

  it('an empty command line and an empty ramdisk are measured as such', async () => {
    const { pcrs, commandLine } = await measured(
      makeEif({ kernel, commandLine: '', ramdisks: [boot, new Uint8Array()] }),
    )
    assert.equal(commandLine, '')
    assert.equal(pcrs.pcr0, register(kernel, boot))
    assert.equal(pcrs.pcr2, register(''))
  })

  it('PCR3 and PCR4 are of the text, without a digest', async () => {
    const raw = (text: string): string => createHash('sha384').update(Buffer.alloc(48)).update(text).digest('hex')
    const role = 'arn:aws:iam::123456789012:role/Webserver'
    assert.equal(Buffer.from(await nitroPcr3(role)).toString('hex'), raw(role))
    assert.equal(Buffer.from(await nitroPcr4('i-0918f6c55e3b61d89')).toString('hex'), raw('i-0918f6c55e3b61d89'))
    for (const wrong of ['', 'i-0918F6C55E3B61D89', 'i-1', 'i-0918f6c55e3b61d89-enc1'])
      await assert.rejects(nitroPcr4(wrong), TypeError, wrong)
    for (const wrong of ['', 'Webserver', 'arn:aws:iam::1:role/x', 'arn:aws:iam::123456789012:user/x'])
      await assert.rejects(nitroPcr3(wrong), TypeError, wrong)
  })
})

describe('what an enclave image says', () => {
  it('architecture, defaults, command line, metadata and a digest of each section', async () => {
    const image = makeEif({ flags: 1, kernel, commandLine, defaultMemory: 2n ** 63n, defaultCpus: 4n })
    const found = await measured(image)
    assert.deepEqual(
      [found.version, found.architecture, found.defaultMemory, found.defaultCpus, found.size, found.commandLine],
      [4, 'aarch64', 2n ** 63n, 4n, image.length, commandLine],
    )
    assert.equal(found.crc32, Buffer.from(image).readUInt32BE(544))
    assert.equal(found.metadata?.imageName, 'made-image')
    assert.equal(found.metadata?.kernelVersion, '6.1.0')
    assert.deepEqual(
      found.sections.map(({ type }) => type),
      ['kernel', 'command-line', 'metadata', 'ramdisk', 'ramdisk'],
    )
    const [section] = found.sections
    assert.deepEqual([section?.offset, section?.size], [548, kernel.length])
    assert.equal(Buffer.from(section?.sha384 ?? []).toString('hex'), createHash('sha384').update(kernel).digest('hex'))
  })

  for (const [version, options] of [
    [2, { metadata: null }],
    [3, { metadata: null }],
    [4, {}],
  ] as const satisfies readonly (readonly [number, EifOptions])[]) {
    it(`version ${version}`, async () => {
      const found = await measured(makeEif({ ...options, version }))
      assert.deepEqual([found.version, found.signature, found.signers], [version, 'none', []])
    })
  }

  it('is the same however the bytes arrive', async () => {
    const image = signed()
    const whole = await measured(image)
    for (const length of [1, 7, 100, 543, 544, 545, 547, 548, 549, 4096]) {
      async function* pieces(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < image.length; at += length) {
          yield image.subarray(at, at + length)
          yield new Uint8Array()
        }
      }
      assert.deepEqual(await measureEif(pieces(), { at: AT }), whole, `${length} bytes at a time`)
    }
  })

  it('the source is closed, whether the image is good or not', async () => {
    for (const image of [makeEif(), makeEif().subarray(0, 600), utf8('x'.repeat(2000))]) {
      let closed = 0
      async function* pieces(): AsyncGenerator<Uint8Array> {
        try {
          for (let at = 0; at < image.length; at += 500) yield image.subarray(at, at + 500)
        } finally {
          closed++
        }
      }
      await measureEif(pieces(), { at: AT }).catch(() => undefined)
      assert.equal(closed, 1)
    }
  })

  it('options that make no sense are a TypeError', async () => {
    const image = makeEif()
    await assert.rejects(measureEif(image, { at: new Date(Number.NaN) }), /^TypeError: at:/)
    for (const maxSize of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      await assert.rejects(measureEif(image, { at: AT, maxSize }), /^TypeError: maxSize:/)
  })

  it('what begins like an image is recognised', () => {
    assert.equal(recogniseImage(makeEif()), 'eif')
    for (const other of ['', '.ei', '.EIF', 'MZ', '\u007fELF']) assert.equal(recogniseImage(utf8(other)), undefined)
  })
})

describe('expectations of an enclave image', () => {
  it('have PCR0 as measurement, PCR8 as signer, and the other registers', async () => {
    const found = await measured(signed())
    assert.deepEqual(nitroExpectationsFrom(found, { pcr4: 'ab'.repeat(48) }), {
      measurement: [found.pcrs.pcr0],
      signer: [found.pcrs.pcr8],
      pcrs: { 1: [found.pcrs.pcr1], 2: [found.pcrs.pcr2], 4: ['ab'.repeat(48)] },
    })
  })

  it('are what verifying takes: nothing else is read of a document that cannot be read', async () => {
    const expect = nitroExpectationsFrom(await measured(makeEif()))
    await assert.rejects(verifyNitro(new Uint8Array(3), { at: AT, expect }), /^EvidenceError/)
  })

  it('there are none of an image whose signature does not hold', async () => {
    const found = await measured(signed({ ...SIGNER, corrupt: true }))
    assert.equal(found.signature, 'invalid')
    assert.throws(() => nitroExpectationsFrom(found), TypeError)
  })
})

describe('published images', { skip: MISSING }, () => {
  const names = MISSING === false ? readdirSync(IMAGES) : []
  for (const name of names.filter((one) => one.includes('signed'))) {
    it(name, async () => {
      const folder = join(IMAGES, name)
      const { expect } = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8'))
      const found = await measured(new Uint8Array(readFileSync(join(folder, 'image.eif'))))
      const { PCR0, PCR1, PCR2, PCR8 } = expect.fields.measurements
      assert.deepEqual({ pcr8: undefined, ...found.pcrs }, { pcr0: PCR0, pcr1: PCR1, pcr2: PCR2, pcr8: PCR8 })
      assert.equal(found.signature === 'invalid', expect.verdict === 'invalid')
    })
  }
})
