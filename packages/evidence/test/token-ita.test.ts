import assert from 'node:assert/strict'
import { constants, createHash, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import type { Check, Verdict } from '../src/core/verdict.ts'
import { parseToken, type TokenVerifyOptions, tokenSkeleton, verifyTokenSync } from '../src/token/index.ts'
import { b64, bytes, check } from './token-kit.ts'

describe('tokens of Intel Trust Authority, version 2', () => {
  const key = generateKey('RSA-3072')
  const jwks = JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'PS384' }] })
  const issuer = 'Intel Trust Authority'
  const at = new Date('2026-01-01T00:00:00Z')
  const [val, iat, held] = ['nonce', 'time', 'held'].map((text) => Buffer.from(text).toString('base64'))
  const tdx = {
    attester_tcb_status: 'UpToDate',
    attester_held_data: held,
    tdx_mrtd: '11'.repeat(48),
    tdx_report_data: createHash('sha512').update('noncetimeheld').digest('hex'),
    tdx_td_attributes_debug: false,
    verifier_nonce: { val, iat },
  }
  const judge = (change: object, also: TokenVerifyOptions['expect'] = {}): Verdict => {
    const seconds = at.getTime() / 1000
    const signed = `${b64({ alg: 'PS384', kid: 'k', typ: 'JWT' })}.${b64({ iss: issuer, iat: seconds, exp: seconds + 300, ver: '2.0.0', tdx, ...change })}`
    const signature = sign('sha384', bytes(signed), {
      key: key.privateKey,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 48,
    })
    const expect = { measurement: ['11'.repeat(48)], reportData: tdx.tdx_report_data, nonce: val ?? '', ...also }
    return verifyTokenSync(bytes(`${signed}.${signature.toString('base64url')}`), {
      at,
      keySet: { issuer, jwks },
      expect,
    })
  }

  it('have the claims of their attester in a member of its own', () => {
    const good = judge({})
    assert.equal(good.outcome, 'verified', good.summary)
    assert.equal(good.authenticity, 'proven')
    assert.equal(good.claims.launchMeasurement, '11'.repeat(48))
    assert.equal(check(good, 'token.binding').outcome, 'pass')
    assert.equal(check(good, 'token.tcb').outcome, 'pass')
  })

  it('must end, be about a machine and its state, hold their nonce, and be for whoever asks', () => {
    const rows: readonly (readonly [object, TokenVerifyOptions['expect'], string, Check['outcome']])[] = [
      [{ exp: undefined }, {}, 'token.time.end', 'fail'],
      [{ tdx: undefined, policy_ids_matched: [] }, {}, 'token.isolation', 'fail'],
      [{ tdx: { ...tdx, attester_tcb_status: undefined }, policy_ids_matched: [] }, {}, 'token.tcb', 'unchecked'],
      [{ tdx: { ...tdx, tdx_report_data: '22'.repeat(64) } }, {}, 'token.binding', 'fail'],
      [{ tdx: { ...tdx, tdx_td_attributes_debug: true } }, {}, 'token.debug', 'fail'],
      [{}, { nonce: undefined as never }, 'token.expect.freshness', 'unchecked'],
      [{ aud: ['you', 'me'] }, { audience: ['me'] }, 'token.expect.audience', 'pass'],
      [{ aud: ['you', 'me'] }, { audience: ['them'] }, 'token.expect.audience', 'fail'],
    ]
    for (const [change, expect, id, outcome] of rows) {
      const found = check(judge(change, expect), id)
      assert.equal(found.outcome, outcome, `${JSON.stringify(change)}: ${found.reason}`)
    }
  })

  it('are refused for a GPU whose measurements do not match, also where policies that matched are named', () => {
    const ids = { policy_ids_matched: [{ id: 'mine' }] }
    const policies = ['mine']
    assert.equal(judge(ids, { policies }).outcome, 'verified')
    assert.equal(judge({ ...ids, policy_ids_unmatched: [{ id: 'other' }] }, { policies }).outcome, 'verified')
    const failed = judge({ ...ids, nvgpu: { measres: 'comparison-fail' } }, { policies })
    assert.equal(failed.outcome, 'rejected')
    assert.match(check(failed, 'token.judgement').reason, /the measurements of "the GPU" do not match/)
  })

  it('stay open while registers of what booted are compared with nothing', () => {
    const [rtmr0, rtmr1] = ['33'.repeat(48), '44'.repeat(48)]
    const change = { tdx: { ...tdx, tdx_rtmr0: rtmr0, tdx_rtmr1: rtmr1, tdx_rtmr3: '00'.repeat(48) } }
    const open = judge(change)
    assert.equal(open.outcome, 'incomplete')
    assert.equal(open.claims.runtimeMeasurements['rtmr1'], rtmr1)
    assert.equal(check(open, 'token.expect.rtmr0').outcome, 'unchecked')
    assert.equal(check(open, 'token.expect.rtmr3').outcome, 'not-applicable')
    assert.equal(check(judge(change, { rtmr1: [rtmr1] }), 'token.expect.rtmr1').outcome, 'unchecked')
    assert.equal(check(judge(change, { rtmr0: [rtmr1] }), 'token.expect.rtmr0').outcome, 'fail')
    assert.equal(judge(change, { rtmr0: [rtmr0], rtmr1: [rtmr1] }).outcome, 'verified')
  })

  it('say nothing good while they say something bad of a GPU beside the machine', () => {
    const good = { measres: 'comparison-successful' }
    for (const nvgpu of [good, { 'GPU-0': good, 'GPU-1': { measres: 'success' } }])
      assert.equal(judge({ nvgpu }).outcome, 'verified')
    for (const nvgpu of [
      { measres: 'comparison-fail' },
      { 'GPU-0': good, 'GPU-1': { measres: 'fail' } },
      { ...good, 'x-nvidia-overall-att-result': false },
      {},
      [good],
    ])
      assert.equal(check(judge({ nvgpu }), 'token.judgement').outcome, 'fail', JSON.stringify(nvgpu))
  })

  it('are of a machine that is debugged where any of their claims says so', () => {
    const states = ['disabled', 'disabled-since-boot', 'disabled-permanently', 'disabled-fully-and-permanently']
    for (const dbgstat of states) assert.equal(judge({ dbgstat }).outcome, 'verified', dbgstat)
    for (const dbgstat of ['enabled', 'on', 0, null]) {
      for (const change of [{ dbgstat }, { tdx: { ...tdx, dbgstat } }])
        assert.equal(check(judge(change), 'token.debug').outcome, 'fail', JSON.stringify(change))
      const gpu = judge({ nvgpu: { measres: 'success', dbgstat } })
      assert.match(check(gpu, 'token.judgement').reason, /debugging of "the GPU" is not disabled/)
    }
    assert.equal(judge({ nvgpu: { measres: 'success', dbgstat: 'disabled' } }).outcome, 'verified')
  })

  it('name policies beside the claims of their attester, or among them', () => {
    const policy = { id: 'p', version: '1' }
    for (const nest of [(one: object) => one, (one: object) => ({ tdx: { ...tdx, ...one } })]) {
      assert.equal(check(judge(nest({ policy_ids_unmatched: [policy] })), 'token.judgement').outcome, 'fail')
      const matched = nest({ policy_ids_matched: [policy] })
      assert.equal(check(judge(matched, { policies: ['p'] }), 'token.judgement').outcome, 'pass')
      assert.equal(check(judge(matched, { policies: ['q'] }), 'token.judgement').outcome, 'fail')
    }
  })

  it('bind the nonce by runtime data where a paravisor has the report data', () => {
    const bound = (userData: unknown, more: object = {}): string =>
      check(
        judge({
          tdx: {
            ...tdx,
            tdx_report_data: 'ab'.repeat(32) + '00'.repeat(32),
            attester_runtime_data: { keys: [], 'user-data': userData },
            ...more,
          },
        }),
        'token.binding',
      ).outcome
    const digest = tdx.tdx_report_data
    assert.equal(bound(digest.toUpperCase()), 'pass')
    for (const wrong of ['', '00'.repeat(64), digest.slice(0, 64), `${digest}00`, [digest], null])
      assert.equal(bound(wrong), 'fail', JSON.stringify(wrong))
    assert.equal(bound(digest, { attester_held_data: val }), 'fail')
    assert.equal(bound(digest, { attester_type: 'SGX' }), 'fail')
  })

  it('are judged by these claims', () => {
    const other = (change: object, id: string): void => assert.equal(check(judge(change), id).outcome, 'fail', id)
    other({ tdx: { ...tdx, tdx_td_attributes_debug: undefined } }, 'token.debug')
    other({ tdx: { ...tdx, tdx_is_debuggable: true } }, 'token.debug')
    const renamed = { ...tdx, tdx_td_attributes_debug: undefined, tdx_is_debuggable: false }
    assert.equal(judge({ tdx: renamed }).outcome, 'verified')
    other({ tdx: { ...tdx, attester_tcb_status: 'OutOfDate' } }, 'token.tcb')
    other({ tdx: { ...tdx, attester_held_data: val } }, 'token.binding')
    other({ tdx: { ...tdx, tdx_mrtd: '22'.repeat(48) } }, 'token.expect.measurement')
    other({ sgx: tdx }, 'token.mandatory')
    other({ tdx: undefined, nvgpu: {}, policy_ids_matched: [] }, 'token.mandatory')
  })
})

