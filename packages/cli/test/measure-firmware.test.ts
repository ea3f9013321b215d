import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { importReferences } from '@sekisho/appraisal'
import { makeFirmware, utf8 } from '@sekisho/emulator/kit'
import { toHex } from '@sekisho/evidence'
import { measureSev, measureSevEs, measureSnp, measureSnpSvsm, measureTdx } from '@sekisho/measurement'
import { scratch } from './process.ts'
import { type Answered, runWithin } from './run.ts'
import { WORLD_AT as AT, worldAtRest } from './world.ts'

const world = await worldAtRest()
const folder = scratch()
const path = (name: string): string => join(folder, name)
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(path(name), content)
  return path(name)
}
const measure = (...args: readonly string[]): Promise<Answered> => runWithin(['measure', ...args])
const digestOf = (ran: Answered): string => {
  assert.deepEqual([ran.code, ran.err], [0, ''])
  return JSON.parse(ran.out).measurement
}

const firmware = makeFirmware()
const both = makeFirmware({ tdvf: [[0, 0x1000, 0xfffff000n, 0x1000n, 0, 1]] })
const ovmf = file('OVMF.fd', firmware)
const ovmfOfBoth = file('OVMF-both.fd', both)
const kernel = file('vmlinuz', 'kernel')
const initrd = file('initrd.img', 'initrd')
const BOOT = { kernel: utf8('kernel'), initrd: utf8('initrd'), commandLine: 'console=ttyS0' }
const svsmFile = file('svsm.fd', makeFirmware({ pages: 3, svsmEntry: 8 }))
const UNDER_SVSM = ['--vcpus', '1', '--cpu', 'EPYC', '--svsm', svsmFile]
const boot = ['--kernel', kernel, '--initrd', initrd, '--command-line', BOOT.commandLine]

