import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  concat,
  FIRMWARE_GUIDS as GUIDS,
  le,
  makeFirmware,
  SEV_METADATA_AT as SEV_AT,
  SEV_ROWS,
  TDVF_METADATA_AT as TDVF_AT,
  type TdvfRow,
  utf8,
} from '@sekisho/emulator/kit'
import type { EvidenceErrorCode } from '@sekisho/evidence'
import { guidBytes, guidText } from '../src/firmware/guid.ts'
import {
  measureSnp,
  measureSnpSvsm,
  readFirmwareTable,
  readSevFirmware,
  readSnpFirmware,
  readTdvf,
  recogniseFirmware,
} from '../src/index.ts'
import { edited, refusedBy } from './firmware-kit.ts'

const ROW: TdvfRow = [0, 0x1000, 0x1000n, 0x1000n, 0, 1]
const firmware = makeFirmware({ tdvf: [ROW] })
/** Where the footer's size stands. */
const FOOTER = firmware.length - 32 - 18

describe('firmware of confidential VMs', () => {
  it('table, SEV and TDVF metadata', () => {
    const table = readFirmwareTable(firmware)
    assert.deepEqual([...table.keys()].sort(), [GUIDS.hashes, GUIDS.reset, GUIDS.sev, GUIDS.tdvf].sort())
    assert.deepEqual(table.get(GUIDS.reset)?.data, le(0x80b004, 4))
    const { sections, ...rest } = readSevFirmware(firmware)
    assert.deepEqual(rest, { resetEip: 0x80b004, hashesTable: 0x810c00, entry: undefined })
    assert.deepEqual(
      sections.map(({ type }) => type),
      ['sec-memory', 'secrets', 'cpuid', 'svsm-calling-area', 'kernel-hashes'],
    )
    const [section] = readTdvf(firmware)
    assert.deepEqual(section, {
      type: 0,
      gpa: 0x1000n,
      size: 0x1000,
      data: firmware.subarray(0, 0x1000),
      isExtended: true,
      isAugmented: false,
    })
  })

  it('is for the TEEs that it has metadata of', () => {
    assert.deepEqual(recogniseFirmware(firmware), ['snp', 'tdx'])
    assert.deepEqual(recogniseFirmware(makeFirmware()), ['snp'])
    assert.deepEqual(recogniseFirmware(makeFirmware({ sev: [] })), ['sev-es'])
    assert.deepEqual(recogniseFirmware(new Uint8Array(4096)), [])
    assert.deepEqual(recogniseFirmware(utf8('no firmware')), [])
  })

  it('a code file without its variable store is one for SNP still, and not for TDX', () => {
    const code = makeFirmware({ tdvf: [[0x2000, 0x1000, 0n, 0x1000n, 0, 1]] })
    assert.deepEqual(recogniseFirmware(code), ['snp'])
  })

  it('damaged metadata is told, where nothing else is whole', () => {
    assert.throws(() => recogniseFirmware(edited(makeFirmware(), SEV_AT, utf8('ASEX'))), {
      field: 'firmware.sev-metadata.signature',
    })
  })

  it('an entry that is too short is told at its place in the file', () => {
    const short = makeFirmware({ resetEip: null, entries: [[GUIDS.reset, new Uint8Array(2)]] })
    const offset = readFirmwareTable(short).get(GUIDS.reset)?.offset
    assert.ok(offset !== undefined && offset > 4096)
    assert.throws(() => readSevFirmware(short), { code: 'truncated', field: 'firmware.reset-block', offset })
  })

  it('a Buffer measures like other bytes, and keeps its own', async () => {
    const buffer = Buffer.from(firmware)
    const machine = { vcpus: 1, cpu: 'EPYC-v4' }
    assert.deepEqual(await measureSnp(buffer, machine), await measureSnp(firmware, machine))
    assert.deepEqual(new Uint8Array(buffer), firmware)
  })

  it('GUIDs are spelt as everywhere', () => {
    assert.equal(guidText(guidBytes(GUIDS.footer)), GUIDS.footer)
    assert.equal(Buffer.from(guidBytes(GUIDS.footer)).toString('hex'), 'de82b596b21ff745baeaa366c55a082d')
  })
})

