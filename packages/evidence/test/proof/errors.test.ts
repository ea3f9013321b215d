import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { concat, filled, makeSgx, makeSnp, makeTdx, patched } from '@sekisho/emulator/kit'
import { EvidenceError } from '../../src/core/errors.ts'
import type { Check, Verdict } from '../../src/core/verdict.ts'
import { assertVerified, judgeSgx, judgeSnp, judgeTdx } from '../soundness/kit.ts'
import { BAD_INPUT } from './bad-input.ts'
import type { BadInput } from './bad-input-kit.ts'
import { allChecks } from './subjects.ts'

function answerOf(bad: BadInput): EvidenceError | readonly Check[] {
  try {
    const verdict = bad.run()
    assert.ok(isVerdict(verdict), 'it was read')
    assert.notEqual(verdict.outcome, 'verified')
    assert.notEqual(verdict.authenticity, 'proven')
    return allChecks(verdict)
  } catch (error) {
    if (error instanceof EvidenceError) return error
    throw error
  }
}

function isVerdict(value: unknown): value is Verdict {
  return typeof value === 'object' && value !== null && 'checks' in value && 'outcome' in value
}

function assertSentence(text: string): void {
  assert.ok(text.length > 8 && text.length < 600, text)
  assert.ok(/[a-z]{2,} [a-z0-9]/i.test(text), text)
  assert.ok(!/undefined|\[object|NaN|[\n\t]/.test(text), text)
}

for (const [theme, inputs] of Object.entries(BAD_INPUT)) {
  describe(`bad input: ${theme}`, () => {
    for (const bad of inputs) {
      it(bad.what, () => {
        const answer = answerOf(bad)
        const { says } = bad
        if (answer instanceof EvidenceError) {
          assert.ok('code' in says, `it should have been the check ${JSON.stringify(says)}: ${answer.message}`)
          assert.deepEqual([answer.code, answer.field], [says.code, says.field])
          assertSentence(answer.message)
          assert.ok(answer.message.includes(says.field) && answer.expected !== '')
          return
        }
        assert.ok('check' in says, 'it should have been an EvidenceError')
        const failed = answer.filter((check) => check.outcome === 'fail')
        const check = failed.find((one) => one.id === says.check)
        assert.ok(check !== undefined, `failing are ${failed.map((one) => one.id).join(', ')}`)
        assertSentence(check.reason)
        assert.match(check.reason, says.reason)
        assertSentence(check.remedy?.action ?? '')
      })
    }
  })
}

describe('trailing bytes where the format pads are allowed, and shown', () => {
  it('zeros and other bytes behind a quote', () => {
    for (const padding of [filled(1), filled(3000), filled(16, 7)]) {
      for (const verdict of [judgeSgx(makeSgx({ quote: { padding } })), judgeTdx(makeTdx({ quote: { padding } }))]) {
        assertVerified(verdict)
        assert.ok(
          verdict.notes.some((note) => /byte|padding|trailing/.test(note.text)),
          JSON.stringify(verdict.notes),
        )
      }
    }
  })
  it('bytes behind S of a report', () => {
    const made = makeSnp()
    const verdict = judgeSnp(made, {}, patched(made.evidence, 0x330, filled(0x170, 0xff)))
    assertVerified(verdict)
    assert.ok(verdict.notes.some((note) => note.id === 'snp.unsigned-tail'))
  })
  it('a NUL and white space behind PEM', () => {
    const made = makeSgx()
    const pem = `${made.collateral.tcb_info_issuer_chain}\r\n \0`
    assertVerified(judgeSgx(made, { collateral: { ...made.collateral, tcb_info_issuer_chain: pem } }))
  })
  it("the one NUL of Intel's library behind a CRL", () => {
    const made = makeSgx()
    const { root_ca_crl } = made.collateral
    assertVerified(judgeSgx(made, { collateral: { ...made.collateral, root_ca_crl: `${root_ca_crl}00` } }))
  })
  it('and nowhere else: a certificate table behind a report must be one', () => {
    const made = makeSnp()
    assert.throws(() => judgeSnp(made, {}, concat(made.evidence, filled(30, 9))), EvidenceError)
  })
})
