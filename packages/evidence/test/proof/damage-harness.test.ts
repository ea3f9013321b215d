import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { makeSgx } from '@sekisho/emulator/kit'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { judgeSgx } from '../soundness/kit.ts'
import { damage } from './damage.ts'
import { type Target, whole } from './target.ts'

const DEPTH = { bits: 1, stride: 1, start: 0 } as const
const made = makeSgx()
const good = judgeSgx(made)
const bad = judgeSgx(makeSgx({ tcbInfo: { fmspc: 'C0FFEE000002' } }))

function problems(judge: () => Verdict<Claims>, changes: Partial<Target> = {}): string {
  const bytes = new Uint8Array(16)
  const target: Target = {
    part: 'a part',
    kind: 'part',
    bytes,
    regions: whole(bytes, 'a region', ['sgx.quote.']),
    judge,
    judgeAfresh: judge,
    ...changes,
  }
  return damage(target, good, DEPTH).problems.join('\n')
}

describe('the damage harness notices a verifier that', () => {
  it('accepts damaged bytes', () =>
    assert.match(
      problems(() => good),
      /ACCEPTED/,
    ))
  it('blames another part', () =>
    assert.match(
      problems(() => bad),
      /blamed on something else.*sgx\.tcb-info\.fmspc/,
    ))
  it('crashes', () => {
    const crash = (): never => {
      throw new RangeError('Maximum call stack size exceeded')
    }
    assert.match(problems(crash), /a crash: RangeError/)
  })
  it('reads what was cut', () =>
    assert.match(
      problems(() => bad, { decode: () => undefined }),
      /it is still read/,
    ))
  it('judges otherwise when nothing is remembered', () => {
    assert.match(
      problems(() => bad, {
        regions: whole(new Uint8Array(16), 'a region', ['sgx.tcb-info.']),
        judgeAfresh: () => good,
      }),
      /but afresh verified/,
    )
  })
  it('lets bytes that nobody signs change the outcome', () => {
    const [region] = whole(new Uint8Array(16), 'padding', [])
    assert.ok(region !== undefined)
    assert.match(
      problems(() => bad, { regions: [{ ...region, unsigned: 'padding' }] }),
      /unsigned bytes changed the outcome/,
    )
  })
  it('and is content with one that names the part', () => {
    assert.equal(
      problems(() => bad, { regions: whole(new Uint8Array(16), 'a region', ['sgx.tcb-info.fmspc']) }),
      '',
    )
  })
})
