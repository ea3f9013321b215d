import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleNow } from '#crypto'
import { EvidenceError } from '../src/core/errors.ts'
import { parseTcgLog } from '../src/eventlog/tcg.ts'
import {
  compareRegisters,
  type EventLog,
  eventLogFindings,
  explainEventLog,
  logJobs,
  parseCcelTable,
  parseEventLog,
  type RegisterComparison,
  type Rtmrs,
  secureBootState,
} from '../src/tdx/event-log/index.ts'
import {
  ascii,
  BOOT,
  DRIVER_CONFIG,
  EFI_GLOBAL,
  entry,
  join8,
  type Made,
  makeLog,
  measured,
  NORMAL,
  registersOf,
  SECURE_BOOT_ON,
  sha384,
  specId,
  u16,
  u32,
  variableData,
} from './event-log-kit.ts'

const SECURE_BOOT_OFF = variableData(EFI_GLOBAL, 'SecureBoot', Uint8Array.of(0))

function settled(bytes: Uint8Array): EventLog {
  const log = parseEventLog(bytes)
  settleNow(logJobs(log))
  return log
}

function compare(events: readonly Made[], registers: Rtmrs): readonly RegisterComparison[] {
  return compareRegisters(settled(makeLog(events)), registers)
}

function refusal(bytes: Uint8Array): EvidenceError {
  try {
    parseEventLog(bytes)
  } catch (error) {
    assert.ok(error instanceof EvidenceError, String(error))
    return error
  }
  return assert.fail('the log was read')
}

test('a log replays to the registers its events lead to', () => {
  const compared = compare(BOOT, registersOf(BOOT))
  assert.deepEqual(
    compared.map((one) => [one.register, one.equal, one.agreement, one.events]),
    [
      ['rtmr0', true, 'equal', 2],
      ['rtmr1', true, 'equal', 2],
      ['rtmr2', true, 'equal', 2],
      ['rtmr3', true, 'equal', 0],
    ],
  )
})

test('a Buffer is copied, and the copy does not follow it', () => {
  const shared = Buffer.from(makeLog(BOOT))
  const log = parseEventLog(shared)
  shared.fill(0)
  settleNow(logJobs(log))
  assert.ok(compareRegisters(log, registersOf(BOOT)).every((one) => one.equal))
})

test('what a digest covers is a fact, the rest is a claim', () => {
  const events = explainEventLog(settled(makeLog(BOOT)))
  const [spec, secureBoot, , action, , grub, kernel] = events
  assert.equal(spec?.bound, 'unbound')
  assert.equal(secureBoot?.bound, 'digest recomputed')
  assert.ok(secureBoot?.facts.some(({ name, value }) => name === 'SecureBoot' && value === 'on'))
  assert.equal(action?.facts[0]?.value, '"Calling EFI Application from Boot Option"')
  assert.deepEqual(grub?.facts, [{ name: 'text', value: '"linux /vmlinuz"', core: true }])
  assert.deepEqual(grub?.claims, [{ name: 'label', value: 'grub_cmd' }])
  assert.equal(kernel?.bound, 'unbound')
  assert.equal(kernel?.text, 'something the boot loader read or ran: the log claims text "/vmlinuz"')
})

test('soundness 40: data that does not hash to the digest is only claimed', () => {
  const forged = { index: 1, type: DRIVER_CONFIG, digest: sha384(SECURE_BOOT_OFF), data: SECURE_BOOT_ON }
  const log = settled(makeLog([forged, measured(1, 4, NORMAL)]))
  const event = explainEventLog(log)[1]
  assert.equal(event?.bound, 'unbound')
  assert.deepEqual(event?.facts, [])
  assert.match(event?.text ?? '', /the log claims variable "SecureBoot"/)
  assert.equal(secureBootState(log).state, 'unknown')
})

