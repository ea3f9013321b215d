import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { makeFirmware, type TdvfRow, utf8 } from '@sekisho/emulator/kit'
import { toHex } from '@sekisho/evidence'
import { kernelHashesTable, measureSev, measureSevEs, measureTdx, tdxExpectationsFrom } from '../src/index.ts'
import { vmsaPage } from '../src/launch/vmsa.ts'
import { refusedBy } from './firmware-kit.ts'

const BOOT = { kernel: utf8('kernel'), commandLine: 'quiet' }
const firmware = makeFirmware()
const sha256 = (...parts: readonly Uint8Array[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex')

describe('launch digest before SNP', () => {
  it('SEV: the firmware, and with a kernel its hashes', async () => {
    assert.equal(toHex(await measureSev(firmware)), sha256(firmware))
    assert.equal(toHex(await measureSev(firmware, { boot: BOOT })), sha256(firmware, await kernelHashesTable(BOOT)))
  })

  it('SEV-ES: the first state of each processor too, with no features of SNP', async () => {
    const state = (isBoot: boolean, eip: number): Uint8Array =>
      vmsaPage({ hypervisor: 'qemu', isBoot, eip, cpuSignature: 0xa00f11, features: 0n })
    const found = await measureSevEs(firmware, { vcpus: 3, cpu: 'EPYC-Milan', boot: BOOT })
    const further = state(false, 0x80b004)
    const expected = sha256(firmware, await kernelHashesTable(BOOT), state(true, 0xfffffff0), further, further)
    assert.equal(toHex(found), expected)
  })

  it('the table of hashes has its GUIDs in UEFI’s byte order, and ends with padding', async () => {
    const table = Buffer.from(await kernelHashesTable(BOOT))
    assert.equal(table.length, 176)
    assert.equal(table.subarray(0, 18).toString('hex'), '06d63894224fc94cb479a793d411fd21a800')
    const hash = (content: string): string => createHash('sha256').update(content).digest('hex')
    assert.equal(table.subarray(18, 68).toString('hex'), `d82dd09720bd944caa78e7714d36ab2a3200${hash('quiet\0')}`)
    assert.equal(table.subarray(68, 118).toString('hex'), `31f7ba442f3ad74b9af141e29169781d3200${hash('')}`)
    assert.equal(table.subarray(118, 168).toString('hex'), `3794e74dd2ab7f42b835d5b172d2045b3200${hash('kernel')}`)
    assert.deepEqual(table.subarray(168), Buffer.alloc(8))
  })

  it('the name of a kernel is no kernel', async () => {
    const name: unknown = '/boot/vmlinuz'
    await assert.rejects(kernelHashesTable({ kernel: name as Uint8Array }), TypeError)
    await assert.rejects(kernelHashesTable({ ...BOOT, initrd: name as Uint8Array }), TypeError)
  })

  it('a firmware that takes no hashes refuses a kernel: it would boot unmeasured', async () => {
    const plain = makeFirmware({ hashesTable: 0 })
    const words = /a build that measures kernel, initrd and command line/
    await refusedBy(() => measureSev(plain, { boot: BOOT }), 'unsupported-kind', 'firmware.kernel-hashes', words)
    await refusedBy(
      () => measureSevEs(plain, { vcpus: 1, cpu: 'EPYC', boot: BOOT }),
      'unsupported-kind',
      'firmware.kernel-hashes',
      words,
    )
  })
})

const ROWS: readonly TdvfRow[] = [
  [0x1000, 0x1800, 0xfffff000n, 0x2000n, 0, 1],
  [0, 0, 0x810000n, 0x1000n, 2, 0],
  [0, 0x1000, 0xffffe000n, 0x1000n, 1, 0],
  [0, 0, 0x100000n, 0x1000n, 4, 2],
]
const tdvf = makeFirmware({ pages: 3, tdvf: ROWS })

/** MRTD, written down from the two operations alone. */
function mrTd(order: 'page' | 'section'): string {
  const hash = createHash('sha384')
  const operation = (name: string, gpa: bigint, content?: Uint8Array): void => {
    const record = Buffer.alloc(128)
    record.write(name, 'ascii')
    record.writeBigUInt64LE(gpa, 16)
    hash.update(record)
    if (content !== undefined) hash.update(content)
  }
  const contents = Buffer.concat([tdvf.subarray(0x1000, 0x2800), Buffer.alloc(0x800)])
  const extend = (page: number): void => {
    for (let at = 0; at < 4096; at += 256)
      operation(
        'MR.EXTEND',
        0xfffff000n + BigInt(page * 4096 + at),
        contents.subarray(page * 4096 + at, page * 4096 + at + 256),
      )
  }
  for (const page of [0, 1]) {
    operation('MEM.PAGE.ADD', 0xfffff000n + BigInt(page * 4096))
    if (order === 'page') extend(page)
  }
  if (order === 'section') for (const page of [0, 1]) extend(page)
  operation('MEM.PAGE.ADD', 0x810000n)
  operation('MEM.PAGE.ADD', 0xffffe000n)
  return hash.digest('hex')
}

describe('MRTD of a TD', () => {
  it('adds every page, extends by the contents that are measured, leaves out what comes later', async () => {
    assert.equal(toHex(await measureTdx(tdvf)), mrTd('page'))
    assert.equal(toHex(await measureTdx(tdvf, { order: 'section' })), mrTd('section'))
    assert.notEqual(mrTd('page'), mrTd('section'))
  })

  it('covers what is extended and nothing else of the file', async () => {
    const changed = (at: number): Uint8Array => tdvf.map((byte, i) => (i === at ? byte ^ 1 : byte))
    assert.notEqual(toHex(await measureTdx(changed(0x1800))), mrTd('page'))
    assert.equal(toHex(await measureTdx(changed(0x2900))), mrTd('page'))
  })

  it('becomes expectations of verifyTdx', async () => {
    const digest = await measureTdx(tdvf)
    assert.deepEqual(tdxExpectationsFrom(digest), { measurement: [toHex(digest)] })
  })
})