type Refusal = readonly [what: string, bytes: Uint8Array, code: EvidenceErrorCode, field: string, expected: RegExp]

const second = (changes: Partial<Record<number, number>>): Uint8Array => {
  const bytes = firmware.slice()
  for (const [at, value] of Object.entries(changes)) bytes.set(le(value ?? 0, 4), SEV_AT + 16 + 12 + Number(at))
  return bytes
}
const tdvfWith = (row: TdvfRow): Uint8Array => makeFirmware({ tdvf: [row] })
const section = 'firmware.sev-metadata.section[1]'
const tdvfSection = 'firmware.tdvf.section[0]'

const SEV_REFUSALS: readonly Refusal[] = [
  ['no bytes', new Uint8Array(), 'unsupported-kind', 'firmware', /whole pages of 4096 bytes/],
  ['no whole pages', firmware.subarray(1), 'unsupported-kind', 'firmware', /whole pages/],
  ['too large', new Uint8Array(64 * 1024 ** 2 + 4096), 'too-large', 'firmware', /at most 67108864 bytes/],
  ['no table', new Uint8Array(8192), 'unsupported-kind', 'firmware.table', /96b582de/],
  [
    'a table larger than the file',
    edited(firmware, FOOTER, Uint8Array.of(0xff, 0xff)),
    'malformed',
    'firmware.table',
    /a size from 18/,
  ],
  [
    'a table smaller than its footer',
    edited(firmware, FOOTER, Uint8Array.of(17, 0)),
    'malformed',
    'firmware.table',
    /a size from 18/,
  ],
  [
    'a table that cuts an entry',
    edited(firmware, FOOTER, Uint8Array.of(30, 0)),
    'malformed',
    'firmware.table',
    /a size from 18/,
  ],
  [
    'an entry smaller than its tail',
    edited(firmware, FOOTER - 18, Uint8Array.of(17, 0)),
    'malformed',
    `firmware.table (${GUIDS.tdvf})`,
    /a size from 18/,
  ],
  [
    'an entry larger than the table',
    edited(firmware, FOOTER - 18, Uint8Array.of(0xff, 0)),
    'malformed',
    `firmware.table (${GUIDS.tdvf})`,
    /a size from 18/,
  ],
  [
    'an entry twice',
    makeFirmware({ entries: [[GUIDS.reset, le(1, 4)]] }),
    'malformed',
    `firmware.table (${GUIDS.reset})`,
    /one entry/,
  ],
  [
    'a reset block without an address',
    makeFirmware({ resetEip: null, entries: [[GUIDS.reset, new Uint8Array(3)]] }),
    'truncated',
    'firmware.reset-block',
    /4 bytes/,
  ],
  [
    'metadata before the file',
    makeFirmware({ sev: [] }).map((byte, i, all) => (i === all.length - 32 - 18 - 18 - 4 + 3 ? 1 : byte)),
    'malformed',
    'firmware.sev-metadata.offset',
    /a place in the firmware/,
  ],
  [
    'another signature',
    edited(firmware, SEV_AT, utf8('ASEW')),
    'malformed',
    'firmware.sev-metadata.signature',
    /"ASEV"/,
  ],
  [
    'another version',
    edited(firmware, SEV_AT + 8, le(2, 4)),
    'unsupported-version',
    'firmware.sev-metadata.version',
    /version 1/,
  ],
  [
    'a length that does not fit',
    edited(firmware, SEV_AT + 4, le(77, 4)),
    'malformed',
    'firmware.sev-metadata.length',
    /12 for each of 0 to 256/,
  ],
  [
    'too many sections',
    edited(firmware, SEV_AT + 4, concat(le(16 + 12 * 257, 4), le(1, 4), le(257, 4))),
    'malformed',
    'firmware.sev-metadata.length',
    /to 256/,
  ],
  ['a section of no known type', second({ 8: 5 }), 'malformed', `${section}.type`, /1, 2, 3, 4 or 0x10/],
  ['a section of no whole pages', second({ 4: 0x1001 }), 'malformed', section, /whole pages/],
  ['a section without pages', second({ 4: 0 }), 'malformed', section, /whole pages/],
  ['a section that is not on a page', second({ 0: 0x80d001 }), 'malformed', section, /whole pages/],
  ['a section beyond 4 GiB', second({ 0: 0xfffff000, 4: 0x2000 }), 'malformed', section, /below 4 GiB/],
  [
    'sections of more memory than is measured',
    second({ 4: 0x10001000 }),
    'too-large',
    'firmware.sev-metadata',
    /in all sections/,
  ],
]