describe('sekisho measure, of firmware', () => {
  it('SNP: what the library computes, what it covers, and expectations to copy', async () => {
    const measurement = toHex(await measureSnp(firmware, { vcpus: 2, cpu: 'EPYC-v4', boot: BOOT }))
    const { code, out, err } = await measure(ovmf, '--vcpus', '2', '--cpu', 'EPYC-v4', ...boot)
    assert.deepEqual([code, err], [0, ''])
    assert.match(out, /^Firmware of a confidential VM, for AMD SEV-SNP {2}8192 bytes\n/)
    assert.ok(out.includes(`MEASUREMENT  ${measurement}`))
    assert.match(out, /kernel +yes, with initial ramdisk and command line/)
    assert.match(out, /processors +2, EPYC-v4, as QEMU with KVM starts them/)
    assert.match(out, /SEV_FEATURES +0x1$/m)
    assert.ok(out.includes(`measurement:\n    - "${measurement}"`))
  })

  it('each option reaches the measurement', async () => {
    const machine = {
      vcpus: 3,
      cpu: 0x00a00f11,
      hypervisor: 'ec2',
      features: 0x21n,
      registers: { rdx: 0, mxcsr: 1, x87Fcw: 2 },
    } as const
    const ran = await measure(
      ...[ovmf, '--tee', 'snp', '--vcpus', '3', '--cpu', '0x00a00f11', '--hypervisor', 'ec2', '--features', '0x21'],
      ...['--register', 'rdx=0', '--register', 'mxcsr=0x1', '--register', 'x87Fcw=2', '--json'],
    )
    assert.equal(digestOf(ran), toHex(await measureSnp(firmware, machine)))
    assert.deepEqual(JSON.parse(ran.out).machine, { ...machine, features: '0x21' })
  })

  it('a register reaches the measurement however its name is typed', async () => {
    const machine = { vcpus: 1, cpu: 'EPYC-v4', registers: { mxcsr: 0, x87Fcw: 0 } } as const
    const typed = ['--register', 'MXCSR=0', '--register', 'x87fcw=0']
    const ran = await measure(ovmf, '--vcpus', '1', '--cpu', 'EPYC-v4', ...typed, '--json')
    assert.equal(digestOf(ran), toHex(await measureSnp(firmware, machine)))
    assert.deepEqual(JSON.parse(ran.out).machine, { ...machine, features: '0x1' })
  })

  it('nothing is said to be covered that is not: no model under EC2, no SEV_FEATURES before SNP', async () => {
    const ec2 = await measure(ovmf, '--vcpus', '2', '--cpu', 'EPYC-v4', '--hypervisor', 'ec2')
    assert.match(ec2.out, /processors +2, as Amazon EC2 starts them/)
    const es = await measure(ovmf, '--tee', 'sev-es', '--vcpus', '2', '--cpu', 'EPYC-v4', '--json')
    assert.deepEqual(JSON.parse(es.out).machine, { vcpus: 2, cpu: 'EPYC-v4' })
  })

  it('SEV-ES, SEV, TDX and SVSM', async () => {
    const es = await measure(ovmf, '--tee', 'sev-es', '--vcpus', '2', '--cpu', 'EPYC-Milan', ...boot, '--json')
    assert.equal(digestOf(es), toHex(await measureSevEs(firmware, { vcpus: 2, cpu: 'EPYC-Milan', boot: BOOT })))
    const sev = await measure(ovmf, '--tee', 'sev', ...boot, '--json')
    assert.equal(digestOf(sev), toHex(await measureSev(firmware, { boot: BOOT })))
    assert.deepEqual([JSON.parse(es.out).expectations.tee, JSON.parse(sev.out).expectations.tee], ['sev', 'sev'])
    const td = await measure(ovmfOfBoth, '--tee', 'tdx', '--json')
    assert.equal(digestOf(td), toHex(await measureTdx(both)))
    const older = await measure(ovmfOfBoth, '--tee', 'tdx', '--page-order', 'section', '--json')
    assert.equal(digestOf(older), toHex(await measureTdx(both, { order: 'section' })))
    const svsm = makeFirmware({ pages: 3, svsmEntry: 8 })
    const under = await measure(
      ovmf,
      ...['--vcpus', '1', '--cpu', 'EPYC-v4', '--svsm', file('svsm.bin', svsm), '--variable-store', '4096', '--json'],
    )
    const launch = { svsm, variableStoreSize: 4096, vcpus: 1, cpu: 'EPYC-v4' }
    assert.equal(digestOf(under), toHex(await measureSnpSvsm(firmware, launch)))
  })

  it('each kind says what it covers and what it does not', async () => {
    assert.match(
      (await measure(ovmfOfBoth, '--tee', 'tdx')).out,
      /MRTD {2}[0-9a-f]{96}\n.*the rest +no: configuration is in RTMR0/s,
    )
    assert.match(
      (await measure(ovmf, '--tee', 'sev')).out,
      /kernel +no: the firmware boots from a disk\n.*processors +no: /s,
    )
  })

  it('standard input', async () => {
    const ran = await runWithin(['measure', '-', '--vcpus', '1', '--cpu', 'EPYC', '--json'], { input: firmware })
    assert.equal(digestOf(ran), toHex(await measureSnp(firmware, { vcpus: 1, cpu: 'EPYC' })))
    assert.equal(JSON.parse(ran.out).expectations.source, 'standard input')
  })

  for (const [name, args, code, words] of [
    ['for two TEEs', [ovmfOfBoth], 64, /built for snp and tdx; say which with --tee/],
    ['for a TEE that is none', [ovmf, '--tee', 'sgx'], 64, /expected one of nitro, snp, sev-es, sev, tdx/],
    ['for a TEE that it was not built for', [ovmf, '--tee', 'tdx'], 3, /OVMF\.fd: unsupported-kind: firmware\.tdvf/],
    ['without a number of processors', [ovmf], 64, /--vcpus is missing/],
    ['of no processors', [ovmf, '--vcpus', '0', '--cpu', 'EPYC'], 64, /--vcpus: expected a whole number from 1/],
    ['without a model', [ovmf, '--vcpus', '1'], 64, /--cpu: expected one of EPYC/],
    ['of an unknown hypervisor', [ovmf, '--vcpus', '1', '--hypervisor', 'xen'], 64, /expected one of qemu, ec2, gce/],
    ['of features that are none', [ovmf, '--vcpus', '1', '--features', 'x'], 64, /--features x: expected a number/],
    [
      'of features in hex or in decimal',
      [ovmf, '--vcpus', '1', '--features', '21'],
      64,
      /--features 21: .*with 0x in front/,
    ],
    [
      'of a register that is none',
      [ovmf, '--vcpus', '1', '--register', 'rax=1'],
      64,
      /--register rax=1: expected one of rdx/,
    ],
    ['of a register twice', [ovmf, '--register', 'rdx=1', '--register', 'rdx=2'], 64, /rdx was given before/],
    [
      'of a register too large',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--register', 'x87Fcw=0x10000'],
      64,
      /--register x87Fcw: expected/,
    ],
    [
      'with a ramdisk and no kernel',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--initrd', initrd],
      64,
      /--initrd: expected --kernel too/,
    ],
    [
      'with a kernel that is not there',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--kernel', path('none')],
      3,
      /none: no such file/,
    ],
    [
      'with a kernel under an SVSM',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--kernel', kernel, '--svsm', ovmf],
      64,
      /under an SVSM/,
    ],
    [
      'with an SVSM and no variable store',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--svsm', ovmf],
      64,
      /--variable-store too/,
    ],
    [
      'with what says nothing about it',
      [ovmf, '--role-arn', 'x'],
      64,
      /--role-arn says nothing about an image for snp/,
    ],
    [
      'with a page order that is none',
      [ovmfOfBoth, '--tee', 'tdx', '--page-order', 'x'],
      64,
      /expected page or section/,
    ],
    [
      'with a variable store and no SVSM',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--variable-store', '4096'],
      64,
      /--variable-store: expected --svsm too/,
    ],
    ...(['--hypervisor=gce', '--features=0x21', '--register=rdx=0'] as const).map(
      (option) =>
        [
          `with ${option}, which says nothing of a guest under an SVSM`,
          [ovmf, ...UNDER_SVSM, '--variable-store', '4096', option],
          64,
          new RegExp(`${option.split('=')[0]}: an SVSM runs under QEMU alone`),
        ] as const,
    ),
    [
      'with a variable store of half a page',
      [ovmf, ...UNDER_SVSM, '--variable-store', '2048'],
      64,
      /--variable-store: expected whole pages of 4096 bytes/,
    ],
    [
      'with a variable store larger than memory',
      [ovmf, ...UNDER_SVSM, '--variable-store', '4294963200'],
      64,
      /--variable-store: expected less: .* larger than 4 GiB/,
    ],
    [
      'with an SVSM that is none, which is then the file that is named',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--svsm', kernel, '--variable-store', '4096'],
      3,
      /vmlinuz: unsupported-kind/,
    ],
    [
      'with a firmware in the place of the SVSM',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--svsm', ovmfOfBoth, '--variable-store', '4096'],
      3,
      /OVMF-both\.fd: no SVSM image/,
    ],
    [
      'with standard input in two places, of which the second would be empty',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--kernel', '-', '--initrd', '-'],
      64,
      /only one of the files can be standard input/,
    ],
    [
      'with a command line that is no UTF-8, which arrives as this sign',
      [ovmf, '--vcpus', '1', '--cpu', 'EPYC', '--kernel', kernel, '--command-line', 'a\ufffdb'],
      64,
      /--command-line: expected UTF-8/,
    ],
    ['that is damaged', [file('cut.fd', firmware.subarray(4096 - 2048))], 3, /no image that this version measures/],
    ['with a match that is none', [ovmf, '--match', '00'], 3, /00: no such file/],
    ['with a match and a model', [ovmf, '--match', '00'.repeat(48), '--cpu', 'EPYC'], 64, /--cpu cannot be given too/],
  ] as const)
    it(`${name}: exit code ${code}`, async () => {
      const ran = await measure(...args)
      assert.equal(ran.code, code, ran.err + ran.out)
      assert.match(ran.err, words)
    })
})

