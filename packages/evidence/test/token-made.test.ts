import assert from 'node:assert/strict'
import { constants, createHash, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import type { Check, Verdict } from '../src/core/verdict.ts'
import { type TokenVerifyOptions, verifyTokenSync } from '../src/token/index.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, id)
  return found
}

describe('a bundle of the NVIDIA service whose key changed in between', () => {
  const at = new Date('2026-01-01T00:00:00Z')
  const keys = ['k1', 'k2', 'k3'].map((kid) => ({ kid, key: generateKey('P-384') }))
  const jwks = JSON.stringify({
    keys: keys.slice(0, 2).map(({ kid, key }) => ({ ...key.publicKey.export({ format: 'jwk' }), kid, alg: 'ES384' })),
  })
  const issue = (index: number, claims: object, kid = keys[index]?.kid): string => {
    const signed = `${b64({ alg: 'ES384', kid })}.${b64(claims)}`
    const { privateKey } = (keys[index] ?? assert.fail()).key
    const signature = sign('sha384', bytes(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' })
    return `${signed}.${signature.toString('base64url')}`
  }
  const judge = (device: string): Verdict => {
    const seconds = at.getTime() / 1000
    const main = issue(0, {
      iss: 'https://nras.attestation.nvidia.com',
      iat: seconds,
      exp: seconds + 3600,
      'x-nvidia-overall-att-result': true,
      submods: { 'GPU-0': ['DIGEST', ['SHA-256', createHash('sha256').update(device).digest('hex')]] },
    })
    return verifyTokenSync(bytes(JSON.stringify([['JWT', main], { 'GPU-0': device }])), { at, keySet: { jwks } })
  }
  const claims = { measres: 'success', dbgstat: 'disabled' }

  it('alone is no result: it is judged by what it says of its device, and lacks what the main token says', () => {
    const seconds = at.getTime() / 1000
    const alone = (measres: string): Verdict => {
      const times = { iss: 'https://nras.attestation.nvidia.com', iat: seconds, exp: seconds + 3600 }
      return verifyTokenSync(bytes(issue(1, { ...times, ...claims, measres })), { at, keySet: { jwks } })
    }
    const good = alone('success')
    assert.equal(check(good, 'token.judgement').outcome, 'pass')
    assert.equal(check(good, 'token.mandatory').outcome, 'fail')
    assert.match(check(good, 'token.mandatory').reason, /x-nvidia-overall-att-result/)
    assert.equal(good.outcome, 'rejected')
    assert.match(check(alone('fail'), 'token.judgement').reason, /the measurements of "the GPU" do not match/)
  })

  it('is checked with the key that each token names, among the trusted ones', () => {
    assert.equal(check(judge(issue(0, claims)), 'token.submodules.signature').outcome, 'pass')
    const verdict = judge(issue(1, claims))
    assert.equal(check(verdict, 'token.judgement').outcome, 'pass')
    // As version 2 of the claims has it.
    const older = { ...claims, measres: 'comparison-successful' }
    assert.equal(check(judge(issue(1, older)), 'token.judgement').outcome, 'pass')
    const failed = { ...claims, measres: 'comparison-fail' }
    assert.equal(check(judge(issue(1, failed)), 'token.judgement').outcome, 'fail')
    // A device without secure boot is not confidential, whatever the result as a whole says.
    const open = check(judge(issue(1, { ...claims, secboot: false })), 'token.judgement')
    assert.equal(open.outcome, 'fail')
    assert.match(open.reason, /secure boot of "GPU-0" is off/)
    assert.equal(check(judge(issue(1, { ...claims, secboot: true })), 'token.judgement').outcome, 'pass')
    assert.equal(check(verdict, 'token.submodules.signature').outcome, 'pass')
    assert.equal(verdict.authenticity, 'proven')
    for (const forged of [issue(2, claims), issue(2, claims, 'k1'), issue(1, claims, 'k1')])
      assert.equal(check(judge(forged), 'token.submodules.signature').outcome, 'fail')
  })
})

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
  it("bind nonce and held data in the first half of the report data; the rest is the enclave's own", () => {
    const key = generateKey('RSA-3072')
    const jwks = JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k' }] })
    const [at, issuer] = [new Date('2026-01-01T00:00:00Z'), 'Intel Trust Authority']
    const [val, iat, held] = ['nonce', 'time', 'held'].map((text) => Buffer.from(text).toString('base64'))
    const bound = createHash('sha256').update('noncetimeheld').digest('hex')
    const outcome = (reportData: string): string => {
      const seconds = at.getTime() / 1000
      const claims = { attester_type: 'SGX', attester_held_data: held, sgx_report_data: reportData }
      const times = { iss: issuer, iat: seconds, exp: seconds + 300 }
      const signed = `${b64({ alg: 'RS256', kid: 'k' })}.${b64({ ...times, ...claims, verifier_nonce: { val, iat } })}`
      const token = `${signed}.${sign('sha256', bytes(signed), key.privateKey).toString('base64url')}`
      const verdict = verifyTokenSync(bytes(token), { at, keySet: { issuer, jwks } })
      return check(verdict, 'token.binding').outcome
    }
    for (const rest of ['00', '77']) assert.equal(outcome(bound + rest.repeat(32)), 'pass')
    for (const wrong of [bound, `${'00'.repeat(32)}${bound}`, bound.replace(/^./, 'g'), '00'.repeat(64), ''])
      assert.equal(outcome(wrong), 'fail', wrong)
  })
})

