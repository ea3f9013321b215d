import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EifSection, eifSection, makeEif, sealEif, signEif, utf8 } from '@sekisho/emulator/kit'
import { EvidenceError } from '@sekisho/evidence'
import { measureEif } from '../src/index.ts'
import { AT, HEADER, measured, type Refusal, refused, SIGNER } from './kit.ts'

const KERNEL = eifSection('kernel', utf8('kernel'))
const LINE = eifSection('commandLine', utf8('quiet'))
const DISK = eifSection('ramdisk', utf8('disk'))
const PLAIN: readonly EifSection[] = [KERNEL, LINE, DISK]
const plain = makeEif({ sections: PLAIN })
/** Where the sections of `plain` begin. */
const [LINE_AT, DISK_AT] = [HEADER + 12 + 6, HEADER + 12 + 6 + 12 + 5]

function changed(change: (view: DataView) => void): Uint8Array {
  const copy = Uint8Array.from(plain)
  change(new DataView(copy.buffer))
  return sealEif(copy)
}

const HEADERS: readonly (readonly [name: string, change: (view: DataView) => void, refusal: Refusal])[] = [
  [
    'another magic',
    (v) => v.setUint8(3, 0x46),
    { code: 'malformed', field: 'eif.magic', offset: 0, expected: /\.eif/ },
  ],
  ['version 1', (v) => v.setUint16(4, 1), { code: 'unsupported-version', field: 'eif.version', offset: 4 }],
  ['version 5', (v) => v.setUint16(4, 5), { code: 'unsupported-version', field: 'eif.version', offset: 4 }],
  ['an unknown flag', (v) => v.setUint16(6, 3), { code: 'unsupported-kind', field: 'eif.flags', offset: 6 }],
  [
    'a reserved field that is not zero',
    (v) => v.setUint16(24, 1),
    { code: 'malformed', field: 'eif.reserved', offset: 24 },
  ],
  [
    'an unused field that is not zero',
    (v) => v.setUint32(540, 1),
    { code: 'malformed', field: 'eif.unused', offset: 540 },
  ],
  ['no sections', (v) => v.setUint16(26, 0), { code: 'malformed', field: 'eif.num_sections', offset: 26 }],
  ['33 sections', (v) => v.setUint16(26, 33), { code: 'malformed', field: 'eif.num_sections', offset: 26 }],
  [
    'a section fewer than the table has',
    (v) => v.setUint16(26, 2),
    { code: 'malformed', field: 'eif.section_offsets[2]', offset: 44, expected: /no such section/ },
  ],
  [
    'a section more than the table has',
    (v) => v.setUint16(26, 4),
    { code: 'malformed', field: 'eif.section_offsets[3]', offset: 52, expected: /599/ },
  ],
  [
    'a gap before the first section',
    (v) => v.setBigUint64(28, 549n),
    { code: 'malformed', field: 'eif.section_offsets[0]', offset: 28, expected: /548/ },
  ],
  [
    'a section inside another',
    (v) => v.setBigUint64(36, BigInt(LINE_AT - 1)),
    { code: 'malformed', field: 'eif.section_offsets[1]', offset: 36, expected: /566/ },
  ],
  [
    'a size beyond every image',
    (v) => v.setBigUint64(284, 2n ** 64n - 1n),
    { code: 'too-large', field: 'eif.section_sizes[0]', offset: 284 },
  ],
  [
    'a size of a section that is not there',
    (v) => v.setBigUint64(284 + 24, 1n),
    { code: 'malformed', field: 'eif.section_sizes[3]', offset: 308, expected: /zero/ },
  ],
  [
    'a size that is not the section’s own',
    (v) => v.setBigUint64(HEADER + 4, 7n),
    { code: 'malformed', field: 'eif.section[0].size', offset: HEADER + 4, expected: /^6, as/ },
  ],
  [
    'section type 0',
    (v) => v.setUint16(HEADER, 0),
    { code: 'unsupported-kind', field: 'eif.section[0].type', offset: HEADER },
  ],
  [
    'section type 6',
    (v) => v.setUint16(HEADER, 6),
    { code: 'unsupported-kind', field: 'eif.section[0].type', offset: HEADER },
  ],
  [
    'a flag of a section',
    (v) => v.setUint16(LINE_AT + 2, 1),
    { code: 'unsupported-kind', field: 'eif.section[1].flags', offset: LINE_AT + 2 },
  ],
  [
    'two kernels',
    (v) => v.setUint16(LINE_AT, 1),
    { code: 'malformed', field: 'eif.section[1]', offset: LINE_AT, expected: /one kernel/ },
  ],
]

