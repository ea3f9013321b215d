import assert from 'node:assert/strict'
import { createHash, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { concat, filled, generateKey, le, utf8 } from '@sekisho/emulator/kit'
import type { TrustAnchor } from '../src/core/verdict.ts'
import {
  type BootClaims,
  type BootFile,
  encodeAttest,
  encodeSignature,
  explainBootLog,
  verifyTpmSync,
} from '../src/tpm/index.ts'
import { AT, file } from './tpm-kit.ts'
import { missing } from './vectors.ts'

const { publicKey, privateKey } = generateKey('P-256')
const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
const anchor: TrustAnchor = {
  id: 'made',
  name: 'a key made here',
  vendor: 'test',
  spkiSha256: createHash('sha256').update(spki).digest('hex'),
  emulated: true,
}

interface Event {
  readonly pcr?: number
  readonly type?: number
  readonly data: Uint8Array
  readonly measured: Uint8Array
}

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  new Uint8Array(
    createHash('sha256')
      .update(concat(...parts))
      .digest(),
  )
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const SPEC_ID = concat(
  utf8('Spec ID Event03\0'),
  le(0, 4),
  Uint8Array.of(0, 2, 0, 2),
  le(1, 4),
  le(0xb, 2),
  le(32, 2),
  filled(1),
)

/** Files of PCR 9 by a log and a quote of `pcrs`, of which 9 is extended once more when `later`. */
function filesOf(events: readonly Event[], pcrs: readonly number[], later = false): readonly BootFile[] | undefined {
  return bootOf(events, pcrs, later)?.files
}

function bootOf(events: readonly Event[], pcrs: readonly number[], later = false): BootClaims | undefined {
  const values = new Map(pcrs.map((pcr) => [pcr, filled(32)]))
  const extend = (pcr: number, digest: Uint8Array): void => {
    const value = values.get(pcr)
    if (value !== undefined) values.set(pcr, sha256(value, digest))
  }
  const log = [concat(le(0, 4), le(3, 4), filled(20), le(SPEC_ID.length, 4), SPEC_ID)]
  for (const { pcr = 9, type = 0xd, data, measured } of events) {
    extend(pcr, sha256(measured))
    log.push(concat(le(pcr, 4), le(type, 4), le(1, 4), le(0xb, 2), sha256(measured), le(data.length, 4), data))
  }
  if (later) extend(9, sha256(utf8('later')))
  const message = encodeAttest({
    magic: 0xff544347,
    type: 0x8018,
    qualifiedSigner: filled(34),
    extraData: utf8('nonce-0123456789'),
    clockInfo: { clock: 1n, resetCount: 1, restartCount: 0, safe: true },
    firmwareVersion: 1n,
    attested: filled(0),
    quote: { selections: [{ bank: 'sha256', pcrs, size: 3 }], pcrDigest: sha256(...values.values()) },
  })
  const raw = new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }))
  const numbers = [raw.subarray(0, 32), raw.subarray(32)]
  const signature = encodeSignature({ scheme: 'ecdsa', hash: 'sha256', numbers })
  const all = { sha256: Object.fromEntries([...values].map(([pcr, value]) => [String(pcr), hex(value)])) }
  const verdict = verifyTpmSync(
    { message, signature, akPublic: spki, pcrs: all, eventLog: concat(...log) },
    { at: AT, trustAnchors: [anchor], expect: { allowEmulated: true } },
  )
  return verdict.claims.boot
}

const kernel = utf8('a kernel')
const digest = hex(sha256(kernel))
const grub: Event = { data: utf8('/boot/vmlinuz-6\0'), measured: kernel }

