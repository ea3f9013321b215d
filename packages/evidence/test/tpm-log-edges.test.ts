import assert from 'node:assert/strict'
import { createHash, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { concat, filled, generateKey, le, utf8 } from '@sekisho/emulator/kit'
import type { TrustAnchor, Verdict } from '../src/core/verdict.ts'
import {
  encodeAttest,
  encodeSignature,
  type PcrSelection,
  type TpmClaims,
  type TpmExpectations,
  verifyTpmSync,
} from '../src/tpm/index.ts'
import { AT, check } from './tpm-kit.ts'

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
  readonly pcr: number
  readonly type: number
  readonly data: Uint8Array
  readonly measured?: Uint8Array
}

function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

function utf16(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'utf16le'))
}

function tagged(
  pcr: number,
  measured: Uint8Array | undefined,
  ...tags: readonly (readonly [number, Uint8Array])[]
): Event {
  const data = concat(...tags.map(([tag, value]) => concat(le(tag, 4), le(value.length, 4), value)))
  return measured === undefined ? { pcr, type: 6, data } : { pcr, type: 6, data, measured }
}

const GLOBAL = new Uint8Array(Buffer.from('61dfe48bca93d211aa0d00e098032b8c', 'hex'))
const BOOT: readonly Event[] = [
  {
    pcr: 7,
    type: 0x80000001,
    data: concat(GLOBAL, le(10, 8), le(1, 8), utf16('SecureBoot'), Uint8Array.of(1)),
  },
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((pcr) => ({ pcr, type: 4, data: filled(4) })),
]
const ALL = Array.from({ length: 24 }, (_, i) => i)
const SHA256 = 0xb
const SPEC_ID = concat(
  utf8('Spec ID Event03\0'),
  le(0, 4),
  Uint8Array.of(0, 2, 0, 2),
  le(1, 4),
  le(SHA256, 2),
  le(32, 2),
  Uint8Array.of(0),
)

/** A log of events, extended from `first` values, and a quote after what `later` extends. */
function quoted(
  events: readonly Event[],
  first: Readonly<Record<number, Uint8Array>> = {},
  later: readonly number[] = [],
  expect: TpmExpectations = {},
  selections: readonly PcrSelection[] = [{ bank: 'sha256', pcrs: ALL, size: 3 }],
): Verdict<TpmClaims> {
  const values = ALL.map((i) => first[i] ?? filled(32, i >= 17 && i <= 22 ? 0xff : 0))
  const extend = (pcr: number, digest: Uint8Array): void => {
    values[pcr] = sha256(values[pcr] ?? filled(32), digest)
  }
  const log = [concat(le(0, 4), le(3, 4), filled(20), le(SPEC_ID.length, 4), SPEC_ID)]
  for (const { pcr, type, data, measured = data } of events) {
    extend(pcr, sha256(measured))
    log.push(concat(le(pcr, 4), le(type, 4), le(1, 4), le(SHA256, 2), sha256(measured), le(data.length, 4), data))
  }
  for (const pcr of later) extend(pcr, sha256(utf8('later')))
  const digest = sha256(...selections.flatMap(({ pcrs }) => pcrs.map((i) => values[i] ?? filled(32))))
  const message = encodeAttest({
    magic: 0xff544347,
    type: 0x8018,
    qualifiedSigner: filled(34),
    extraData: utf8('nonce-0123456789'),
    clockInfo: { clock: 1n, resetCount: 1, restartCount: 0, safe: true },
    firmwareVersion: 1n,
    attested: filled(0),
    quote: { selections, pcrDigest: digest },
  })
  const raw = new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }))
  const signature = encodeSignature({
    scheme: 'ecdsa',
    hash: 'sha256',
    numbers: [raw.subarray(0, 32), raw.subarray(32)],
  })
  const pcrs = { sha256: Object.fromEntries(values.map((value, i) => [String(i), Buffer.from(value).toString('hex')])) }
  return verifyTpmSync(
    { message, signature, akPublic: spki, pcrs, eventLog: concat(...log) },
    { at: AT, trustAnchors: [anchor], expect: { allowEmulated: true, secureBoot: true, ...expect } },
  )
}

function outcome(verdict: Verdict, id: string): string {
  return check(verdict, id).outcome
}

