import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { concat, makeFirmware, SEV_ROWS, utf8 } from '@sekisho/emulator/kit'
import { toHex } from '@sekisho/evidence'
import {
  cpuSignature,
  type Machine,
  matchSnp,
  measureSnp,
  measureSnpSvsm,
  readSnpFirmware,
  type SnpPage,
  signatureOfModel,
  snpExpectationsFrom,
} from '../src/index.ts'
import { vmsaPage } from '../src/launch/vmsa.ts'

const MACHINE: Machine = { vcpus: 2, cpu: 'EPYC-v4' }
const BOOT = { kernel: utf8('kernel'), initrd: utf8('initrd'), commandLine: 'console=ttyS0' }
const firmware = makeFirmware()

const sha384 = (...parts: readonly Uint8Array[]): Buffer => createHash('sha384').update(Buffer.concat(parts)).digest()

/** One page of the launch digest, written down from AMD's table alone. */
function step(digest: Buffer, type: number, gpa: bigint, page?: Uint8Array): Buffer {
  const info = Buffer.alloc(0x70)
  digest.copy(info, 0)
  if (page !== undefined) sha384(page).copy(info, 0x30)
  info.writeUInt16LE(0x70, 0x60)
  info.writeUInt8(type, 0x62)
  info.writeBigUInt64LE(gpa, 0x68)
  return sha384(info)
}

function afterFirmware(image: Uint8Array): Buffer {
  let digest: Buffer = Buffer.alloc(48)
  for (let at = 0; at < image.length; at += 4096)
    digest = step(digest, 1, 2n ** 32n - BigInt(image.length - at), image.subarray(at, at + 4096))
  return digest
}

const state = (isBoot: boolean, eip: number): Uint8Array =>
  vmsaPage({ hypervisor: 'qemu', isBoot, eip, cpuSignature: 0x800f12, features: 1n })