describe('tokens of Intel Trust Authority about an SGX enclave', () => {
  const key = generateKey('RSA-3072')
  const jwks = JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k' }] })
  const [at, issuer] = [new Date('2026-01-01T00:00:00Z'), 'Intel Trust Authority']
  const [val, iat, held] = ['nonce', 'time', 'held'].map((text) => Buffer.from(text).toString('base64'))
  const bound = createHash('sha256').update('noncetimeheld').digest('hex')
  const issue = (also: object): Uint8Array => {
    const seconds = at.getTime() / 1000
    const claims = { attester_type: 'SGX', attester_held_data: held, verifier_nonce: { val, iat }, ...also }
    const signed = `${b64({ alg: 'RS256', kid: 'k' })}.${b64({ iss: issuer, iat: seconds, exp: seconds + 300, ...claims })}`
    return bytes(`${signed}.${sign('sha256', bytes(signed), key.privateKey).toString('base64url')}`)
  }

  it("bind nonce and held data in the first half of the report data; the rest is the enclave's own", () => {
    const outcome = (sgx_report_data: string): string =>
      check(verifyTokenSync(issue({ sgx_report_data }), { at, keySet: { issuer, jwks } }), 'token.binding').outcome
    for (const rest of ['00', '77']) assert.equal(outcome(bound + rest.repeat(32)), 'pass')
    for (const wrong of [bound, `${'00'.repeat(32)}${bound}`, bound.replace(/^./, 'g'), '00'.repeat(64), ''])
      assert.equal(outcome(wrong), 'fail', wrong)
  })

  it('are of the product that is expected, and propose theirs', () => {
    const enclave = {
      attester_tcb_status: 'UpToDate',
      sgx_is_debuggable: false,
      sgx_mrenclave: '22'.repeat(32),
      sgx_mrsigner: '33'.repeat(32),
      sgx_report_data: `${bound}${'00'.repeat(32)}`,
    }
    const outcome = (sgx_isvprodid: unknown, isvProdId?: number): string => {
      const token = issue({ ...enclave, sgx_isvprodid })
      const { issuer: _, ...expect } = tokenSkeleton(parseToken(token))
      const wanted = isvProdId === undefined ? expect : { ...expect, isvProdId }
      return verifyTokenSync(token, { at, keySet: { issuer, jwks }, expect: wanted }).outcome
    }
    assert.equal(tokenSkeleton(parseToken(issue({ ...enclave, sgx_isvprodid: 7 })))['isvProdId'], 7)
    for (const [found, wanted, expected] of [
      [7, undefined, 'verified'],
      [7, 7, 'verified'],
      [0, 0, 'verified'],
      [7, 8, 'rejected'],
      ['7', 7, 'rejected'],
      [undefined, 0, 'rejected'],
      [undefined, undefined, 'verified'],
    ] as const)
      assert.equal(outcome(found, wanted), expected, `${found} ${wanted}`)
  })
})