describe("tokens of Azure about a machine above Microsoft's paravisor", () => {
  it('say what they rest on: the measurement does not tell which system booted', () => {
    const key = generateKey('RSA-3072')
    const jwks = JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k' }] })
    const [at, issuer] = [new Date('2026-01-01T00:00:00Z'), 'https://example.attest.azure.net']
    const assumed = (claims: object): readonly string[] => {
      const seconds = at.getTime() / 1000
      const whole = { iss: issuer, iat: seconds, exp: seconds + 300, ...claims }
      const signed = `${b64({ alg: 'RS256', kid: 'k' })}.${b64(whole)}`
      const token = `${signed}.${sign('sha256', bytes(signed), key.privateKey).toString('base64url')}`
      return verifyTokenSync(bytes(token), { at, keySet: { issuer, jwks } }).assumed.map(({ id }) => id)
    }
    const hardware = { 'x-ms-attestation-type': 'sevsnpvm', 'x-ms-sevsnpvm-launchmeasurement': '11'.repeat(48) }
    assert.deepEqual(assumed(hardware), ['service', 'keys'])
    const guest = { 'x-ms-attestation-type': 'azurevm', 'x-ms-isolation-tee': hardware }
    assert.deepEqual(assumed(guest), ['guest-system', 'service', 'keys'])
  })
})

