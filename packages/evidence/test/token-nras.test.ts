import assert from 'node:assert/strict'
import { createHash, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import type { Verdict } from '../src/core/verdict.ts'
import { type TokenVerifyOptions, verifyTokenSync } from '../src/token/index.ts'
import { b64, bytes, check } from './token-kit.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const SECONDS = AT.getTime() / 1000
const KEY = generateKey('P-384')
const JWKS = JSON.stringify({ keys: [{ ...KEY.publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'ES384' }] })
const NONCE = '931d8dd0add203ac3d8b4fbde75e115278eefcdceac5b87671a748f32364dfcb'
const SHARED = {
  iss: 'https://nras.attestation.nvidia.com',
  iat: SECONDS,
  nbf: SECONDS,
  exp: SECONDS + 3600,
  eat_nonce: NONCE,
}
const CHAIN = {
  'x-nvidia-cert-status': 'valid',
  'x-nvidia-cert-ocsp-status': 'good',
  'x-nvidia-cert-ocsp-response-valid': true,
  'x-nvidia-cert-ocsp-nonce-matches': false,
  'x-nvidia-cert-expiration-date': '2027-06-01T02:08:29Z',
  'x-nvidia-cert-revocation-reason': null,
}
const CHECKS = [
  'attestation-report-signature-verified',
  'attestation-report-nonce-match',
  'attestation-report-parsed',
  'attestation-report-cert-chain-fwid-match',
  'attestation-report-cert-chain-validated',
  'arch-check',
  'driver-rim-signature-verified',
  'driver-rim-schema-validated',
  'driver-rim-version-match',
  'driver-rim-measurements-available',
  'vbios-rim-fetched',
  'vbios-rim-signature-verified',
  'vbios-index-no-conflict',
].map((name) => `x-nvidia-gpu-${name}`)
const GPU = {
  ...SHARED,
  ...Object.fromEntries(CHECKS.map((name) => [name, true])),
  'x-nvidia-gpu-driver-rim-cert-chain': CHAIN,
  'x-nvidia-gpu-driver-version': '550.90.07',
  'x-nvidia-gpu-vbios-version': '96.00.9F.00.01',
  'x-nvidia-attestation-warning': null,
  'x-nvidia-mismatch-measurement-records': null,
  hwmodel: 'GH100 A01 GSP BROM',
  ueid: '478176379286082186618948445787393647364802107249',
  measres: 'success',
  dbgstat: 'disabled',
  secboot: true,
}

function issue(claims: object): string {
  const signed = `${b64({ alg: 'ES384', kid: 'k' })}.${b64(claims)}`
  const signature = sign('sha384', bytes(signed), { key: KEY.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

/** Judges a bundle as the service makes it, of the claims of each device. */
function judge(devices: Readonly<Record<string, object>>, expect: TokenVerifyOptions['expect'] = {}): Verdict {
  const tokens = Object.fromEntries(Object.entries(devices).map(([name, claims]) => [name, issue(claims)]))
  const submods = Object.fromEntries(
    Object.entries(tokens).map(([name, token]) => [
      name,
      ['DIGEST', ['SHA-256', createHash('sha256').update(token).digest('hex')]],
    ]),
  )
  const token = issue({ ...SHARED, 'x-nvidia-overall-att-result': true, submods })
  const options: TokenVerifyOptions = { at: AT, keySet: { jwks: JWKS }, expect: { nonce: NONCE, ...expect } }
  return verifyTokenSync(bytes(JSON.stringify([['JWT', token], tokens])), options)
}

describe('what a bundle of the NVIDIA service says of its devices', () => {
  it('is good where all of it is', () => {
    const verdict = judge({ 'GPU-0': GPU })
    assert.equal(check(verdict, 'token.judgement').outcome, 'pass', verdict.summary)
    assert.equal(check(verdict, 'token.submodules.claims').outcome, 'pass')
    assert.equal(verdict.authenticity, 'proven')
  })

  it('is for one exchange, however the nonce of each token is written', () => {
    const written = (eat_nonce: unknown): Verdict => judge({ 'GPU-0': { ...GPU, eat_nonce } })
    for (const nonce of [NONCE, [NONCE], NONCE.toUpperCase(), [NONCE.toUpperCase()], undefined])
      assert.equal(check(written(nonce), 'token.submodules.claims').outcome, 'pass', JSON.stringify(nonce))
    for (const nonce of [NONCE.replace('9', '8'), NONCE.slice(2), '', [NONCE, NONCE], [[NONCE]], [], null, 7])
      assert.match(check(written(nonce), 'token.submodules.claims').reason, /the nonce of the token of "GPU-0"/)
  })

  it('must be about a device: a result about none is none', () => {
    const verdict = judge({})
    assert.equal(verdict.outcome, 'rejected')
    assert.match(check(verdict, 'token.mandatory').reason, /lacks submods/)
  })

  it('is refused by the name of each check that says no, and of one that says nothing clear', () => {
    for (const name of CHECKS)
      for (const value of [false, 'false', 0]) {
        const found = check(judge({ 'GPU-0': { ...GPU, [name]: value } }), 'token.judgement')
        assert.equal(found.outcome, 'fail', name)
        assert.ok(found.reason.includes(`"${name}" of "GPU-0" is not good`), found.reason)
      }
    for (const [name, value] of [
      ['x-nvidia-cert-status', 'revoked'],
      ['x-nvidia-cert-ocsp-status', 'unknown'],
      ['x-nvidia-cert-ocsp-response-valid', false],
      ['x-nvidia-cert-revocation-reason', 'keyCompromise'],
    ] as const) {
      const chain = { 'x-nvidia-gpu-driver-rim-cert-chain': { ...CHAIN, [name]: value } }
      const found = check(judge({ 'GPU-0': { ...GPU, ...chain } }), 'token.judgement')
      assert.ok(found.reason.includes(`"x-nvidia-gpu-driver-rim-cert-chain.${name}"`), found.reason)
      assert.equal(found.outcome, 'fail')
    }
    const deep = { 'x-nvidia-gpu-driver-rim-signature-verified': false }
    for (const nested of [
      { device: deep },
      { 'x-nvidia-gpu-driver-rim-cert-chain': [CHAIN, deep] },
      { a: { b: { c: { d: deep } } } },
    ]) {
      const found = check(judge({ 'GPU-0': { ...GPU, ...nested } }), 'token.judgement')
      assert.match(found.reason, /driver-rim-signature-verified" of "GPU-0" is not good/)
    }
    const mismatch = judge({ 'GPU-0': { ...GPU, 'x-nvidia-mismatch-measurement-records': [{ index: 9 }] } })
    assert.match(check(mismatch, 'token.judgement').reason, /names measurements of "GPU-0" that do not match/)
  })

  it('may leave checks out that other versions have, and be of a switch', () => {
    const older = Object.fromEntries(Object.entries(GPU).filter(([name]) => !name.includes('nonce-match')))
    const fwid = { ...older, 'x-nvidia-gpu-attestation-report-cert-chain-fwid-match': null }
    assert.equal(check(judge({ 'GPU-0': fwid }), 'token.judgement').outcome, 'pass')
    const found = { ...SHARED, measres: 'success', dbgstat: 'disabled', 'x-nvidia-switch-arch-check': 'LS10' }
    assert.equal(check(judge({ 'SWITCH-0': found }), 'token.judgement').outcome, 'pass')
    const bad = { ...found, 'x-nvidia-switch-bios-rim-signature-verified': false }
    assert.equal(check(judge({ 'SWITCH-0': bad }), 'token.judgement').outcome, 'fail')
  })

  it('must be of the same issuer, exchange and time as the main token, of each device once', () => {
    const { eat_nonce: _, iss: __, iat: ___, exp: ____, ...bare } = GPU
    assert.equal(check(judge({ 'GPU-0': bare }), 'token.submodules.claims').outcome, 'pass')
    for (const [changed, reason] of [
      [{ eat_nonce: '00'.repeat(32) }, /the nonce of the token of "GPU-0" is another one/],
      [{ eat_nonce: [NONCE, NONCE] }, /the nonce of the token of "GPU-0" is another one/],
      [{ iss: 'https://example.com' }, /the issuer of the token of "GPU-0" is another one/],
      [{ exp: SECONDS - 301 }, /the token of "GPU-0" is not in date/],
      [{ iat: SECONDS + 301 }, /the token of "GPU-0" is not in date/],
    ] as const) {
      const verdict = judge({ 'GPU-0': { ...GPU, ...changed } })
      assert.match(check(verdict, 'token.submodules.claims').reason, reason)
      assert.deepEqual([verdict.authenticity, verdict.outcome], ['refuted', 'rejected'])
    }
    for (const ueid of [GPU.ueid, 478176]) {
      const twins = judge({ 'GPU-0': { ...GPU, ueid }, 'GPU-1': { ...GPU, ueid } })
      assert.match(
        check(twins, 'token.submodules.claims').reason,
        /"GPU-1" is about a device that another one is about/,
      )
    }
    const slow = judge({ 'GPU-0': { ...GPU, exp: SECONDS - 299 } })
    assert.equal(check(slow, 'token.submodules.claims').outcome, 'pass')
    const twins = check(judge({ 'GPU-0': GPU, 'GPU-1': { ...GPU, exp: SECONDS + 3000 } }), 'token.submodules.claims')
    assert.match(twins.reason, /the token of "GPU-1" is about a device that another one is about/)
    const two = judge({ 'GPU-0': GPU, 'GPU-1': { ...GPU, ueid: '1' } })
    assert.equal(check(two, 'token.submodules.claims').outcome, 'pass')
  })
})

describe('what is expected of the devices in a bundle of the NVIDIA service', () => {
  const GOOD = { driverVersions: ['550.90.07'], vbiosVersions: ['96.00.9F.00.01'] }

  it('is a driver and a VBIOS: a result with a nonce alone is open', () => {
    const alone = judge({ 'GPU-0': GPU })
    assert.equal(alone.outcome, 'incomplete')
    assert.match(check(alone, 'token.expect.driver').remedy?.action ?? '', /"550.90.07" runs/)
    assert.equal(check(alone, 'token.expect.vbios').outcome, 'unchecked')
    const verdict = judge({ 'GPU-0': GPU }, GOOD)
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual(verdict.claims, {
      ...verdict.claims,
      devices: [
        {
          name: 'GPU-0',
          isSwitch: false,
          hardwareModel: 'GH100 A01 GSP BROM',
          driverVersion: '550.90.07',
          vbiosVersion: '96.00.9F.00.01',
        },
      ],
    })
  })

  it('is compared with every device', () => {
    const older = { ...GPU, ueid: '1', 'x-nvidia-gpu-driver-version': '550.54.15' }
    for (const [devices, expect, outcome] of [
      [{}, { minDriverVersion: '550.90.07', minVbiosVersion: '96.00.9F.00.01' }, 'verified'],
      [{}, { ...GOOD, minDriverVersion: '551' }, 'rejected'],
      [{}, { ...GOOD, minVbiosVersion: '96.00.A0' }, 'rejected'],
      [{}, { ...GOOD, driverVersions: ['550.54.15'] }, 'rejected'],
      [{ 'GPU-1': older }, GOOD, 'rejected'],
      [{ 'GPU-1': older }, { ...GOOD, driverVersions: ['550.90.07', '550.54.15'] }, 'verified'],
      [{}, { ...GOOD, hardwareModels: ['GH100 A01 GSP BROM'] }, 'verified'],
      [{}, { ...GOOD, hardwareModels: ['GB100'] }, 'rejected'],
      [{}, { ...GOOD, appraisals: ['GPU-0'] }, 'rejected'],
    ] as const)
      assert.equal(judge({ 'GPU-0': GPU, ...devices }, expect).outcome, outcome, JSON.stringify(expect))
    const { 'x-nvidia-gpu-driver-version': _, ...silent } = GPU
    assert.equal(check(judge({ 'GPU-0': silent }, GOOD), 'token.expect.driver').outcome, 'fail')
  })

  it('of a switch is its BIOS, as it has no driver', () => {
    const found = {
      ...SHARED,
      measres: 'success',
      dbgstat: 'disabled',
      'x-nvidia-switch-bios-version': '96.10.6D.00.01',
    }
    const open = judge({ 'SWITCH-0': found })
    assert.equal(check(open, 'token.expect.driver').outcome, 'not-applicable')
    assert.equal(check(open, 'token.expect.vbios').outcome, 'unchecked')
    assert.equal(judge({ 'SWITCH-0': found }, { vbiosVersions: ['96.10.6D.00.01'] }).outcome, 'verified')
    assert.equal(judge({ 'SWITCH-0': found }, GOOD).outcome, 'rejected')
  })
})