describe('launch digest of an SNP guest', () => {
  it('is the chain of all pages in QEMU’s order', async () => {
    let expected = afterFirmware(firmware)
    for (const [gpa, type] of [
      [0x800000n, 3],
      [0x801000n, 3],
      [0x80d000n, 5],
      [0x80e000n, 6],
      [0x80f000n, 3],
      [0x810000n, 3],
    ] as const)
      expected = step(expected, type, gpa)
    expected = step(expected, 2, 0xfffffffff000n, state(true, 0xfffffff0))
    expected = step(expected, 2, 0xfffffffff000n, state(false, 0x80b004))
    assert.equal(toHex(await measureSnp(firmware, MACHINE)), expected.toString('hex'))
  })

  it('covers kernel, initial ramdisk and command line by their hashes, each in its place', async () => {
    const pages: SnpPage[] = []
    const all = await measureSnp(firmware, { ...MACHINE, boot: BOOT, onPage: (page) => pages.push(page) })
    assert.deepEqual(pages.at(-1)?.digest, all)
    const hashes = pages.find(({ gpa }) => gpa === 0x810000n)
    assert.equal(hashes?.type, 'normal')
    const others = [
      {},
      { boot: { ...BOOT, kernel: utf8('Kernel') } },
      { boot: { ...BOOT, initrd: utf8('kernel') } },
      { boot: { ...BOOT, commandLine: 'console=ttyS1' } },
      { boot: { kernel: BOOT.kernel } },
      { boot: { ...BOOT, initrd: new Uint8Array() } },
    ].map(async (change) => toHex(await measureSnp(firmware, { ...MACHINE, ...change })))
    assert.equal(new Set([toHex(all), ...(await Promise.all(others))]).size, 7)
  })

  it('needs all that was read of a firmware: without its digest, the firmware’s own pages were not measured', async () => {
    const read = await readSnpFirmware(firmware)
    const { digest: _digest, ...bare } = read
    for (const [broken, message] of [
      [bare, /firmware\.digest: expected 48 bytes/],
      [JSON.parse(JSON.stringify(read)), /firmware\.digest: expected 48 bytes/],
      [{ ...read, digest: read.digest.subarray(1) }, /digest: expected 48 bytes/],
      [{ ...read, sections: [] }, /firmware\.sections: expected one at least/],
    ])
      await assert.rejects(measureSnp(broken, MACHINE), { name: 'TypeError', message })
  })

  it('reads kernel and initial ramdisk piece by piece', async () => {
    async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
      for (const byte of bytes) yield Uint8Array.of(byte)
    }
    const streamed = { ...BOOT, kernel: pieces(BOOT.kernel), initrd: pieces(BOOT.initrd) }
    assert.deepEqual(
      await measureSnp(firmware, { ...MACHINE, boot: streamed }),
      await measureSnp(firmware, { ...MACHINE, boot: BOOT }),
    )
  })

  it('depends on every value of the machine', async () => {
    const changes: readonly Partial<Machine>[] = [
      {},
      { vcpus: 1 },
      { vcpus: 3 },
      { cpu: 'EPYC-Milan' },
      { features: 0x21n },
      { registers: { rdx: 0 } },
      { registers: { mxcsr: 0 } },
      { registers: { x87Fcw: 0 } },
      { hypervisor: 'ec2' },
      { hypervisor: 'gce' },
    ]
    const digests = changes.map(async (change) => toHex(await measureSnp(firmware, { ...MACHINE, ...change })))
    assert.equal(new Set(await Promise.all(digests)).size, changes.length)
  })

  it('goes on from a firmware that was read before', async () => {
    const read = await readSnpFirmware(firmware)
    assert.deepEqual([read.resetEip, read.hashesTable, read.sections.length], [0x80b004, 0x810c00, SEV_ROWS.length])
    assert.deepEqual(read.digest, new Uint8Array(afterFirmware(firmware)))
    assert.deepEqual(await measureSnp(read, MACHINE), await measureSnp(firmware, MACHINE))
  })

  it('of EC2 measures the CPUID page last, and of GCE loads the first phase’s memory unmeasured', async () => {
    const order = async (hypervisor: 'ec2' | 'gce'): Promise<string> => {
      const pages: SnpPage[] = []
      await measureSnp(firmware, { vcpus: 1, hypervisor, onPage: (page) => pages.push(page) })
      return pages.map(({ type }) => type).join(' ')
    }
    assert.equal(await order('ec2'), 'zero zero secrets zero zero cpuid vmsa')
    assert.equal(await order('gce'), 'unmeasured unmeasured secrets cpuid zero zero vmsa')
  })

  it('under an SVSM: firmware, SVSM below the variable store, sections of the SVSM, one state for all', async () => {
    const svsm = makeFirmware({ pages: 3, svsmEntry: 0x123, resetEip: null, sev: [[0x1000, 0x1000, 3]] })
    let expected = afterFirmware(firmware)
    const start = 2 ** 32 - firmware.length - 0x4000 - svsm.length
    for (let at = 0; at < svsm.length; at += 4096)
      expected = step(expected, 1, BigInt(start + at), svsm.subarray(at, at + 4096))
    expected = step(expected, 6, 0x1000n)
    const found = await measureSnpSvsm(firmware, { svsm, variableStoreSize: 0x4000, vcpus: 1, cpu: 'EPYC-v4' })
    const page = new Uint8Array(4096)
    const view = new DataView(page.buffer)
    const segment = (at: number, selector: number, attributes: number, limit: number): void => {
      view.setUint16(at, selector, true)
      view.setUint16(at + 2, attributes, true)
      view.setUint32(at + 4, limit, true)
    }
    for (const at of [0x000, 0x020, 0x030, 0x040]) segment(at, 16, 0xc93, 0xffffffff)
    segment(0x010, 8, 0xc9b, 0xffffffff)
    segment(0x050, 0, 0x93, 0xffff)
    for (const [at, attributes] of [
      [0x060, 0],
      [0x070, 0x82],
      [0x080, 0],
      [0x090, 0x8b],
    ] as const)
      segment(at, 0, attributes, 0xffff)
    for (const [at, value] of [
      [0x0d0, 0x1000n],
      [0x148, 0x40n],
      [0x158, 0x11n],
      [0x160, 0x400n],
      [0x168, 0xffff0ff0n],
      [0x170, 2n],
      [0x178, BigInt(start + 0x123)],
      [0x268, 0x0007040600070406n],
      [0x310, 0x800f12n],
      [0x3b0, 1n],
      [0x3e8, 1n],
      [0x408, 0x1f80n],
    ] as const)
      view.setBigUint64(at, value, true)
    assert.equal(toHex(found), step(expected, 2, 0xfffffffff000n, page).toString('hex'))
  })

  it('becomes expectations of verifySnp', async () => {
    const digest = await measureSnp(firmware, MACHINE)
    assert.deepEqual(snpExpectationsFrom(digest), { measurement: [toHex(digest)] })
  })

  it('CPU signatures', () => {
    assert.equal(cpuSignature(23, 1, 2), 0x00800f12)
    assert.equal(cpuSignature(25, 17, 0), 0x00a10f10)
    assert.equal(cpuSignature(15, 4, 1), 0x00000f41)
    for (const [name, signature] of [
      ['EPYC', 0x00800f12],
      ['EPYC-IBPB', 0x00800f12],
      ['EPYC-v5', 0x00800f12],
      ['EPYC-Rome-v4', 0x00830f10],
      ['EPYC-Milan', 0x00a00f11],
      ['EPYC-Genoa-v2', 0x00a10f10],
      ['EPYC-Turin', 0x00b00f00],
      ['EPYC-', undefined],
      ['EPYC-Rome-IBPB', undefined],
      ['epyc', undefined],
      ['', undefined],
    ] as const)
      assert.equal(signatureOfModel(name), signature, name)
  })
})