describe('attestation results that a verifier has not settled', () => {
  const key = generateKey('P-256')
  const jwks = JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k' }] })
  const at = new Date('2026-01-01T00:00:00Z')
  const judge = (appraisal: object, version = '03'): Verdict => {
    const claims = {
      eat_profile: `tag:ietf.org,2026:rats/ear#${version}`,
      iat: at.getTime() / 1000,
      eat_nonce: 'bm9uY2UtMTIzNDU2',
      ear_verifier_id: { developer: 'd', build: 'b' },
      submods: { machine: appraisal },
    }
    const signed = `${b64({ alg: 'ES256', kid: 'k' })}.${b64(claims)}`
    const signature = sign('sha256', bytes(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
    const token = bytes(`${signed}.${signature.toString('base64url')}`)
    return verifyTokenSync(token, { at, keySet: { jwks }, expect: { nonce: claims.eat_nonce } })
  }

  it('are authentic, and no yes: it has failed, or not understood all evidence', () => {
    const vector = { hardware: 2, executables: 2 }
    assert.equal(judge({ ear_status: 'affirming', ear_trustworthiness_vector: vector }).outcome, 'verified')
    const zero = judge({ ear_status: 'affirming', ear_trustworthiness_vector: { ...vector, configuration: 0 } })
    assert.equal(zero.outcome, 'verified')
    for (const open of [1, -1]) {
      const verdict = judge({ ear_status: 'affirming', ear_trustworthiness_vector: { ...vector, configuration: open } })
      assert.equal(verdict.authenticity, 'proven')
      assert.equal(verdict.outcome, 'rejected')
      assert.match(check(verdict, 'token.judgement').reason, /has not settled configuration of "machine"/)
    }
  })

  it('are read in both versions of the draft, and in no other', () => {
    const appraisal = {
      ear_status: 'affirming',
      ear_trustworthiness_vector: { hardware: 2 },
      ear_attester_claims: { tee: 'tdx', claims: {} },
      ear_verifier_claims: { runtime_data: {} },
    }
    for (const version of ['03', '04']) assert.equal(judge(appraisal, version).outcome, 'verified')
    assert.equal(judge({ ...appraisal, ear_status: 'contraindicated' }, '04').outcome, 'rejected')
    assert.equal(judge({ ...appraisal, ear_trustworthiness_vector: { hardware: 97 } }, '04').outcome, 'rejected')
    assert.equal(judge(appraisal, '05').outcome, 'rejected')
  })

  it('may state nothing of what is good: that is no better than their vector', () => {
    const verdict = judge({ ear_status: 'none', ear_trustworthiness_vector: { hardware: 2 } })
    assert.equal(check(verdict, 'token.profile').outcome, 'pass')
    assert.equal(check(verdict, 'token.judgement').outcome, 'fail')
  })
})

describe('tokens of Google about confidential machines without a container', () => {
  it('are authentic, and rejected for what they do not say', () => {
    const key = generateKey('RSA-3072')
    const at = new Date('2026-01-01T00:00:00Z')
    const seconds = at.getTime() / 1000
    const claims = {
      iss: 'https://confidentialcomputing.googleapis.com',
      iat: seconds,
      exp: seconds + 3600,
      hwmodel: 'GCP_AMD_SEV_SNP',
      secboot: true,
    }
    const judge = (swname: string): Verdict => {
      const signed = `${b64({ alg: 'RS256', kid: 'k' })}.${b64({ ...claims, swname, submods: { gce: { zone: 'z' } } })}`
      const signature = sign('sha256', bytes(signed), key.privateKey)
      const jwks = JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k' }] })
      const options = { at, keySet: { jwks }, expect: { allowDebug: true } }
      return verifyTokenSync(bytes(`${signed}.${signature.toString('base64url')}`), options)
    }
    const machine = judge('GCE')
    assert.deepEqual([machine.authenticity, machine.outcome], ['proven', 'rejected'])
    assert.match(check(machine, 'token.judgement').reason, /nothing tells what the machine runs/)
    assert.equal(check(judge('CONFIDENTIAL_SPACE'), 'token.mandatory').outcome, 'fail')
  })
})

describe('what is expected of tokens of one service, and what others tell', () => {
  const at = new Date('2026-01-01T00:00:00Z')
  const key = generateKey('RSA-2048')
  const jwks = JSON.stringify({ keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k' }] })
  const judge = (also: object, expect: TokenVerifyOptions['expect'] = {}): Verdict => {
    const seconds = at.getTime() / 1000
    const claims = {
      iss: 'https://shared.example.attest.azure.net',
      iat: seconds,
      exp: seconds + 300,
      nonce: 'a nonce',
      'x-ms-attestation-type': 'sevsnpvm',
      'x-ms-sevsnpvm-is-debuggable': false,
      'x-ms-sevsnpvm-launchmeasurement': '11'.repeat(48),
      ...also,
    }
    const signed = `${b64({ alg: 'RS256', kid: 'k' })}.${b64(claims)}`
    const token = bytes(`${signed}.${sign('sha256', bytes(signed), key.privateKey).toString('base64url')}`)
    const wanted = { nonce: 'a nonce', measurement: ['11'.repeat(48)], ...expect }
    return verifyTokenSync(token, { at, keySet: { issuer: claims.iss, jwks }, expect: wanted })
  }

  it('debugging is off only where the state that EAT has for it says so too', () => {
    assert.equal(judge({ dbgstat: 'disabled' }).outcome, 'verified')
    assert.equal(check(judge({ dbgstat: 'enabled' }), 'token.debug').outcome, 'fail')
    const machine = { 'x-ms-attestation-type': 'tdxvm', tdx_mrtd: '11'.repeat(48), tdx_td_attributes_debug: false }
    const nested = { 'x-ms-attestation-type': 'azurevm', 'x-ms-isolation-tee': { ...machine, dbgstat: 'enabled' } }
    for (const claims of [{ ...machine, dbgstat: 'enabled' }, nested, { ...nested, dbgstat: 'disabled' }])
      assert.equal(check(judge(claims), 'token.debug').outcome, 'fail', JSON.stringify(claims))
  })

  it('policies that are named are met by no token that tells of none', () => {
    assert.equal(judge({}).outcome, 'verified', judge({}).summary)
    const named = judge({}, { policies: ['mine'] })
    assert.equal(named.outcome, 'rejected')
    assert.match(check(named, 'token.judgement').reason, /a policy that you named has not matched/)
  })

  it('the configuration that an enclave was launched with is compared, or left open', () => {
    const enclave = {
      'x-ms-attestation-type': 'sgx',
      'x-ms-sgx-is-debuggable': false,
      'x-ms-sgx-mrenclave': '22'.repeat(32),
    }
    const launched = { ...enclave, 'x-ms-sgx-config-id': '33'.repeat(64) }
    const measurement = ['22'.repeat(32)]
    for (const [claims, hostData, outcome] of [
      [enclave, undefined, 'verified'],
      [{ ...enclave, 'x-ms-sgx-config-id': '00'.repeat(64) }, undefined, 'verified'],
      [launched, undefined, 'incomplete'],
      [launched, '33', 'verified'],
      [launched, '44', 'rejected'],
      [enclave, '33', 'rejected'],
    ] as const) {
      const wanted = hostData === undefined ? {} : { hostData: [hostData.repeat(64)] }
      assert.equal(judge(claims, { measurement, ...wanted }).outcome, outcome, JSON.stringify([claims, hostData]))
    }
  })

  it('a report of SEV-SNP that the guest’s paravisor did not ask for, or of a guest that may be moved, is none in a token', () => {
    const good = judge({ 'x-ms-sevsnpvm-vmpl': 0, 'x-ms-sevsnpvm-migration-allowed': false })
    assert.equal(good.outcome, 'verified', good.summary)
    for (const vmpl of [1, 2, 3, 0xffffffff, '0'])
      assert.equal(judge({ 'x-ms-sevsnpvm-vmpl': vmpl }).outcome, 'rejected', String(vmpl))
    const moved = judge({ 'x-ms-sevsnpvm-migration-allowed': true })
    assert.match(check(moved, 'token.judgement').reason, /a migration agent may move the guest/)
    assert.equal(moved.outcome, 'rejected')
  })
})