test('secure boot counts once, before the separator, with its own digest', () => {
  const on = measured(1, DRIVER_CONFIG, SECURE_BOOT_ON)
  const off = measured(1, DRIVER_CONFIG, SECURE_BOOT_OFF)
  const end = measured(1, 4, NORMAL)
  const state = (...events: readonly Made[]): string => secureBootState(settled(makeLog(events))).state
  assert.equal(state(on, end), 'on')
  assert.equal(state(off, end), 'off')
  assert.equal(state(measured(1, DRIVER_CONFIG, variableData(EFI_GLOBAL, 'SecureBoot', new Uint8Array(0))), end), 'off')
  assert.equal(state(on), 'unknown')
  assert.equal(state(end, on), 'unknown')
  assert.equal(state(on, off, end), 'unknown')
  assert.equal(state(on, on, end), 'on')
  assert.equal(state(on, { ...on, digest: off.digest }, end), 'unknown')
  assert.equal(state(measured(2, DRIVER_CONFIG, SECURE_BOOT_ON), end), 'unknown')
  const renamed = measured(1, DRIVER_CONFIG, variableData(EFI_GLOBAL, 'SecureBoot\0x', Uint8Array.of(1)))
  assert.equal(state(renamed, end), 'unknown')
  const foreign = variableData('d719b2cb-3d3a-4596-a3bc-dad00e67656f', 'SecureBoot', Uint8Array.of(1))
  assert.equal(state(measured(1, DRIVER_CONFIG, foreign), end), 'unknown')
  const odd = variableData(EFI_GLOBAL, 'SecureBoot', Uint8Array.of(2))
  assert.equal(state(measured(1, DRIVER_CONFIG, odd), end), 'unknown')
  // As in a TPM's log: after an error, or with other bytes, nobody knows that firmware measured what stands before.
  assert.equal(state(on, measured(1, 4, u32(1)), end), 'unknown')
  assert.equal(state(on, measured(1, 4, ascii('else'))), 'unknown')
})

test('soundness 41: a separator that was given another type is still one', () => {
  const hidden = { ...measured(1, 4, NORMAL), type: 0x05 }
  const log = settled(makeLog([hidden, measured(1, DRIVER_CONFIG, SECURE_BOOT_ON), measured(1, 4, NORMAL)]))
  assert.equal(secureBootState(log).state, 'unknown')
  const ids = eventLogFindings(log).map(({ id, event }) => [id, event])
  assert.deepEqual(ids, [
    ['second-separator', 3],
    ['secure-boot-late', 2],
  ])
  const afterError = { index: 1, type: 0x05, digest: sha384(u32(1)), data: ascii('x') }
  const other = settled(makeLog([afterError, measured(1, DRIVER_CONFIG, SECURE_BOOT_ON), measured(1, 4, NORMAL)]))
  assert.equal(secureBootState(other).state, 'unknown')
})

test('soundness 25: several EV_NO_ACTION events, index -1 and MRTD extend nothing and are shown', () => {
  const odd: readonly Made[] = [
    { index: 1, type: 3, digest: sha384(ascii('a')), data: ascii('StartupLocality\0\x03') },
    { index: 0xffffffff, type: 3, digest: sha384(ascii('b')), data: ascii('x') },
    { index: 0xffffffff, type: 5, digest: sha384(ascii('c')), data: ascii('x') },
    { index: 0, type: 5, digest: sha384(ascii('d')), data: ascii('x') },
    { index: 9, type: 5, digest: sha384(ascii('e')), data: ascii('x') },
  ]
  const log = settled(makeLog([...odd, ...BOOT]))
  assert.ok(compareRegisters(log, registersOf(BOOT)).every((one) => one.equal))
  const events = explainEventLog(log)
  assert.equal(events.length, 1 + odd.length + BOOT.length)
  assert.deepEqual(
    events.slice(1, 6).map((event) => event.register),
    ['rtmr0', undefined, undefined, 'mrtd', undefined],
  )
  assert.ok(events.slice(1, 6).every((event) => event.bound === 'unbound' && event.text.startsWith('not measured: ')))
  assert.match(events[1]?.text ?? '', /signature "StartupLocality", locality 3/)
  assert.deepEqual(
    eventLogFindings(log)
      .filter((one) => one.id === 'index')
      .map((one) => one.event),
    [2, 3, 5],
  )
})

test('soundness 25: filler of FF and of 00 ends the log, and entries behind it do not count', () => {
  const log = makeLog(BOOT)
  for (const byte of [0x00, 0xff]) {
    for (const length of [1, 7, 8, 9, 4096]) {
      const read = parseEventLog(join8(log, new Uint8Array(length).fill(byte)))
      assert.equal(read.bytesUsed, log.length)
      assert.equal(read.totalBytes, log.length + length)
      assert.equal(read.events.length, 1 + BOOT.length)
    }
    const behind = join8(log, new Uint8Array(8).fill(byte), entry(measured(1, 5, ascii('late'))))
    assert.equal(parseEventLog(behind).events.length, 1 + BOOT.length)
  }
})