describe('the machine that a measurement is of', () => {
  for (const [what, machine] of [
    ['QEMU', { vcpus: 5, cpu: 'EPYC-Genoa', hypervisor: 'qemu', features: 0x21n }],
    [
      'QEMU before 2024',
      { vcpus: 1, cpu: 'EPYC-Rome', hypervisor: 'qemu', features: 1n, registers: { mxcsr: 0, x87Fcw: 0 } },
    ],
    ['EC2', { vcpus: 2, hypervisor: 'ec2', features: 1n }],
    ['EC2 before 2025', { vcpus: 64, hypervisor: 'ec2', features: 0x21n, registers: { rdx: 0 } }],
    ['GCE', { vcpus: 4, hypervisor: 'gce', features: 1n }],
  ] as const satisfies readonly (readonly [string, Machine])[])
    it(what, async () => {
      const measurement = await measureSnp(firmware, { ...machine, boot: BOOT })
      assert.deepEqual(await matchSnp(firmware, measurement, { boot: BOOT }), { machine, isBootMeasured: true })
    })

  it('is found where the kernel that was given is not in it', async () => {
    const measurement = await measureSnp(firmware, { ...MACHINE, cpu: 'EPYC' })
    const found = await matchSnp(firmware, measurement, { boot: BOOT })
    assert.deepEqual([found?.isBootMeasured, found?.machine.vcpus, found?.machine.cpu], [false, 2, 'EPYC'])
  })

  it('is not found for another firmware, another kernel, or more processors than are tried', async () => {
    const other = await measureSnp(makeFirmware({ pages: 3 }), MACHINE)
    assert.equal(await matchSnp(firmware, other), undefined)
    const kernel = await measureSnp(firmware, { ...MACHINE, boot: { kernel: utf8('other') } })
    assert.equal(await matchSnp(firmware, kernel, { boot: BOOT }), undefined)
    assert.equal(await matchSnp(firmware, await measureSnp(firmware, MACHINE), { vcpus: 1 }), undefined)
    for (const vcpus of [0, -1, 1.5, 513, Number.NaN])
      await assert.rejects(
        matchSnp(firmware, other, { vcpus }),
        /^TypeError: vcpus: expected a whole number from 1 to 512/,
      )
  })
})