const TDVF_REFUSALS: readonly Refusal[] = [
  ['no metadata', makeFirmware(), 'unsupported-kind', 'firmware.tdvf', /a build for Intel TDX/],
  ['another signature', edited(firmware, TDVF_AT, utf8('TDVX')), 'malformed', 'firmware.tdvf.signature', /"TDVF"/],
  [
    'another version',
    edited(firmware, TDVF_AT + 8, le(2, 4)),
    'unsupported-version',
    'firmware.tdvf.version',
    /version 1/,
  ],
  ['no sections', makeFirmware({ tdvf: [] }), 'malformed', 'firmware.tdvf.length', /1 to 256/],
  [
    'a length that does not fit',
    edited(firmware, TDVF_AT + 4, le(49, 4)),
    'malformed',
    'firmware.tdvf.length',
    /32 for each/,
  ],
  ['an unknown type', tdvfWith([0, 0, 0n, 0x1000n, 7, 0]), 'malformed', `${tdvfSection}.type`, /0 to 6/],
  ['unknown attributes', tdvfWith([0, 0, 0n, 0x1000n, 0, 4]), 'malformed', `${tdvfSection}.attributes`, /bits 0 and 1/],
  ['no whole pages', tdvfWith([0, 0, 0n, 0x1001n, 0, 0]), 'malformed', tdvfSection, /whole pages/],
  ['an address within a page', tdvfWith([0, 0, 1n, 0x1000n, 0, 0]), 'malformed', tdvfSection, /whole pages/],
  ['a size that no number holds', tdvfWith([0, 0, 0n, 2n ** 63n, 4, 2]), 'malformed', tdvfSection, /whole pages/],
  [
    'data beyond the file',
    tdvfWith([0x2000, 0x1000, 0n, 0x1000n, 0, 1]),
    'malformed',
    tdvfSection,
    /data within the file/,
  ],
  [
    'more data than memory',
    tdvfWith([0, 0x1001, 0n, 0x1000n, 0, 1]),
    'malformed',
    tdvfSection,
    /no longer than the memory/,
  ],
  [
    'more memory than is measured',
    tdvfWith([0, 0, 0n, 0x10001000n, 3, 0]),
    'too-large',
    'firmware.tdvf',
    /that are measured/,
  ],
]

describe('SEV metadata is refused at the byte that is wrong', () => {
  for (const [what, bytes, code, field, expected] of SEV_REFUSALS)
    it(what, () => refusedBy(() => readSevFirmware(bytes), code, field, expected))
})