describe('headers of enclave images', () => {
  it('the image that is changed is good', async () => {
    assert.equal((await measured(plain)).sections.length, 3)
    assert.equal(plain[DISK_AT + 1], 3)
  })
  for (const [name, change, refusal] of HEADERS) it(name, () => refused(changed(change), refusal))
})

const metadata = eifSection('metadata', utf8('{}'))
const signature = eifSection('signature', signEif({}, SIGNER))
const SECTIONS: readonly (readonly [
  name: string,
  sections: readonly EifSection[],
  version: number,
  refusal: Refusal,
])[] = [
  [
    'no kernel',
    [LINE, DISK],
    4,
    { code: 'malformed', field: 'eif.section[0]', offset: 548, expected: /kernel before/ },
  ],
  [
    'no command line',
    [KERNEL, DISK],
    4,
    { code: 'malformed', field: 'eif.section[1]', offset: 566, expected: /command-line before/ },
  ],
  ['no ramdisk', [KERNEL, LINE], 4, { code: 'malformed', field: 'eif.sections', offset: 583, expected: /a ramdisk/ }],
  ['metadata alone', [metadata], 4, { code: 'malformed', field: 'eif.sections', offset: 562, expected: /a kernel/ }],
  ['the command line first', [LINE, KERNEL, DISK], 4, { code: 'malformed', field: 'eif.section[0]', offset: 548 }],
  [
    'the command line behind a ramdisk',
    [KERNEL, DISK, LINE],
    4,
    { code: 'malformed', field: 'eif.section[1]', offset: 566 },
  ],
  [
    'two command lines',
    [...PLAIN, LINE],
    4,
    { code: 'malformed', field: 'eif.section[3]', offset: 599, expected: /one command-line/ },
  ],
  [
    'two sections of metadata',
    [...PLAIN, metadata, metadata],
    4,
    { code: 'malformed', field: 'eif.section[4]', offset: 613 },
  ],
  [
    'two signature sections',
    [signature, signature, ...PLAIN],
    4,
    { code: 'malformed', field: 'eif.section[1]', offset: 560 + signature.content.length },
  ],
  [
    'metadata in version 3',
    [...PLAIN, metadata],
    3,
    { code: 'unsupported-kind', field: 'eif.section[3].type', offset: 599 },
  ],
  [
    'a signature in version 2',
    [...PLAIN, signature],
    2,
    { code: 'unsupported-kind', field: 'eif.section[3].type', offset: 599 },
  ],
  [
    'a command line of more than 64 KiB',
    [KERNEL, eifSection('commandLine', new Uint8Array(65_537)), DISK],
    4,
    { code: 'too-large', field: 'eif.section[1].size', offset: 570 },
  ],
  [
    'a signature section of more than 128 KiB',
    [...PLAIN, eifSection('signature', new Uint8Array(131_073))],
    4,
    { code: 'too-large', field: 'eif.section[3].size', offset: 603 },
  ],
  [
    'metadata of more than 1 MiB',
    [...PLAIN, eifSection('metadata', new Uint8Array(1_048_577))],
    4,
    { code: 'too-large', field: 'eif.section[3].size', offset: 603 },
  ],
  [
    'a command line that is not UTF-8',
    [KERNEL, eifSection('commandLine', Uint8Array.of(0x61, 0xff)), DISK],
    4,
    { code: 'malformed', field: 'eif.section[1] (command-line)', offset: 0 },
  ],
]

describe('sections of enclave images', () => {
  for (const [name, sections, version, refusal] of SECTIONS)
    it(name, () => refused(makeEif({ sections, version }), refusal))

  it('32 sections are read', async () => {
    const disks = Array.from({ length: 30 }, () => DISK)
    assert.equal((await measured(makeEif({ sections: [KERNEL, LINE, ...disks] }))).sections.length, 32)
  })
})