test('a difference says how far the log was followed', () => {
  const registers = registersOf(BOOT)
  const longer = [...BOOT, measured(3, 0x0d, ascii('added')), measured(3, 0x0d, ascii('added too'))]
  const prefix = compare(longer, registers)[2]
  assert.equal(prefix?.agreement, 'prefix')
  assert.equal(prefix?.matchesUpTo, 6)
  assert.match(prefix?.explanation ?? '', /up to event 6, so that events from 7 on were not measured/)

  assert.equal(compare(BOOT, { ...registers, rtmr1: new Uint8Array(48) })[1]?.agreement, 'not-extended')
  assert.equal(compare(BOOT, { ...registers, rtmr0: registers.rtmr2 })[0]?.agreement, 'other-register')
  assert.equal(compare(BOOT, { ...registers, rtmr3: sha384(ascii('x')) })[3]?.agreement, 'not-logged')
  assert.equal(compare(BOOT.slice(1), registers)[0]?.agreement, 'different')
  assert.ok(compare(BOOT, registersOf([])).every((one) => one.equal === (one.register === 'rtmr3')))
})

test('explaining and comparing need settled jobs', () => {
  const log = parseEventLog(makeLog(BOOT))
  assert.throws(() => explainEventLog(log), /not computed/)
  assert.throws(() => eventLogFindings(log), /not computed/)
  assert.throws(() => compareRegisters(log, registersOf(BOOT)), /not replayed/)
})

test('a log cut at any byte is refused, or ends at an event', () => {
  const whole = makeLog(BOOT)
  const ends = new Set<number>()
  let at = specId().length
  for (const event of BOOT) {
    ends.add(at)
    at += entry(event).length
  }
  for (let length = 0; length < whole.length; length++) {
    const cut = whole.subarray(0, length)
    if (ends.has(length)) assert.equal(parseEventLog(cut).bytesUsed, length)
    else assert.ok(refusal(cut).offset <= length)
  }
})

test('hostile logs are refused with the place', () => {
  const head = specId()
  const event = entry(measured(1, 5, ascii('x')))
  const withCount = (count: number): Uint8Array => join8(head, u32(1), u32(5), u32(count), event.subarray(12))
  for (const count of [0, 2, 3, 0x7fffffff, 0xffffffff]) {
    const error = refusal(withCount(count))
    assert.deepEqual(
      [error.code, error.field, error.offset],
      ['malformed', 'TCG_PCR_EVENT2.digests.count', head.length + 8],
    )
  }
  const hugeData = join8(head, event.subarray(0, 62), u32(0xfffffff0), ascii('x'))
  assert.deepEqual([refusal(hugeData).code, refusal(hugeData).offset], ['truncated', head.length + 66])
  const unknown = join8(head, u32(1), u32(5), u32(1), u16(0x0027), event.subarray(14))
  assert.deepEqual([refusal(unknown).code, refusal(unknown).offset], ['unsupported-algorithm', head.length + 12])
  const noEvents = new Uint8Array(64).fill(0xff)
  assert.equal(refusal(noEvents).code, 'malformed')
  assert.equal(refusal(new Uint8Array(0)).code, 'malformed')
  assert.equal(refusal(event).code, 'truncated')
})

test('a log without a Spec ID event, or without SHA-384, is no log of TDX', () => {
  const old = join8(u32(1), u32(5), new Uint8Array(20), u32(1), ascii('x'))
  assert.equal(refusal(old).field, 'TCG_EfiSpecIdEvent.signature')
  assert.equal(refusal(specId([[0x000b, 32]])).code, 'unsupported-algorithm')
  assert.equal(parseTcgLog(old, { zeroEntry: 'event' }).format, 'sha1')
})

