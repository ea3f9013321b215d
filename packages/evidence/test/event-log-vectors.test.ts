import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { settle, settleNow } from '#crypto'
import { EvidenceError } from '../src/core/errors.ts'
import { eventType } from '../src/eventlog/event-types.ts'
import { type Cover, coverOf, loggedEvent } from '../src/eventlog/events.ts'
import { parseTcgLog, type TcgEvent, TPM_ALG } from '../src/eventlog/tcg.ts'
import {
  compareRegisters,
  eventLogFindings,
  explainEventLog,
  logJobs,
  parseEventLog,
  type Rtmr,
  secureBootState,
} from '../src/tdx/event-log/index.ts'
import { needs, registersFrom, VECTORS, vector, vectorJson } from './event-log-kit.ts'
import { settleOnTheWeb } from './settle-on-the-web.ts'

interface LogCase {
  readonly file: string
  readonly format: string
  readonly eventCount: number
  readonly bytesUsed?: number
  readonly totalBytes?: number
  readonly replaysTo: Readonly<Record<Rtmr, string>>
  readonly matchesQuote: Readonly<Record<Rtmr, boolean>>
}

interface TdxCase {
  readonly expect: { readonly fields: Readonly<Record<Rtmr, string>> }
  readonly eventLogs?: readonly LogCase[]
}

const TDX = 'intel-tdx'

function casesIn(folder: string): readonly string[] {
  const path = join(VECTORS, folder)
  return existsSync(path) ? readdirSync(path).filter((name) => existsSync(join(path, name, 'case.json'))) : []
}

const withLogs = casesIn(TDX).filter((name) => (vectorJson(TDX, name, 'case.json') as TdxCase).eventLogs !== undefined)

test('TDX event logs: the vectors are there', needs(TDX), () => {
  assert.ok(withLogs.length >= 4, `${withLogs.length} cases have an event log`)
})

for (const name of withLogs) {
  const { expect, eventLogs = [] } = vectorJson(TDX, name, 'case.json') as TdxCase
  for (const one of eventLogs) {
    test(`TDX event log ${name}/${one.file}`, () => {
      const log = parseEventLog(vector(TDX, name, one.file))
      settleNow(logJobs(log))
      assert.equal(log.format, one.format)
      assert.equal(log.events.length, one.eventCount)
      if (one.bytesUsed !== undefined) assert.equal(log.bytesUsed, one.bytesUsed)
      if (one.totalBytes !== undefined) assert.equal(log.totalBytes, one.totalBytes)
      for (const register of compareRegisters(log, registersFrom(expect.fields))) {
        assert.equal(register.replayed, one.replaysTo[register.register])
        assert.equal(register.quoted, expect.fields[register.register])
        assert.equal(register.equal, one.matchesQuote[register.register])
      }
    })

    test(`TDX event log ${name}/${one.file}: the same in a browser`, async () => {
      const log = parseEventLog(vector(TDX, name, one.file))
      const inBrowser = parseEventLog(vector(TDX, name, one.file))
      await settle(logJobs(log))
      await settleOnTheWeb(logJobs(inBrowser))
      const registers = registersFrom(expect.fields)
      assert.deepEqual(compareRegisters(inBrowser, registers), compareRegisters(log, registers))
      assert.deepEqual(explainEventLog(inBrowser), explainEventLog(log))
    })
  }
}

const GCP = join(TDX, 'gotdx-v4-gcp-cos113-ccel')

