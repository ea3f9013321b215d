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
  secureBootState,
} from '../src/tdx/event-log/index.ts'
import { BOOT, join8, type Made, makeLog, registersOf, specId } from './event-log-kit.ts'

function settled(bytes: Uint8Array): EventLog {
  const log = parseEventLog(bytes)
  settleNow(logJobs(log))
  return log
}

const madeEvent: fc.Arbitrary<Made> = fc.record({
  index: fc.constantFrom(0, 1, 2, 3, 4, 5, 0xffffffff),
  type: fc.oneof(
    fc.constantFrom(3, 4, 5, 6, 0x0d, 0x80000001, 0x80000002, 0x80000006),
    fc.integer({ min: 1, max: 0xfffffffe }),
  ),
  digest: fc.uint8Array({ minLength: 48, maxLength: 48 }),
  data: fc.uint8Array({ maxLength: 80 }),
})

test('property: a generated log replays to registers computed apart', () => {
  fc.assert(
    fc.property(
      fc.array(madeEvent, { maxLength: 24 }),
      fc.constantFrom(0, 0xff),
      fc.nat(40),
      (events, byte, length) => {
        const log = settled(makeLog(events, new Uint8Array(length).fill(byte)))
        assert.equal(log.events.length, events.length + 1)
        assert.equal(log.totalBytes - log.bytesUsed, length)
        assert.ok(compareRegisters(log, registersOf(events)).every((one) => one.equal))
        assert.ok(explainEventLog(log).every((event) => /^[\x20-\x7e]*$/.test(event.text)))
        eventLogFindings(log)
      },
    ),
    { numRuns: 400 },
  )
})

test('property: the first events of a log are found as the part that matches', () => {
  fc.assert(
    fc.property(fc.array(madeEvent, { minLength: 1, maxLength: 16 }), fc.nat(15), (events, keep) => {
      const registers = registersOf(events.slice(0, keep))
      for (const one of compareRegisters(settled(makeLog(events)), registers)) {
        assert.ok(['equal', 'prefix', 'not-extended', 'other-register'].includes(one.agreement), one.agreement)
      }
    }),
    { numRuns: 300 },
  )
})

test('property: no input makes the parser throw anything but EvidenceError', () => {
  const log = makeLog(BOOT, new Uint8Array(16).fill(0xff))
  const damaged = fc
    .array(fc.record({ at: fc.nat(log.length - 1), value: fc.nat(255) }), { minLength: 1, maxLength: 6 })
    .map((changes) => {
      const bytes = log.slice()
      for (const { at, value } of changes) bytes[at] = value
      return bytes
    })
  const spliced = fc.uint8Array({ maxLength: 300 }).map((tail) => join8(specId(), tail))
  fc.assert(
    fc.property(fc.oneof(damaged, spliced, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      let read: EventLog
      try {
        read = parseEventLog(bytes)
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
        return
      }
      settleNow(logJobs(read))
      explainEventLog(read)
      eventLogFindings(read)
      secureBootState(read)
      compareRegisters(read, registersOf(BOOT))
    }),
    { numRuns: 5000 },
  )
})