describe('images that were signed anew', () => {
  const again: EifSection = { ...signature, size: signature.content.length }
  // The table keeps the size of the former signature, which was shorter or longer.
  const resigned = (sections: readonly EifSection[], former: number): Uint8Array => {
    const image = makeEif({ sections })
    const at = 284 + 8 * sections.findIndex(({ type }) => type === signature.type)
    new DataView(image.buffer).setBigUint64(at, BigInt(former))
    return sealEif(image)
  }

  it('the size of a signature at the end is its own header’s, whatever the table kept', async () => {
    const good = await measured(makeEif({ sections: [...PLAIN, again] }))
    for (const former of [again.content.length - 9, again.content.length + 9]) {
      const { pcrs, sections } = await measured(resigned([...PLAIN, again], former))
      assert.deepEqual(pcrs, good.pcrs)
      assert.equal(sections.at(-1)?.size, again.content.length)
    }
  })

  it('in the middle the table and the section must agree', async () => {
    const sections = [KERNEL, LINE, again, DISK]
    await assert.rejects(measured(resigned(sections, again.content.length - 1)), /section_offsets\[3\]/)
  })

  it('a size that is not there, or beyond every signature, is refused', async () => {
    const longer = { ...again, size: again.content.length + 1 }
    await assert.rejects(measured(makeEif({ sections: [...PLAIN, longer] })), /truncated|bytes are left/)
    const huge = { ...again, size: 2n ** 63n }
    await assert.rejects(measured(makeEif({ sections: [...PLAIN, huge] })), /at most 131072/)
    const shorter = { ...again, size: again.content.length - 1 }
    await assert.rejects(measured(makeEif({ sections: [...PLAIN, shorter] })), EvidenceError)
  })
})

describe('metadata of enclave images', () => {
  const field = 'eif.section[3] (metadata)'
  for (const [name, text, at, offset] of [
    ['no JSON', 'x', field, 0],
    ['a list', '[]', field, 0],
    ['null', 'null', field, 0],
    ['nothing', '', field, 0],
    ['a member twice', '{"ImageName":"a","ImageName":"b"}', field, 28],
    ['something behind it', '{} {}', field, 3],
    ['a name that is no text', '{"ImageName":1}', `${field}.ImageName`, 0],
    ['a time that is no text', '{"BuildMetadata":{"BuildTime":{}}}', `${field}.BuildMetadata.BuildTime`, 0],
  ] as const) {
    it(name, () =>
      refused(makeEif({ sections: [...PLAIN, eifSection('metadata', utf8(text))] }), {
        code: 'malformed',
        field: at,
        offset,
      }),
    )
  }

  it('names that every object has are not taken for members', async () => {
    const sections = [...PLAIN, eifSection('metadata', utf8('{"__proto__":{"ImageName":"x"}}'))]
    const { metadata } = await measured(makeEif({ sections }))
    assert.equal(metadata?.imageName, undefined)
  })
})

describe('the ends of enclave images', () => {
  it('a checksum that is not of these bytes: both are named', async () => {
    const image = Uint8Array.from(plain)
    image[HEADER + 12] = 0x4b
    await refused(image, { code: 'malformed', field: 'eif.crc32', offset: 544, expected: /^0x[0-9a-f]{8}, the CRC-32/ })
  })

  it('a byte behind the last section', () =>
    refused(sealEif(Uint8Array.of(...plain, 0)), { code: 'trailing-bytes', field: 'eif', offset: plain.length }))

  it('an image longer than the caller accepts, by its table', async () => {
    await assert.rejects(measureEif(plain, { at: AT, maxSize: plain.length - 1 }), /section_sizes\[2\].*at most 3/)
    assert.equal((await measureEif(plain, { at: AT, maxSize: plain.length })).size, plain.length)
  })

  it('a size that is not there is not waited for, nor made room for', async () => {
    const huge = changed((view) => {
      view.setBigUint64(284 + 16, 500_000_000n)
      view.setBigUint64(DISK_AT + 4, 500_000_000n)
    })
    const before = process.memoryUsage().arrayBuffers
    await refused(huge, { code: 'truncated', field: 'eif.section[2] (ramdisk)', offset: DISK_AT + 12 })
    assert.ok(process.memoryUsage().arrayBuffers - before < 50_000_000)
  })

  it('pieces that are no bytes are a TypeError', async () => {
    async function* pieces(): AsyncGenerator<never> {
      const text: unknown = '.eif'
      yield text as never
    }
    await assert.rejects(measureEif(pieces(), { at: AT }), TypeError)
  })
})