describe('sekisho measure --match', () => {
  const machine = { vcpus: 4, cpu: 'EPYC-Milan', features: 0x21n } as const

  it('names the machine that has a measurement, and 1 when none has', async () => {
    const measurement = toHex(await measureSnp(firmware, { ...machine, boot: BOOT }))
    const { code, out } = await measure(ovmf, '--match', measurement, ...boot)
    assert.equal(code, 0)
    assert.match(out, /processors +4, EPYC-Milan, as QEMU with KVM starts them/)
    assert.match(out, /SEV_FEATURES +0x21/)
    const none = await measure(ovmf, '--match', measurement)
    assert.equal(none.code, 1)
    assert.match(none.out, /No usual machine has this measurement/)
    assert.match(none.out, /or the machine is no usual one: more processors \(--vcpus\)/)
    assert.equal(JSON.parse((await measure(ovmf, '--match', measurement, '--json')).out).machine, null)
  })

  it('takes a report, whose measurement it then explains', async () => {
    const measurement = toHex(await measureSnp(firmware, machine))
    const { evidence } = world.snp({ measurement }).attest(new Uint8Array(64))
    const ran = await measure(ovmf, '--match', file('report.bin', evidence))
    assert.equal(ran.code, 0, ran.err)
    assert.match(ran.out, /processors +4, EPYC-Milan/)
    const quote = await runWithin(['measure', ovmf, '--match', 'examples/tdx/quote.bin'])
    assert.deepEqual([quote.code, /evidence of SEV-SNP; this is tdx/.test(quote.err)], [64, true])
  })
})