describe('logs of machines that differ from most', () => {
  it('PCR 11, which systemd extends again after the boot, proves nothing and spoils nothing', () => {
    const stub = { pcr: 11, type: 0xd, data: utf16('.linux\0'), measured: utf8('kernel') }
    const verdict = quoted([...BOOT, stub], {}, [11, 15])
    assert.equal(outcome(verdict, 'tpm.log.replay'), 'pass')
    assert.equal(outcome(verdict, 'tpm.expect.secure-boot'), 'pass')
    assert.equal(verdict.claims.boot?.provenPcrs.includes(11), false)
    for (const pcr of [7, 12, 14])
      assert.equal(outcome(quoted([...BOOT, { ...stub, pcr }], {}, [pcr]), 'tpm.log.replay'), 'fail', `PCR ${pcr}`)
  })

  it('PCR 17 to 22 may begin with zeros, after a dynamic launch, or with ones', () => {
    const launched = [...BOOT, { pcr: 17, type: 0xd, data: utf8('a launched environment') }]
    for (const value of [0, 0xff]) {
      const { claims } = quoted(launched, { 17: filled(32, value) })
      assert.equal(claims.boot?.provenPcrs.includes(17), true, `from ${value}`)
    }
    assert.equal(quoted(launched, { 17: filled(32, 1) }).claims.boot?.provenPcrs.includes(17), false)
  })

  it('what others than Windows tag is no changed event of Windows, and hides what Windows says', () => {
    const addon = tagged(12, utf8('a device tree'), [0x6c46f751, utf16('addon\0')])
    const linux = quoted([...BOOT, addon])
    assert.equal(outcome(linux, 'tpm.log.event-digests'), 'pass')
    assert.equal(outcome(linux, 'tpm.expect.secure-boot'), 'pass')
    const number = (id: number, value: number): readonly [number, Uint8Array] => [id, Uint8Array.of(value)]
    const windows = tagged(
      12,
      undefined,
      ...[0x40001, 0x50001, 0x50003, 0x50005, 0x50006].map((id) => number(id, 0)),
      ...[0x50002, 0x5000a, 0x50012].map((id) => number(id, 1)),
    )
    const end = { pcr: 12, type: 4, data: utf8('WBCL') }
    const expect = { vbs: true, noDebugging: true }
    const genuine = quoted([...BOOT, windows, end], {}, [], expect)
    assert.equal(outcome(genuine, 'tpm.expect.vbs'), 'pass')
    assert.equal(outcome(genuine, 'tpm.expect.no-debugging'), 'pass')
    // A setting of Windows under another's tag: it can say what it likes, and was measured as something else.
    const veiled = { ...tagged(12, windows.data, [0x6c46f751, utf16('addon\0')]) }
    for (const events of [
      [windows, veiled, end],
      [windows, addon, end],
    ]) {
      const verdict = quoted([...BOOT, ...events], {}, [], expect)
      assert.equal(outcome(verdict, 'tpm.expect.vbs'), 'unchecked')
      assert.equal(outcome(verdict, 'tpm.expect.no-debugging'), 'unchecked')
      assert.equal(verdict.claims.boot?.windows?.vbs.state, 'unproven')
    }
    const changed = { ...windows, measured: utf8('something else') }
    assert.equal(outcome(quoted([...BOOT, changed, end], {}, [], expect), 'tpm.log.event-digests'), 'fail')
  })

  it('soundness 41: what Windows would say in PCR 11, which it never ends, is not said by Windows', () => {
    const number = (id: number, value: number): readonly [number, Uint8Array] => [id, Uint8Array.of(value)]
    const settings = [
      ...[0x40001, 0x50001, 0x50003, 0x50005, 0x50006].map((id) => number(id, 0)),
      ...[0x50002, 0x5000a, 0x50012].map((id) => number(id, 1)),
    ]
    const end = (pcr: number): Event => ({ pcr, type: 4, data: utf8('WBCL') })
    const hvci = number(0xa0007, 1)
    const expect = { vbs: true, hvci: true }
    const outcomes = (...events: readonly Event[]): readonly string[] => {
      const verdict = quoted([...BOOT, ...events], {}, [], expect)
      assert.equal(outcome(verdict, 'tpm.log.replay'), 'pass')
      return [outcome(verdict, 'tpm.expect.vbs'), outcome(verdict, 'tpm.expect.hvci')]
    }
    const boot = [tagged(12, undefined, ...settings), end(12)]
    assert.deepEqual(outcomes(tagged(12, undefined, ...settings, hvci), end(12)), ['pass', 'pass'])
    assert.deepEqual(outcomes(...boot), ['pass', 'unchecked'])
    // The running system extends PCR 11, and with a separator if it likes.
    assert.deepEqual(outcomes(...boot, tagged(11, undefined, hvci)), ['pass', 'unchecked'])
    assert.deepEqual(outcomes(...boot, tagged(11, undefined, hvci), end(11)), ['pass', 'unchecked'])
    assert.deepEqual(outcomes(tagged(11, undefined, ...settings, hvci), end(11)), ['unchecked', 'unchecked'])
  })

  it('a setting without a value is none', () => {
    const settings = [0x40001, 0x50001, 0x50003, 0x50005, 0x50006].map(
      (id) => [id, Uint8Array.from(id === 0x50001 ? [] : [0])] as const,
    )
    const on = [0x50002, 0x5000a, 0x50012].map((id) => [id, Uint8Array.of(1)] as const)
    const events = [...BOOT, tagged(12, undefined, ...settings, ...on), { pcr: 12, type: 4, data: utf8('WBCL') }]
    const verdict = quoted(events, {}, [], { vbs: true, noDebugging: true })
    assert.equal(outcome(verdict, 'tpm.expect.vbs'), 'unchecked')
    assert.equal(outcome(verdict, 'tpm.expect.no-debugging'), 'unchecked')
  })

  it('a setting that once has a value which cannot be read has none', () => {
    const number = (id: number, value: number): readonly [number, Uint8Array] => [id, Uint8Array.of(value)]
    const settings = [
      ...[0x40001, 0x50001, 0x50003, 0x50005, 0x50006].map((id) => number(id, 0)),
      ...[0x50002, 0x5000a, 0x50012, 0xa0007].map((id) => number(id, 1)),
    ]
    const end = { pcr: 12, type: 4, data: utf8('WBCL') }
    const outcomes = (...more: readonly (readonly [number, Uint8Array])[]): readonly string[] => {
      const events = [...BOOT, tagged(12, undefined, ...settings), tagged(12, undefined, ...more), end]
      const verdict = quoted(events, {}, [], { vbs: true, hvci: true, noDebugging: true })
      return ['vbs', 'hvci', 'no-debugging'].map((id) => outcome(verdict, `tpm.expect.${id}`))
    }
    assert.deepEqual(outcomes(number(0x40001, 0)), ['pass', 'pass', 'pass'])
    assert.deepEqual(outcomes([0xa0007, filled(8, 0xff)]), ['pass', 'unchecked', 'pass'])
    for (const value of [filled(0), filled(8, 0xff), filled(9)]) {
      assert.deepEqual(outcomes([0x40001, value]), ['unchecked', 'unchecked', 'unchecked'])
      assert.deepEqual(outcomes([0x50012, value]), ['unchecked', 'unchecked', 'pass'])
    }
  })

  it('what Windows did not measure is off or unused only in a whole log, of more than a resume', () => {
    const number = (id: number, value: number): readonly [number, Uint8Array] => [id, Uint8Array.of(value)]
    const resume = [number(0x40001, 0), number(0x50002, 1)]
    const boot = [...resume, number(0x50001, 0), number(0xa0007, 0), number(0x20005, 0)]
    const end = { pcr: 12, type: 4, data: utf8('WBCL') }
    const found = (...events: readonly Event[]): unknown => {
      const windows = quoted([...BOOT, ...events]).claims.boot?.windows
      return [windows?.elam.state, windows?.hvci.state, windows?.bitlocker.join()]
    }
    assert.deepEqual(found(tagged(12, undefined, ...boot), end), ['off', 'off', 'locked or unused'])
    assert.deepEqual(found(tagged(12, undefined, ...boot)), ['unproven', 'unproven', ''])
    const veil = { pcr: 12, type: 0xc, data: utf8('a veil'), measured: utf8('what it hides') }
    assert.deepEqual(found(tagged(12, undefined, ...boot), veil, end), ['unproven', 'unproven', ''])
    assert.deepEqual(found(tagged(12, undefined, ...resume), end), ['unproven', 'unproven', ''])
    // A cached key in a log that was cut short is as unproven as all else in it.
    assert.deepEqual(found(tagged(12, undefined, ...resume, number(0x20005, 1))), ['unproven', 'unproven', ''])
    const elam = [0x90001, utf8('a driver')] as const
    assert.deepEqual(found(tagged(12, undefined, ...resume, elam, number(0x20005, 4)), end), ['on', 'unproven', 'TPM'])
  })

  it('a program is among the programs, whatever type of event the log calls it', () => {
    const image = utf8('a program that nobody allows')
    const path = concat(filled(32), utf8('x'))
    const digest = Buffer.from(sha256(image)).toString('hex')
    for (const type of [0x80000003, 0x0c, 0x0d, 0x80000007, 0x80000004]) {
      const verdict = quoted([...BOOT, { pcr: 4, type, data: path, measured: image }])
      assert.equal(outcome(verdict, 'tpm.log.replay'), 'pass')
      const [program, ...others] = verdict.claims.boot?.programs ?? []
      assert.equal(program?.digest, digest, `type ${type}`)
      assert.equal(program?.claimedOther, type === 0x80000003 ? undefined : true)
      assert.equal(others.length, 0)
    }
    const text = { pcr: 4, type: 0x80000007, data: utf8('Calling EFI Application from Boot Option') }
    assert.deepEqual(quoted([...BOOT, text]).claims.boot?.programs, [])
    // The bytes that an image's digest is over, as the data of a text.
    const whole = concat(utf8('MZ'), filled(94), utf8('PE\0\0'), filled(200))
    for (const type of [0x0d, 0x80000007, 0x06]) {
      const [program, ...others] = quoted([...BOOT, { pcr: 4, type, data: whole }]).claims.boot?.programs ?? []
      assert.equal(program?.digest, Buffer.from(sha256(whole)).toString('hex'), `type ${type}`)
      assert.equal(program?.claimedOther, true)
      assert.equal(others.length, 0)
    }
    const labelled = { pcr: 4, type: 0x0d, data: concat(utf8('grub_cmd: '), whole), measured: whole }
    assert.equal(quoted([...BOOT, labelled]).claims.boot?.programs.length, 1)
  })

  it('nothing is said of secure boot where firmware ended PCR 7 after an error', () => {
    const end = (pcr: number, value: number): Event => ({ pcr, type: 4, data: Uint8Array.of(value, 0, 0, 0) })
    const [variable] = BOOT
    for (const [value, expected] of [
      [0, 'pass'],
      [1, 'unchecked'],
    ] as const) {
      const verdict = quoted([variable ?? assert.fail(), end(7, value)])
      assert.equal(outcome(verdict, 'tpm.log.replay'), 'pass')
      assert.equal(outcome(verdict, 'tpm.expect.secure-boot'), expected)
    }
  })

  it('of two states of secure boot none can be called something else', () => {
    const state = (on: number, type = 0x80000001): Event => ({
      pcr: 7,
      type,
      data: concat(GLOBAL, le(10, 8), le(1, 8), utf16('SecureBoot'), Uint8Array.of(on)),
    })
    const end = { pcr: 7, type: 4, data: filled(4) }
    const off = state(0)
    const none = { ...off, data: concat(GLOBAL, le(10, 8), le(0, 8), utf16('SecureBoot')) }
    for (const veiled of [
      off,
      { ...off, type: 0x80000007 },
      none,
      { ...none, type: 0x80000007 },
      { pcr: 7, type: 0x800000e0, data: utf8('an authority'), measured: off.data },
    ]) {
      const verdict = quoted([veiled, state(1), end])
      assert.equal(outcome(verdict, 'tpm.log.replay'), 'pass')
      assert.equal(outcome(verdict, 'tpm.log.event-digests'), 'fail')
      assert.equal(verdict.claims.boot?.secureBoot, undefined)
    }
    assert.equal(quoted([off, end]).claims.boot?.secureBoot, false)
    assert.equal(quoted([{ ...off, type: 0x80000007 }, end]).claims.boot?.secureBoot, undefined)
  })

  it('nothing is said of secure boot where no separator of the firmware ends PCR 7', () => {
    const [variable] = BOOT
    for (const [end, expected] of [
      [[], 'unchecked'],
      [[{ pcr: 7, type: 4, data: utf8('ends') }], 'unchecked'],
      [[{ pcr: 7, type: 4, data: filled(4, 0xff) }], 'pass'],
    ] as const) {
      const verdict = quoted([variable ?? assert.fail(), ...end])
      assert.equal(outcome(verdict, 'tpm.log.replay'), 'pass')
      assert.equal(outcome(verdict, 'tpm.expect.secure-boot'), expected)
    }
  })

  it('keys of secure boot are counted in all lists, and lists that cannot be read are none that are empty', () => {
    const [variable, ...ends] = BOOT
    const list = concat(
      new Uint8Array(Buffer.from('2616c4c14c509240aca941f936934328', 'hex')),
      ...[28 + 48, 0, 48].map((size) => le(size, 4)),
      filled(48),
    )
    const database = new Uint8Array(Buffer.from('cbb219d73a3d9645a3bcdad00e67656f', 'hex'))
    const dbx = (value: Uint8Array) => {
      const data = concat(database, le(3, 8), le(value.length, 8), utf16('dbx'), value)
      const events = [variable ?? assert.fail(), { pcr: 7, type: 0x80000001, data }, ...ends]
      return quoted(events).claims.boot?.secureBootKeys['dbx']
    }
    assert.deepEqual(dbx(filled(0)), { certificates: [], hashes: 0 })
    assert.deepEqual(dbx(concat(...Array.from({ length: 100 }, () => list))), { certificates: [], hashes: 100 })
    const unread = ['a list that cannot be read']
    assert.deepEqual(dbx(concat(list, list.subarray(0, 60))), { certificates: unread, hashes: 1 })
    assert.deepEqual(dbx(filled(1)), { certificates: unread, hashes: 0 })
  })

  it("the technology that Google's firmware saw is the firmware's word, before the separator of PCR 0", () => {
    const note: Event = { pcr: 0, type: 0x11, data: concat(utf8('GCE NonHostInfo\0'), Uint8Array.of(4), filled(15)) }
    assert.equal(quoted([note, ...BOOT]).claims.boot?.googleTechnology, 'AMD SEV-SNP')
    const later = quoted([...BOOT, note])
    assert.equal(outcome(later, 'tpm.log.replay'), 'pass')
    assert.equal(later.claims.boot?.googleTechnology, undefined)
  })

  it('firmware was left only where that succeeded', () => {
    const left = (...texts: readonly string[]): boolean | undefined =>
      quoted([...BOOT, ...texts.map((text) => ({ pcr: 5, type: 0x80000007, data: utf8(text) }))]).claims.boot
        ?.leftFirmware
    assert.equal(left('Exit Boot Services Invocation', 'Exit Boot Services Returned with Success'), true)
    assert.equal(left('Exit Boot Services Invocation', 'Exit Boot Services Returned with Failure'), false)
  })

  it('2. what is above the firmware counts only with the PCRs that tell what booted', () => {
    const values = quoted(BOOT).claims.pcrs
    const pinned = (...indices: readonly number[]): string => {
      const pcrs = Object.fromEntries(indices.map((index) => [index, [values[index] ?? '']]))
      const selection = [{ bank: 'sha256', pcrs: indices, size: 3 }] as const
      return outcome(quoted(BOOT, {}, [], { pcrs }, selection), 'tpm.expect.base-pcrs')
    }
    for (const indices of [[0], [0, 1, 2], [7, 11], [4, 8, 9]]) assert.equal(pinned(...indices), 'pass', `${indices}`)
    // A malicious system below the same firmware extends PCR 11 as it likes, and has no other PCR quoted.
    for (const indices of [[11], [0, 11], [0, 1, 2, 3, 5, 6, 15]])
      assert.equal(pinned(...indices), 'unchecked', `${indices}`)
  })

  it('a quote may select a bank twice: all of it counts', () => {
    const twice = [
      { bank: 'sha256', pcrs: [7], size: 3 },
      { bank: 'sha256', pcrs: [0, 4], size: 3 },
    ] as const
    const verdict = quoted(BOOT, {}, [], { requiredPcrs: [0, 4, 7] }, twice)
    assert.equal(verdict.authenticity, 'proven')
    assert.equal(outcome(verdict, 'tpm.expect.selection'), 'pass')
    assert.deepEqual(Object.keys(verdict.claims.pcrs), ['0', '4', '7'])
    assert.equal(outcome(quoted(BOOT, {}, [], { requiredPcrs: [0, 1] }, twice), 'tpm.expect.selection'), 'fail')
  })

  it('a digest over two selections tells its PCRs only where each of them does', () => {
    const values = quoted(BOOT).claims.pcrs
    const over = (...indices: readonly number[]) => {
      const bytes = indices.map((index) => new Uint8Array(Buffer.from(values[index] ?? '', 'hex')))
      const selections = [[0], indices.slice(1)].map((pcrs) => ({ bank: 'sha256' as const, pcrs, size: 3 }))
      const measurement = [Buffer.from(sha256(...bytes)).toString('hex')]
      return outcome(quoted(BOOT, {}, [], { measurement }, selections), 'tpm.expect.base-pcrs')
    }
    assert.equal(over(0, 4, 7), 'pass')
    assert.equal(over(0, 7, 11), 'unchecked')
  })
})
