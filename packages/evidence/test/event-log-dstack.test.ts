import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { settleNow } from '#crypto'
import { EvidenceError } from '../src/core/errors.ts'
import {
  compareRegisters,
  type EventLog,
  eventLogFindings,
  explainEventLog,
  logJobs,
  parseEventLog,
} from '../src/tdx/event-log/index.ts'
import { ascii, needs, registersOf, sha384, u32, vector } from './event-log-kit.ts'

interface JsonEvent {
  readonly imr: number
  readonly event_type: number
  readonly digest: string
  readonly event: string
  readonly event_payload: string
}

const RUNTIME = 0x08000001

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** An event as dstack's guest agent would extend and log it. */
function application(event: string, payload: Uint8Array): JsonEvent {
  const digest = sha384(u32(RUNTIME), ascii(':'), new Uint8Array(Buffer.from(event, 'utf8')), ascii(':'), payload)
  return { imr: 3, event_type: RUNTIME, digest: hex(digest), event, event_payload: hex(payload) }
}

const BOOT: JsonEvent = {
  imr: 1,
  event_type: 0x80000007,
  digest: hex(sha384(ascii('Exit Boot Services Invocation'))),
  event: '',
  event_payload: hex(ascii('Exit Boot Services Invocation')),
}
const EVENTS: readonly JsonEvent[] = [
  BOOT,
  application('app-id', Uint8Array.of(1, 2, 3)),
  application('système', ascii('on')),
]

function json(value: unknown): Uint8Array {
  return new Uint8Array(Buffer.from(JSON.stringify(value), 'utf8'))
}