describe('what measure expects of a firmware', () => {
  it('verifies a guest of it, and rejects one of another kernel', async () => {
    const anchors = file('anchors.json', JSON.stringify(world.anchors))
    const expect = path('expect.json')
    assert.equal((await measure(ovmf, '--vcpus', '2', '--cpu', 'EPYC-v4', ...boot, '--expect-out', expect)).code, 0)
    const verdictOf = async (commandLine: string): Promise<string> => {
      const measurement = toHex(
        await measureSnp(firmware, { vcpus: 2, cpu: 'EPYC-v4', boot: { ...BOOT, commandLine } }),
      )
      const guest = world.snp({ measurement }).attest(new Uint8Array(64))
      const ran = await runWithin([
        ...['verify', file('report.bin', guest.evidence), '--expect', expect, '--trust-anchor', anchors, '--json'],
        ...['--at', AT.toISOString(), '--offline', '--allow-emulated'],
      ])
      const { checks } = JSON.parse(ran.out)
      return checks
        .flatMap(({ checks: all }: { checks: readonly { id: string; outcome: string }[] }) => all)
        .find(({ id }: { id: string }) => id === 'snp.expect.measurement').outcome
    }
    assert.equal(await verdictOf(BOOT.commandLine), 'pass')
    assert.equal(await verdictOf('console=ttyS0 init=/bin/sh'), 'fail')
  })

  it('is imported as a reference set, for SEV-ES as for SEV', async () => {
    const ran = await measure(ovmf, '--tee', 'sev-es', '--vcpus', '1', '--cpu', 'EPYC', '--expect-out', '-')
    const [set] = importReferences(utf8(ran.out), { name: 'firmware', owner: 'me', at: AT })
    assert.deepEqual([set?.tee, set?.provenance], ['sev', { kind: 'measurement', source: 'OVMF.fd' }])
    assert.deepEqual(JSON.parse(readFileSync(file('copy.json', ran.out), 'utf8')).measurement.length, 1)
  })
})