test('TDX event log of a real boot: what each digest covers', needs(GCP), () => {
  const log = parseEventLog(vector(GCP, 'ccel.bin'))
  settleNow(logJobs(log))
  const events = explainEventLog(log)
  const bound = events.filter((event) => event.bound === 'digest recomputed').map((event) => event.number)
  assert.deepEqual(bound, [
    ...[3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 17, 21, 22],
    ...[26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 41, 42, 43],
  ])
  assert.match(events[3]?.text ?? '', /variable "SecureBoot".*SecureBoot off/)
  assert.match(events[17]?.text ?? '', /"STATE" of type/)
  assert.match(events[18]?.text ?? '', /the log claims .*file "\\\\EFI\\\\BOOT\\\\BOOTX64.EFI"/)
  assert.match(events[41]?.text ?? '', /text "\/syslinux\/vmlinuz.A .*; the log claims label kernel_cmdline/)
  assert.deepEqual(events[18]?.facts, [])
  assert.deepEqual(eventLogFindings(log), [])
  assert.deepEqual(secureBootState(log), { state: 'off', event: 3, because: 'event 3 measured it' })
})

test('soundness 41: a separator moved into RTMR0 is seen', needs(join(TDX, 'gotdx-v4-gcp-cos113-tampered-log')), () => {
  const log = parseEventLog(vector(TDX, 'gotdx-v4-gcp-cos113-tampered-log', 'ccel.bin'))
  settleNow(logJobs(log))
  const found = eventLogFindings(log).map(({ id, register, event }) => ({ id, register, event }))
  assert.deepEqual(found, [
    { id: 'second-separator', register: 'rtmr0', event: 16 },
    { id: 'no-separator', register: 'rtmr1', event: undefined },
  ])
})

test('soundness 25: RTMR3 that nobody logged is told apart from a wrong log', needs(GCP), () => {
  const log = parseEventLog(vector(GCP, 'ccel.bin'))
  settleNow(logJobs(log))
  const { expect } = vectorJson(GCP, 'case.json') as TdxCase
  const registers = { ...registersFrom(expect.fields), rtmr3: new Uint8Array(48).fill(7) }
  const [, , , rtmr3] = compareRegisters(log, registers)
  assert.equal(rtmr3?.equal, false)
  assert.equal(rtmr3?.agreement, 'not-logged')
})

interface BootCase {
  readonly expect: {
    readonly verdict: string
    readonly format?: 'crypto-agile' | 'sha1'
    readonly events?: number
    readonly startupLocality?: number
    readonly eventTypes?: Readonly<Record<string, number>>
    readonly pcrs?: Readonly<Record<string, Readonly<Record<string, string>>>>
    readonly eventsWhoseDigestIsNotTheHashOfTheirData?: readonly { readonly event: number; readonly alg: string }[]
  }
}

const BOOT = 'measured-boot'

test('TPM event logs: the vectors are there', needs(BOOT), () => {
  assert.ok(casesIn(BOOT).length >= 40)
})

for (const name of casesIn(BOOT)) {
  const { expect } = vectorJson(BOOT, name, 'case.json') as BootCase
  test(`TPM event log ${name}`, () => {
    const bytes = vector(BOOT, name, 'event-log.bin')
    if (expect.verdict === 'malformed') {
      assert.throws(() => parseTcgLog(bytes, { zeroEntry: 'event' }), EvidenceError)
      return
    }
    const log = parseTcgLog(bytes, { zeroEntry: 'event' })
    assert.equal(log.bytesUsed, bytes.length)
    if (expect.format !== undefined) assert.equal(log.format, expect.format)
    if (expect.events !== undefined) assert.equal(log.events.length, expect.events)
    if (expect.eventTypes !== undefined) assert.deepEqual(typesOf(log.events), expect.eventTypes)
    for (const [bank, pcrs] of Object.entries(expect.pcrs ?? {})) {
      const replayed = replayBank(log.events, bank, expect.startupLocality ?? 0)
      for (const [index, value] of Object.entries(pcrs)) assert.equal(replayed.get(Number(index)), value)
    }
  })
}

function typesOf(events: readonly TcgEvent[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const event of events) {
    const { name } = eventType(event.type)
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

const BANKS: Readonly<Record<string, number>> = { sha1: TPM_ALG.sha1, sha256: TPM_ALG.sha256, sha384: TPM_ALG.sha384 }

function replayBank(events: readonly TcgEvent[], bank: string, locality: number): ReadonlyMap<number, string> {
  const registers = new Map<number, Buffer>()
  for (const event of events) {
    const digest = event.digests.find((one) => one.algorithm === BANKS[bank])?.digest
    if (event.type === 3 || digest === undefined) continue
    const initial = Buffer.alloc(digest.length)
    if (event.index === 0) initial[digest.length - 1] = locality
    const register = registers.get(event.index) ?? initial
    registers.set(event.index, createHash(bank).update(register).update(digest).digest())
  }
  return new Map([...registers].map(([index, value]) => [index, value.toString('hex')]))
}

function coverInSha256(event: TcgEvent | undefined): Cover | undefined {
  assert.ok(event !== undefined)
  const digest = event.digests.find((one) => one.algorithm === TPM_ALG.sha256)?.digest ?? new Uint8Array(0)
  const { number, type, data } = event
  const logged = loggedEvent(
    { number, register: `pcr${event.index}`, extends: type !== 3, type, digest, data },
    'sha256',
  )
  settleNow(logged.preimages.map((preimage) => preimage.job))
  return coverOf(logged)
}

test('soundness 40: a SecureBoot variable whose data was changed is not covered', needs(BOOT), () => {
  const changed = parseTcgLog(vector(BOOT, 'synthetic-secure-boot-data-not-hashed', 'event-log.bin'), {
    zeroEntry: 'event',
  })
  const genuine = parseTcgLog(vector(BOOT, 'gce-ubuntu2104-no-secureboot', 'event-log.bin'), { zeroEntry: 'event' })
  const first = (events: readonly TcgEvent[]): TcgEvent | undefined => events.find((event) => event.type === 0x80000001)
  assert.equal(coverInSha256(first(changed.events)), undefined)
  assert.equal(coverInSha256(first(genuine.events)), 'all')
})

test('no event of a real log is covered that an independent parser found uncovered', needs(BOOT), () => {
  let compared = 0
  for (const name of casesIn(BOOT)) {
    const { expect } = vectorJson(BOOT, name, 'case.json') as BootCase
    const uncovered = expect.eventsWhoseDigestIsNotTheHashOfTheirData ?? []
    if (uncovered.length === 0 || expect.format !== 'crypto-agile') continue
    const log = parseTcgLog(vector(BOOT, name, 'event-log.bin'), { zeroEntry: 'event' })
    for (const { event } of uncovered) {
      compared++
      assert.notEqual(coverInSha256(log.events[event]), 'all', `${name} event ${event}`)
    }
  }
  assert.ok(compared > 0)
})