describe('TDVF metadata is refused at the byte that is wrong', () => {
  for (const [what, bytes, code, field, expected] of TDVF_REFUSALS)
    it(what, () => refusedBy(() => readTdvf(bytes), code, field, expected))

  it('and the error says at which byte', () => {
    const at = TDVF_AT + 16
    for (const [row, offset] of [
      [[0x2000, 0x1000, 0n, 0x1000n, 0, 1], at],
      [[0, 0, 0n, 0x1001n, 0, 0], at + 8],
      [[0, 0, 0n, 0x1000n, 7, 0], at + 24],
      [[0, 0, 0n, 0x1000n, 0, 4], at + 28],
      [[0, 0, 0n, 0x10001000n, 3, 0], TDVF_AT],
    ] as const)
      assert.throws(() => readTdvf(tdvfWith(row)), { offset })
    for (const [change, offset] of [
      [0, TDVF_AT],
      [4, TDVF_AT + 4],
      [8, TDVF_AT + 8],
    ] as const)
      assert.throws(() => readTdvf(edited(firmware, TDVF_AT + change, le(0x7f, 4))), { offset })
  })

  it('up to 256 MiB are measured', () => {
    assert.equal(readTdvf(tdvfWith([0, 0, 0n, 0x10000000n, 3, 0])).length, 1)
  })

  it('memory that comes when the TD runs may have any size', () => {
    const [section] = readTdvf(tdvfWith([0, 0, 0n, 2n ** 40n, 4, 2]))
    assert.equal(section?.isAugmented, true)
  })
})

describe('a firmware that cannot be measured for SNP', () => {
  const machine = { vcpus: 1, cpu: 'EPYC' }
  const boot = { kernel: utf8('kernel') }
  for (const [what, bytes, field, expected] of [
    ['without SEV metadata', makeFirmware({ sev: [] }), 'firmware.sev-metadata', /knows SEV-SNP/],
    ['without a reset address', makeFirmware({ resetEip: null }), 'firmware.reset-block', /reset address/],
    [
      'without a page for hashes',
      makeFirmware({ sev: SEV_ROWS.slice(0, 4) }),
      'firmware.kernel-hashes',
      /OvmfPkg\/AmdSev/,
    ],
    ['without a table of hashes', makeFirmware({ hashesTable: 0 }), 'firmware.kernel-hashes', /OvmfPkg\/AmdSev/],
    [
      'with two pages for hashes, of which no hypervisor’s order is known',
      makeFirmware({ sev: [...SEV_ROWS.slice(0, 4), [0x810000, 0x2000, 0x10]] }),
      'firmware.kernel-hashes',
      /one page of 4096 bytes/,
    ],
    [
      'with a table beyond its page',
      makeFirmware({ hashesTable: 0x810f80 }),
      'firmware.kernel-hashes',
      /within one page/,
    ],
  ] as const)
    it(what, () => refusedBy(() => measureSnp(bytes, { ...machine, boot }), 'unsupported-kind', field, expected))

  it('that is to run under what is no SVSM', () =>
    refusedBy(
      () => measureSnpSvsm(firmware, { ...machine, svsm: firmware, variableStoreSize: 0 }),
      'unsupported-kind',
      'svsm.svsm-info',
      /the entry of an SVSM image/,
    ))

  it('that is to run under an SVSM without metadata', () =>
    refusedBy(
      () =>
        measureSnpSvsm(firmware, { ...machine, svsm: makeFirmware({ svsmEntry: 8, sev: [] }), variableStoreSize: 0 }),
      'unsupported-kind',
      'svsm.sev-metadata',
      /SEV metadata with sections/,
    ))

  it('that an SVSM serves and that is no whole pages', () =>
    refusedBy(
      () =>
        measureSnpSvsm(firmware.subarray(0, 5000), {
          ...machine,
          svsm: makeFirmware({ svsmEntry: 0 }),
          variableStoreSize: 0,
        }),
      'unsupported-kind',
      'firmware',
      /whole pages of 4096 bytes/,
    ))

  it('is read all the same when no kernel is given', async () => {
    assert.equal((await readSnpFirmware(makeFirmware({ hashesTable: 0 }))).hashesTable, undefined)
  })
})