describe('a machine that makes no sense is refused by name', () => {
  const MISSPELT: object = { MXCSR: 0 }
  for (const [machine, words] of [
    [{ vcpus: 0, cpu: 'EPYC' }, /^vcpus: expected a whole number from 1 to 4096/],
    [{ vcpus: 4097, cpu: 'EPYC' }, /^vcpus:/],
    [{ vcpus: 1.5, cpu: 'EPYC' }, /^vcpus:/],
    [{ vcpus: 1 }, /^cpu: expected one of EPYC, EPYC-Rome/],
    [{ vcpus: 1, cpu: 'Skylake' }, /^cpu:/],
    [{ vcpus: 1, cpu: -1 }, /^cpu: expected a CPU signature/],
    [{ vcpus: 1, cpu: 2 ** 32 }, /^cpu: expected a CPU signature of 32 bits/],
    [{ vcpus: 1, cpu: 1.5 }, /^cpu: expected a CPU signature of 32/],
    [{ vcpus: 1, cpu: 'EPYC-v1-v4' }, /^cpu: expected one of/],
    [{ vcpus: 1, cpu: 'EPYC', features: -1n }, /^features:/],
    [{ vcpus: 1, cpu: 'EPYC', features: 2n ** 64n }, /^features:/],
    [
      { vcpus: 1, cpu: 'EPYC', registers: { x87Fcw: 0x10000 } },
      /^registers\.x87Fcw: expected a whole number up to 0xffff/,
    ],
    [{ vcpus: 1, cpu: 'EPYC', registers: { rdx: Number.NaN } }, /^registers\.rdx:/],
    [
      { vcpus: 1, cpu: 'EPYC', registers: { rdx: 2 ** 32 } },
      /^registers\.rdx: expected a whole number up to 0xffffffff/,
    ],
    [{ vcpus: 1, cpu: 'EPYC', registers: { mxcsr: 2 ** 32 } }, /^registers\.mxcsr: .* up to 0xffffffff/],
    [{ vcpus: 1, cpu: 'EPYC', registers: { mxcsr: -1 } }, /^registers\.mxcsr:/],
    [{ vcpus: 1, cpu: 'EPYC', registers: { mxcsr: 0.5 } }, /^registers\.mxcsr: expected/],
    [{ vcpus: 1, cpu: 'EPYC', registers: MISSPELT }, /^registers\.MXCSR: expected one of rdx, mxcsr, x87Fcw/],
  ] as const satisfies readonly (readonly [Machine, RegExp])[])
    it(words.source, () => assert.rejects(measureSnp(firmware, machine), { name: 'TypeError', message: words }))

  it('the largest values that make sense are none of these', async () => {
    const registers = { rdx: 0xffffffff, mxcsr: 0xffffffff, x87Fcw: 0xffff }
    const most = await measureSnp(firmware, { vcpus: 4096, cpu: 0xffffffff, features: 2n ** 64n - 1n, registers })
    assert.notDeepEqual(
      most,
      await measureSnp(firmware, { vcpus: 4095, cpu: 0xffffffff, features: 2n ** 64n - 1n, registers }),
    )
    const least = { vcpus: 1, cpu: 0, features: 0n, registers: { rdx: 0, mxcsr: 0, x87Fcw: 0 } }
    assert.equal((await measureSnp(firmware, least)).length, 48)
  })

  it('a variable store that is no whole pages, or larger than memory', async () => {
    const svsm = makeFirmware({ svsmEntry: 0 })
    for (const variableStoreSize of [-4096, 1, 2 ** 32])
      await assert.rejects(
        measureSnpSvsm(firmware, { svsm, variableStoreSize, vcpus: 1, cpu: 'EPYC' }),
        /^TypeError: variableStoreSize:/,
      )
  })
})

it('the firmware’s bytes are all in the measurement', async () => {
  const read = await readSnpFirmware(firmware)
  for (const at of [0, 4095, 4096, firmware.length - 1]) {
    const changed = firmware.slice()
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.notDeepEqual((await readSnpFirmware(changed)).digest, read.digest, `byte ${at}`)
  }
  assert.notDeepEqual((await readSnpFirmware(concat(new Uint8Array(4096), firmware))).digest, read.digest)
})