test('the Spec ID event is found behind other information, and not behind an event', () => {
  const information = join8(u32(0), u32(3), new Uint8Array(20), u32(4), ascii('info'))
  const log = settled(join8(information, makeLog(BOOT)))
  assert.ok(compareRegisters(log, registersOf(BOOT)).every((one) => one.equal))
  const action = join8(u32(1), u32(5), new Uint8Array(20), u32(4), ascii('boot'))
  assert.equal(refusal(join8(action, specId())).field, 'TCG_EfiSpecIdEvent.signature')
})

test('the Spec ID event is bounded', () => {
  const many = Array.from({ length: 17 }, (_, i) => [0x100 + i, 32] as const)
  assert.equal(refusal(specId(many)).code, 'too-large')
  assert.equal(refusal(specId([])).code, 'too-large')
  assert.equal(refusal(specId([[0x000c, 32]])).expected, '48 bytes')
  assert.equal(refusal(specId([[0x4242, 0]])).code, 'malformed')
  assert.equal(refusal(specId([[0x4242, 0x8000]])).code, 'malformed')
  assert.equal(
    refusal(
      specId([
        [0x000c, 48],
        [0x000c, 48],
      ]),
    ).code,
    'malformed',
  )
})

test('an algorithm that only the Spec ID event knows is stepped over by its size', () => {
  const head = specId([
    [0x4242, 5],
    [0x000c, 48],
  ])
  const [first] = BOOT
  assert.ok(first !== undefined)
  const digests = join8(u32(2), u16(0x4242), new Uint8Array(5), u16(0x000c), first.digest)
  const log = settled(join8(head, u32(first.index), u32(first.type), digests, u32(first.data.length), first.data))
  assert.equal(compareRegisters(log, registersOf([first]))[0]?.equal, true)
  const without = join8(head, u32(1), u32(5), u32(1), u16(0x4242), new Uint8Array(5), u32(0))
  assert.equal(refusal(without).expected, 'a digest of algorithm 0x000c')
  const twice = join8(
    head,
    u32(1),
    u32(5),
    u32(2),
    u16(0x4242),
    new Uint8Array(5),
    u16(0x4242),
    new Uint8Array(5),
    u32(0),
  )
  assert.match(refusal(twice).message, /again/)
})

test('more events than any machine logs are refused', () => {
  const information = join8(u32(1), u32(3), u32(0), u32(0))
  const bytes = new Uint8Array(specId().length + 9000 * information.length)
  bytes.set(specId())
  for (let i = 0; i < 9000; i++) bytes.set(information, specId().length + i * information.length)
  assert.equal(refusal(bytes).code, 'too-large')
})

test('event data in no form is shown as it is, printable and cut', () => {
  const hostile = ascii(`\x1b[31m"\\\r\n${'A'.repeat(5000)}`)
  const types = [
    1, 3, 4, 5, 6, 0x0d, 0x80000001, 0x80000002, 0x80000003, 0x80000006, 0x8000000a, 0x8000000b, 0x800000e0, 0x12345678,
  ]
  for (const type of types) {
    for (const data of [hostile, new Uint8Array(0), new Uint8Array(31), new Uint8Array(400).fill(0xff)]) {
      const event = explainEventLog(settled(makeLog([measured(1, type, data)])))[1]
      assert.match(event?.text ?? '', /^[\x20-\x7e]+$/)
      assert.ok((event?.text.length ?? 0) < 3000)
    }
  }
})

test('the CCEL table of ACPI', () => {
  const table = join8(
    ascii('CCEL'),
    u32(56),
    Uint8Array.of(1, 0),
    ascii('INTEL '),
    new Uint8Array(20),
    Uint8Array.of(2, 0, 0, 0),
    u32(0x10000),
    u32(0),
    u32(0x7f000000),
    u32(1),
  )
  table[9] = -table.reduce((sum, byte) => sum + byte, 0) & 0xff
  assert.deepEqual(parseCcelTable(table), {
    revision: 1,
    oemId: 'INTEL ',
    ccType: 2,
    ccSubtype: 0,
    logAreaMinimumLength: '0000000000010000',
    logAreaStartAddress: '000000017f000000',
  })
  for (let i = 0; i < table.length; i++) {
    const damaged = table.slice()
    damaged[i] = (damaged[i] ?? 0) ^ 1
    assert.throws(() => parseCcelTable(damaged), EvidenceError)
    assert.throws(() => parseCcelTable(table.subarray(0, i)), EvidenceError)
  }
})
