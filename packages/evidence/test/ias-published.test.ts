import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { EvidenceError } from '../src/core/errors.ts'
import { parseIas, verifyIasSync } from '../src/ias/index.ts'
import { AT, bytes, check } from './ias-kit.ts'
import { VECTORS } from './vectors.ts'

describe('a published IAS report', {
  skip: existsSync(join(VECTORS, 'tokens/ias-2021')) ? false : 'needs the vectors (SEKISHO_VECTORS)',
}, () => {
  const file = (name: string): string => readFileSync(join(VECTORS, 'tokens/ias-2021', name), 'utf8')
  const published = (): Uint8Array =>
    bytes([file('report.json'), file('signature.b64').trim(), file('signing-cert.pem')].join('|'))

  it('is proven with the signing certificate alone: the authority is pinned', () => {
    const verdict = verifyIasSync(published(), { at: AT })
    assert.equal(verdict.authenticity, 'proven', verdict.summary)
    assert.equal(verdict.anchors[0]?.id, 'intel-ias-root')
    assert.equal(check(verdict, 'ias.tcb').outcome, 'fail')
  })

  it('every changed byte and every cut is refused', () => {
    const whole = published()
    const judged = (evidence: Uint8Array): string => {
      try {
        return verifyIasSync(evidence, { at: AT }).authenticity
      } catch (error) {
        assert.ok(error instanceof EvidenceError, String(error))
        return 'unreadable'
      }
    }
    const soft = parseIas(whole)
    const same = (evidence: Uint8Array): boolean => {
      // Letters of PEM and base64 may change without the bytes they stand for.
      const found = parseIas(evidence)
      const der = found.chain[0]?.der
      return (
        Buffer.from(found.body).equals(soft.body) &&
        Buffer.from(found.signature ?? []).equals(soft.signature ?? new Uint8Array()) &&
        der !== undefined &&
        Buffer.from(der).equals(soft.chain[0]?.der ?? new Uint8Array())
      )
    }
    for (let i = 0; i < whole.length; i++) {
      const bent = Uint8Array.from(whole)
      bent[i] = (bent[i] as number) ^ (1 << (i % 7))
      if (judged(bent) === 'proven') assert.ok(same(bent), `byte ${i}`)
      if (i < whole.length - 2 && judged(whole.subarray(0, i)) === 'proven')
        assert.ok(same(whole.subarray(0, i)), `cut at ${i}`)
    }
  })
})