describe('files that the boot loader measured', () => {
  it('have the digest of the event and the name that the log gives them', () => {
    const initrd = { data: utf8('/boot/initrd.img-6\0'), measured: utf8('an initrd') }
    assert.deepEqual(filesOf([grub, initrd], [0, 9]), [
      { pcr: 9, digest, claimedName: '"/boot/vmlinuz-6"' },
      { pcr: 9, digest: hex(sha256(utf8('an initrd'))), claimedName: '"/boot/initrd.img-6"' },
    ])
  })

  it('count only where PCR 9 is quoted and replays', () => {
    assert.deepEqual(filesOf([grub], [0, 8]), [])
    assert.deepEqual(filesOf([grub], [0, 9], true), [])
    assert.deepEqual(filesOf([{ ...grub, pcr: 8 }], [8, 9]), [])
  })

  it('are all that PCR 9 has but separators, whatever type and data the log gives them', () => {
    for (const type of [0x1, 0x4, 0x5, 0xc, 0x80000003, 0x80000007]) {
      const found = filesOf([{ ...grub, type }], [9])
      assert.deepEqual(found, [{ pcr: 9, digest, claimedOther: true }], `type ${type}`)
    }
    // A file whose contents stand in the log as if they were text.
    const [inside, ...others] = filesOf([{ data: kernel, measured: kernel }], [9]) ?? []
    assert.deepEqual([inside?.digest, others.length], [digest, 0])
    assert.deepEqual(filesOf([{ type: 4, data: filled(4), measured: filled(4) }], [9]), [])
  })

  it('have names that are bounded and harm no terminal; none where there is none', () => {
    const named = (data: Uint8Array, type = 0xd): BootFile | undefined =>
      filesOf([{ type, data, measured: kernel }], [9])?.[0]
    assert.equal(named(utf8('\u001b[2J"\n'))?.claimedName, '"\\x1b[2J\\"\\n"')
    const long = named(filled(1_000_000, 0x61))?.claimedName ?? ''
    assert.ok(long.startsWith(`"${'a'.repeat(128)}" and `) && long.length < 200, long)
    assert.deepEqual(named(filled(0)), { pcr: 9, digest })
    const tag = (size: number): Uint8Array => concat(le(0x8f3b22ec, 4), le(size, 4), utf8('Linux initrd\0'))
    assert.equal(named(tag(13), 6)?.claimedName, '"Linux initrd"')
    assert.equal(named(tag(14), 6)?.claimedOther, true)
    assert.equal(named(filled(7), 6)?.claimedOther, true)
  })

  for (const [name, kernelName, kernelDigest, files] of [
    ['gce-ubuntu2104-no-secureboot', '"/boot/vmlinuz-5.11.0-1006-gcp"', /^[0-9a-f]{64}$/, 9],
    ['gce-ubuntu1804-sev', '"/boot/initrd.img-5.4.0-1046-gcp"', /^[0-9a-f]{64}$/, 10],
    ['gce-ubuntu2404-snp', '"/vmlinuz-6.8.0-1010-gcp"', /^[0-9a-f]{64}$/, 12],
    ['server-shim-grub', '"(hd0,gpt2)/vmlinuz-5.14.0-503.11.1.el9_5.x86_64"', /^3d04fdbb39eb812b739c18f1b66a8837/, 8],
    ['gke-confidential', '"/syslinux/vmlinuz.B"', /^[0-9a-f]{64}$/, 2],
    ['gce-uki', '"Linux initrd"', /^[0-9a-f]{64}$/, 2],
  ] as const) {
    it(`${name}: the kernel or initrd is among them`, { skip: missing('measured-boot') }, async () => {
      const { banks } = await explainBootLog(file(`measured-boot/${name}/event-log.bin`))
      for (const { bank, facts, log } of banks) {
        assert.equal(facts.files.length, files, bank)
        const found = facts.files.find(({ claimedName }) => claimedName === kernelName)
        assert.ok(log.events.some((event) => event.register === 'pcr9' && hex(event.digest) === found?.digest))
        if (bank === 'sha256') assert.match(found?.digest ?? '', kernelDigest)
      }
    })
  }
})

describe('texts that the boot loader measured', () => {
  const text = (data: string, measured: string): Event => ({ pcr: 8, data: utf8(data), measured: utf8(measured) })

  it('have their kind by its label, with a colon or as Red Hat’s GRUB has them, where the digest is over the rest', () => {
    const log = [
      text('grub_cmd: set a=1\0', 'set a=1'),
      text('grub_cmd set b=2\0', 'set b=2\0'),
      text('grub_kernel_cmdline /vmlinuz quiet\0', '/vmlinuz quiet'),
      // Not what the label's owner measures.
      text('grub_cmd: set c=3\0', 'set c=3\0'),
      text('grub_cmd set d=4\0', 'grub_cmd set d=4'),
    ]
    assert.deepEqual(bootOf(log, [8])?.texts, [
      { pcr: 8, kind: 'grub-command', text: '"set a=1"' },
      { pcr: 8, kind: 'grub-command', text: '"set b=2"' },
      { pcr: 8, kind: 'kernel-command-line', text: '"/vmlinuz quiet"' },
    ])
  })

  it('are the first 256, with the number of the others', () => {
    const many = (count: number): readonly Event[] =>
      Array.from({ length: count }, (_, i) => text(`grub_cmd: set a=${i}\0`, `set a=${i}`))
    const [all, more] = [bootOf(many(256), [8]), bootOf(many(259), [8])]
    assert.deepEqual([all?.texts.length, all?.textsLeftOut], [256, undefined])
    assert.deepEqual([more?.texts.length, more?.textsLeftOut], [256, 3])
  })

  it('of a genuine Red Hat boot are all there', { skip: missing('measured-boot') }, async () => {
    const { banks } = await explainBootLog(file('measured-boot/gce-rhel8-secureboot/event-log.bin'))
    for (const { facts } of banks) {
      const kinds = facts.texts.map(({ kind }) => kind)
      assert.ok(kinds.length > 40 && kinds.includes('kernel-command-line') && kinds.includes('grub-command'))
    }
  })
})
