import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  concat,
  EVENT,
  filled,
  flipBit,
  generateKey,
  type LogEvent,
  makeEventLog,
  makeSgx,
  makeTdx,
  specIdEntry,
  utf8,
} from '@sekisho/emulator/kit'
import { EvidenceError } from '../../src/core/errors.ts'
import { settleNow } from '../../src/crypto/node.ts'
import { compareRegisters, logJobs, parseEventLog, type RegisterComparison } from '../../src/tdx/event-log/index.ts'
import { assertRefuted, assertVerified, judgeSgx, judgeTdx } from './kit.ts'

describe('soundness 21: zero-padded quotes refused, or trailing bytes inside the signature section accepted', () => {
  it('padding behind the signature section is ignored, and does not change the verdict', () => {
    for (const length of [1, 100, 3000]) {
      assertVerified(judgeSgx(makeSgx({ quote: { padding: filled(length) } })))
      assertVerified(judgeTdx(makeTdx({ quote: { padding: filled(length) } })))
    }
  })
  it('bytes left over inside the signature section are an error', () => {
    for (const insideTail of [filled(1), filled(16, 0xff)]) {
      const sgx = makeSgx({ quote: { insideTail } })
      const tdx = makeTdx({ quote: { insideTail } })
      assert.throws(() => judgeSgx(sgx), EvidenceError)
      assert.throws(() => judgeTdx(tdx), EvidenceError)
    }
  })
  it('a declared length that is too long or too short is an error', () => {
    for (const lengthDelta of [1, -1, 0x7fffffff]) {
      const made = makeSgx({ quote: { lengthDelta } })
      assert.throws(() => judgeSgx(made), EvidenceError)
    }
  })
  it('the signature covers header, body descriptor and body, and the key is the one that the QE names', () => {
    const withoutDescriptor = makeTdx({ version: 5, quote: { signed: (header, _, body) => concat(header, body) } })
    assertRefuted(judgeTdx(withoutDescriptor), 'tdx.quote.signature')
    assertRefuted(judgeTdx(makeTdx({ quote: { quoteSigner: generateKey('P-256') } })), 'tdx.quote.signature')
    assertRefuted(judgeTdx(makeTdx({ quote: { qeReportSigner: generateKey('P-256') } })), 'tdx.qe.report-signature')
    assertRefuted(judgeTdx(makeTdx({ quote: { qeReportData: filled(64, 7) } })), 'tdx.qe.report-data')
    assertRefuted(judgeTdx(makeTdx({ quote: { signature: filled(64) } })), 'tdx.quote.signature')
  })
  it('every byte of header and body is signed', () => {
    const made = makeTdx({ version: 5, bodyType: 3 })
    for (let at = 28; at < 54 + 648; at += 7) {
      if (at >= 48 && at < 54) continue
      const verdict = judgeTdx(made, {}, flipBit(made.evidence, at))
      assert.equal(verdict.authenticity, 'refuted', `byte ${at}`)
    }
  })
})

describe('soundness 25: log replay: RTMR3 is not in the CCEL, several EV_NO_ACTION entries, FF padding', () => {
  const registers = (evidence: Uint8Array): { readonly [K in 'rtmr0' | 'rtmr1' | 'rtmr2' | 'rtmr3']: Uint8Array } => {
    const rtmr = (i: number): Uint8Array => evidence.subarray(48 + 328 + 48 * i, 48 + 376 + 48 * i)
    return { rtmr0: rtmr(0), rtmr1: rtmr(1), rtmr2: rtmr(2), rtmr3: rtmr(3) }
  }
  const compare = (log: Uint8Array, evidence: Uint8Array): readonly RegisterComparison[] => {
    const parsed = parseEventLog(log)
    settleNow(logJobs(parsed))
    return compareRegisters(parsed, registers(evidence))
  }
  const agreements = (log: Uint8Array, evidence: Uint8Array): readonly string[] =>
    compare(log, evidence).map((one) => one.agreement)
  const ALL = ['equal', 'equal', 'equal', 'equal']

  it('the log of the quote replays, whatever fills the area behind it', () => {
    for (const tail of [filled(0), filled(4096, 0xff), filled(4096)]) {
      const { eventLog, evidence } = makeTdx({ eventLog: { tail } })
      assert.deepEqual(agreements(eventLog, evidence), ALL)
    }
  })
  it('EV_NO_ACTION entries extend nothing, however many there are', () => {
    const note: LogEvent = { index: 1, type: EVENT.noAction, data: utf8('StartupLocality'), digest: filled(48) }
    const { eventLog, evidence } = makeTdx({ eventLog: { extra: [note, note] } })
    assert.deepEqual(agreements(eventLog, evidence), ALL)
    const second = concat(specIdEntry(), makeEventLog().bytes.subarray(specIdEntry().length))
    assert.deepEqual(agreements(second, makeTdx().evidence), ALL)
  })
  it('an index that names no register is skipped', () => {
    const odd: LogEvent = { index: 0xfffffff0, type: EVENT.action, data: utf8('elsewhere') }
    const { eventLog, evidence } = makeTdx({ eventLog: { extra: [odd] } })
    assert.deepEqual(agreements(eventLog, evidence), ALL)
  })
  it('an RTMR3 that nobody logged is told apart from a log that lies', () => {
    const { registers: made } = makeEventLog()
    const [r0 = '', r1 = '', r2 = ''] = made
    const { eventLog, evidence } = makeTdx({ td: { rtmrs: [r0, r1, r2, 'ab'.repeat(48)] } })
    assert.deepEqual(agreements(eventLog, evidence), ['equal', 'equal', 'equal', 'not-logged'])
  })
  it('a tampered log differs in the register that it tampers with', () => {
    const separator: LogEvent = { index: 2, type: EVENT.separator, data: filled(4) }
    const { evidence } = makeTdx()
    const { bytes } = makeEventLog({ extra: [separator] })
    assert.deepEqual(
      compare(bytes, evidence).map((one) => one.equal),
      [true, false, true, true],
    )
  })
  it('another command line gives another RTMR2, whatever the text of the event says', () => {
    const { evidence } = makeTdx({ eventLog: { commandLine: 'init=/bin/evil' } })
    const { bytes } = makeEventLog()
    assert.deepEqual(
      compare(bytes, evidence).map((one) => one.equal),
      [true, true, false, true],
    )
  })
})
