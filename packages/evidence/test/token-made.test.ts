import assert from 'node:assert/strict'
import { createHash, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import type { Verdict } from '../src/core/verdict.ts'
import { readEar } from '../src/eat/index.ts'
import { type TokenVerifyOptions, verifyTokenSync } from '../src/token/index.ts'
import { b64, bytes, check } from './token-kit.ts'

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
    return verifyTokenSync(token, {
      at,
      keySet: { jwks },
      expect: { nonce: claims.eat_nonce, appraisals: ['machine'] },
    })
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
      const strange = judge({ ear_status: 'affirming', ear_trustworthiness_vector: { ...vector, tomorrow: open } })
      assert.match(check(strange, 'token.judgement').reason, /has not settled tomorrow of "machine"/)
    }
  })

  it('soundness 10: of sample evidence, which anybody can send, are no yes, whatever the verifier makes of it', () => {
    for (const claim of ['ear.veraison.annotated-evidence', 'ear_veraison_annotated_evidence', 'ear_attester_claims'])
      for (const [evidence, outcome] of [
        [{ snp: { measurement: 'sample' }, init_data: '00' }, 'verified'],
        [{ sample: { svn: '1' }, init_data: '00' }, 'rejected'],
        [{ sampledevice: { svn: '1' } }, 'rejected'],
        [{ 'sample.svn': '1' }, 'rejected'],
      ] as const) {
        const verdict = judge({ ear_status: 'affirming', [claim]: evidence })
        assert.equal(verdict.outcome, outcome, JSON.stringify(evidence))
        if (outcome === 'rejected')
          assert.match(check(verdict, 'token.judgement').reason, /"machine" is an appraisal of sample evidence/)
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

  it('are no better than an appraisal inside of another one', () => {
    const good = { ear_status: 'affirming', ear_trustworthiness_vector: { hardware: 2 } }
    const around = (inner: unknown): Verdict =>
      judge({ ...good, submods: { disk: { ...good, submods: { key: inner } } } })
    const names = ['machine', 'machine/disk', 'machine/disk/key']
    assert.deepEqual(
      readEar({ submods: { machine: { submods: { disk: { submods: { key: {} } } } } } }).appraisals.map(
        ({ name }) => name,
      ),
      names,
    )
    assert.equal(around(good).outcome, 'verified')
    for (const [inner, id, reason] of [
      [{ ear_status: 'warning' }, 'token.judgement', /"machine\/disk\/key" is not affirming/],
      [{ ear_status: 'contraindicated' }, 'token.judgement', /"machine\/disk\/key" is not affirming/],
      [{ 'ear.status': 96 }, 'token.judgement', /"machine\/disk\/key" is not affirming/],
      [{ ...good, ear_trustworthiness_vector: { hardware: 97 } }, 'token.profile', /something worse/],
      [{ ...good, ear_trustworthiness_vector: { hardware: -1 } }, 'token.judgement', /has not settled hardware/],
      [{ ...good, ear_attester_claims: { sample: {} } }, 'token.judgement', /sample evidence/],
      [{}, 'token.mandatory', /the status of an appraisal/],
      [['JWT', 'x'], 'token.mandatory', /the status of an appraisal/],
    ] as const) {
      const verdict = around(inner)
      assert.equal(verdict.outcome, 'rejected', JSON.stringify(inner))
      assert.match(check(verdict, id).reason, reason)
    }
    const many = Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`m${i}`, good]))
    assert.match(check(judge({ ...good, submods: many }), 'token.profile').reason, /more than 256 appraisals/)
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

  it('soundness 1 and 54: the status of a TD must be there, and accepted', () => {
    const machine = { 'x-ms-attestation-type': 'tdxvm', tdx_mrtd: '11'.repeat(48), tdx_td_attributes_debug: false }
    for (const [status, outcome] of [
      [{ attester_tcb_status: 'UpToDate' }, 'pass'],
      [{ attester_tcb_status: 'OutOfDate' }, 'fail'],
      [{ attester_tcb_status: ['UpToDate'] }, 'unchecked'],
      [{}, 'unchecked'],
    ] as const) {
      const td = { ...machine, ...status }
      for (const claims of [td, { 'x-ms-attestation-type': 'azurevm', 'x-ms-isolation-tee': td }])
        assert.equal(check(judge(claims), 'token.tcb').outcome, outcome, JSON.stringify(claims))
    }
    const status = (one: string): Verdict =>
      judge({ ...machine, attester_tcb_status: one }, { tcbStatuses: ['OutOfDate', 'Revoked'] })
    assert.equal(check(status('OutOfDate'), 'token.tcb').outcome, 'pass')
    assert.match(check(status('Revoked'), 'token.tcb').reason, /no expectation can accept it/)
    assert.equal(status('Revoked').outcome, 'rejected')
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
    for (const [isvProdId, outcome] of [
      [4, 'verified'],
      [5, 'rejected'],
    ] as const)
      assert.equal(judge({ ...enclave, 'x-ms-sgx-product-id': 4 }, { measurement, isvProdId }).outcome, outcome)
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