function settled(bytes: Uint8Array): EventLog {
  const log = parseEventLog(bytes)
  settleNow(logJobs(log))
  return log
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

test('the list alone, a report with the list, and a report with its text are one log', () => {
  const made = EVENTS.map((one) => {
    const digest = new Uint8Array(Buffer.from(one.digest, 'hex'))
    return { index: one.imr + 1, type: one.event_type, digest, data: new Uint8Array(0) }
  })
  for (const value of [EVENTS, { event_log: EVENTS }, { quote: '00', event_log: JSON.stringify(EVENTS) }]) {
    const log = settled(json(value))
    assert.equal(log.format, 'dstack-json')
    assert.ok(compareRegisters(log, registersOf(made)).every((one) => one.equal))
    const events = explainEventLog(log)
    assert.ok(events.every((event) => event.bound === 'digest recomputed'))
    assert.equal(events[1]?.text, 'an event of the guest itself: event "app-id", data 010203')
    assert.equal(events[2]?.text, 'an event of the guest itself: event "syst\\xe8me", text "on"')
    assert.deepEqual(
      eventLogFindings(log).map((one) => one.id),
      ['no-separator'],
    )
  }
})

test('white space before the JSON is no TCG log', () => {
  assert.equal(parseEventLog(new Uint8Array([0x0a, 0x20, ...json(EVENTS)])).format, 'dstack-json')
})

test('soundness 40: a payload that was changed is not believed', () => {
  const [, app] = EVENTS
  assert.ok(app !== undefined)
  const log = settled(
    json([
      { ...app, event_payload: '010204' },
      { ...app, event: 'app-ie' },
      { ...app, event_type: 1 },
    ]),
  )
  for (const event of explainEventLog(log)) {
    assert.equal(event.bound, 'unbound')
    assert.deepEqual(event.facts, [])
    assert.match(event.text, /the log claims event/)
  }
  assert.deepEqual(
    eventLogFindings(log).map((one) => [one.id, one.event]),
    [
      ['application-event', 0],
      ['application-event', 1],
      ['application-event', 2],
    ],
  )
})

test('a name with a colon can be split in two ways and is never covered', () => {
  const log = settled(json([application('app:id', ascii('x')), application('app', ascii('id:x'))]))
  const [ambiguous, plain] = explainEventLog(log)
  assert.equal(ambiguous?.digest, plain?.digest)
  assert.equal(ambiguous?.bound, 'unbound')
  assert.equal(plain?.bound, 'digest recomputed')
  assert.deepEqual(
    eventLogFindings(log).map(({ id, event, severity }) => [id, event, severity]),
    [['application-event', 0, 'note']],
  )
})

test('a name that an event of the firmware is given is no fact', () => {
  const [event] = explainEventLog(settled(json([{ ...BOOT, event: 'compose-hash' }])))
  assert.equal(event?.bound, 'digest recomputed')
  assert.doesNotMatch(event?.text ?? '', /compose-hash/)
})

test('a short digest is followed by zeros', () => {
  const log = settled(json([{ ...BOOT, digest: 'ab'.repeat(32) }]))
  const padded = new Uint8Array(48).fill(0xab, 0, 32)
  const registers = registersOf([{ index: 2, type: 5, digest: padded, data: padded }])
  assert.ok(compareRegisters(log, registers).every((one) => one.equal))
})

test('each member is checked, and the error names the event', () => {
  const damaged: readonly (readonly [string, unknown])[] = [
    ['imr', 4],
    ['imr', -1],
    ['imr', '0'],
    ['imr', 1.5],
    ['imr', undefined],
    ['event_type', 2 ** 32],
    ['event_type', -1],
    ['event_type', '4'],
    ['digest', ''],
    ['digest', 'ab'.repeat(49)],
    ['digest', 'abc'],
    ['digest', 'zz'.repeat(48)],
    ['digest', null],
    ['event', 7],
    ['event', 'x'.repeat(257)],
    ['event', '\ud800'],
    ['event_payload', '0'],
    ['event_payload', [1]],
  ]
  for (const [member, value] of damaged) {
    const error = refusal(json([BOOT, { ...BOOT, [member]: value }]))
    assert.deepEqual([error.code, error.field], ['malformed', `event_log[1].${member}`])
  }
})

test('JSON that holds no log is refused', () => {
  for (const value of [
    [],
    {},
    { event_log: 7 },
    { event_log: '7' },
    { event_log: '[' },
    { event_log: [] },
    [[]],
    [null],
    ['x'],
  ]) {
    assert.equal(refusal(json(value)).code, 'malformed')
  }
  for (const text of ['{', '[1,', '{"event_log":[]}x', '[\xff]']) assert.equal(refusal(ascii(text)).code, 'malformed')
})

test('depth, number and size are bounded', () => {
  assert.equal(refusal(ascii('['.repeat(1_000_000))).code, 'too-large')
  assert.equal(refusal(json({ event_log: '['.repeat(1_000_000) })).code, 'too-large')
  assert.equal(refusal(ascii('['.repeat(20_000))).code, 'malformed')
  assert.equal(refusal(json(Array.from({ length: 8193 }, () => BOOT))).code, 'too-large')
  assert.equal(refusal(new Uint8Array(4 * 1024 * 1024 + 1).fill(0x5b)).code, 'too-large')
})

const FOLDER = 'intel-tdx/dstack-v4-eventlog-json'

test('dstack events of a real machine are covered by their digests', needs(FOLDER), () => {
  const log = settled(vector(FOLDER, 'eventlog.json'))
  const events = explainEventLog(log).filter((event) => event.register === 'rtmr3')
  assert.equal(events.length, 8)
  assert.ok(events.every((event) => event.bound === 'digest recomputed'))
  assert.deepEqual(eventLogFindings(log), [])
})

test('property: no JSON makes the parser throw anything but EvidenceError', () => {
  const odd = fc.oneof(fc.jsonValue(), fc.constant(3), fc.constant('00'), fc.constant(''))
  const event = fc.record({
    imr: fc.oneof(fc.nat(3), odd),
    event_type: fc.oneof(fc.nat(), odd),
    digest: fc.oneof(fc.constant('ab'.repeat(48)), odd),
    event: fc.oneof(fc.string(), odd),
    event_payload: fc.oneof(fc.constant('00ff'), odd),
  })
  const text = fc.oneof(fc.array(event), fc.jsonValue(), fc.record({ event_log: fc.oneof(fc.array(event), odd) }))
  fc.assert(
    fc.property(text, (value) => {
      try {
        const log = settled(json(value))
        explainEventLog(log)
        eventLogFindings(log)
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
      }
    }),
    { numRuns: 3000 },
  )
})
