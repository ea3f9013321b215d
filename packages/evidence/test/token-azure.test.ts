import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import type { Verdict } from '../src/core/verdict.ts'
import type { TokenClaims } from '../src/token/claims.ts'
import { parseToken, type TokenVerifyOptions, tokenSkeleton, verifyTokenSync } from '../src/token/index.ts'
import { b64, bytes, check } from './token-kit.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const SECONDS = AT.getTime() / 1000
const KEY = generateKey('RSA-2048')
const ISSUER = 'https://shared.example.attest.azure.net'
const MACHINE = {
  'x-ms-attestation-type': 'sevsnpvm',
  'x-ms-compliance-status': 'azure-compliant-cvm',
  'x-ms-sevsnpvm-is-debuggable': false,
  'x-ms-sevsnpvm-launchmeasurement': '11'.repeat(48),
  'x-ms-sevsnpvm-bootloader-svn': 4,
  'x-ms-sevsnpvm-tee-svn': 0,
  'x-ms-sevsnpvm-snpfw-svn': 24,
  'x-ms-sevsnpvm-microcode-svn': 219,
}
const GUEST = {
  iss: ISSUER,
  iat: SECONDS,
  exp: SECONDS + 300,
  secureboot: true,
  'x-ms-attestation-type': 'azurevm',
  'x-ms-azurevm-bootdebug-enabled': false,
  'x-ms-azurevm-hypervisordebug-enabled': false,
  'x-ms-azurevm-kerneldebug-enabled': false,
  'x-ms-azurevm-testsigning-enabled': false,
  'x-ms-azurevm-debuggersdisabled': true,
  'x-ms-isolation-tee': MACHINE,
  'x-ms-policy-hash': 'QsNi9UE365SgcskuV_a4p-uFQyGlNcIlQkrsi0UIxx',
  'x-ms-runtime': { 'client-payload': { nonce: 'a nonce' } },
}

function issue(claims: object): Uint8Array {
  const signed = `${b64({ alg: 'RS256', kid: 'k' })}.${b64(claims)}`
  return bytes(`${signed}.${sign('sha256', bytes(signed), KEY.privateKey).toString('base64url')}`)
}

function judge(also: object, expect: TokenVerifyOptions['expect'] = {}): Verdict<TokenClaims> {
  const jwks = JSON.stringify({ keys: [{ ...KEY.publicKey.export({ format: 'jwk' }), kid: 'k' }] })
  const wanted = { nonce: 'a nonce', measurement: ['11'.repeat(48)], ...expect }
  return verifyTokenSync(issue({ ...GUEST, ...also }), { at: AT, keySet: { issuer: ISSUER, jwks }, expect: wanted })
}

describe('single claims of Azure’s service', () => {
  it('can be expected wherever they are, and its word on compliance is proposed', () => {
    const nested = '/x-ms-isolation-tee/x-ms-compliance-status'
    const status = 'azure-compliant-cvm'
    for (const [claims, outcome] of [
      [{ [nested]: status }, 'verified'],
      [{ [nested]: status, 'x-ms-azurevm-debuggersdisabled': true }, 'verified'],
      [{ [nested]: 'azure-compliant-uvm' }, 'rejected'],
      [{ 'x-ms-compliance-status': status }, 'rejected'],
    ] as const)
      assert.equal(judge({}, { claims }).outcome, outcome, JSON.stringify(claims))
    assert.equal(
      judge(
        { 'x-ms-isolation-tee': { ...MACHINE, 'x-ms-compliance-status': undefined } },
        { claims: { [nested]: status } },
      ).outcome,
      'rejected',
    )
    assert.deepEqual(tokenSkeleton(parseToken(issue(GUEST)))['claims'], { [nested]: status })
    const { 'x-ms-isolation-tee': _, ...bare } = { ...GUEST, ...MACHINE }
    assert.deepEqual(tokenSkeleton(parseToken(issue(bare)))['claims'], { 'x-ms-compliance-status': status })
  })
})

describe('what Azure’s service says of the system that booted in a machine', () => {
  it('is among the claims, and proposed', () => {
    const verdict = judge({})
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    const { secureBoot, debuggable, policyHash, compliance, tcb } = verdict.claims
    assert.deepEqual(
      { secureBoot, debuggable, policyHash, compliance, components: tcb.components },
      {
        secureBoot: true,
        debuggable: [],
        policyHash: GUEST['x-ms-policy-hash'],
        compliance: 'azure-compliant-cvm',
        components: { bootloader: 4, tee: 0, snp: 24, microcode: 219 },
      },
    )
    const { issuer: _, ...expect } = tokenSkeleton(parseToken(issue(GUEST)))
    assert.deepEqual(expect['minTcb'], tcb.components)
    assert.equal(judge({}, expect).outcome, 'verified')
  })

  it('is refused where it can be debugged, unless that is allowed', () => {
    for (const [name, value] of [
      ['bootdebug-enabled', true],
      ['hypervisordebug-enabled', true],
      ['kerneldebug-enabled', true],
      ['kerneldebug-enabled', 'false'],
      ['testsigning-enabled', true],
      ['debuggersdisabled', false],
    ] as const) {
      const claim = `x-ms-azurevm-${name}`
      const found = check(judge({ [claim]: value }), 'token.debug.guest')
      assert.equal(found.outcome, 'fail', claim)
      assert.ok(found.reason.includes(claim))
      assert.equal(judge({ [claim]: value }, { allowDebug: true }).outcome, 'verified')
    }
    // Other versions do not have all of them, and other machines none.
    assert.equal(judge({ 'x-ms-azurevm-bootdebug-enabled': undefined }).outcome, 'verified')
    const bare = judge({ ...MACHINE, 'x-ms-isolation-tee': undefined })
    assert.equal(check(bare, 'token.debug.guest').outcome, 'not-applicable')
  })

  it('is compared with what is expected of TCB, secure boot and policy', () => {
    for (const [also, expect, outcome] of [
      [{}, { minTcb: { bootloader: 4, tee: 0, snp: 24, microcode: 219 } }, 'verified'],
      [{}, { minTcb: { microcode: 220 } }, 'rejected'],
      [
        { 'x-ms-isolation-tee': { ...MACHINE, 'x-ms-sevsnpvm-tee-svn': undefined } },
        { minTcb: { tee: 0 } },
        'rejected',
      ],
      [{}, { secureBoot: true }, 'verified'],
      [{ secureboot: false }, { secureBoot: true }, 'rejected'],
      [{ secureboot: false }, { secureBoot: false }, 'verified'],
      [{ secureboot: false }, {}, 'incomplete'],
      [{ secureboot: 'no' }, {}, 'incomplete'],
      [{ secureboot: undefined }, {}, 'verified'],
      [{ secureboot: 'true' }, { secureBoot: true }, 'rejected'],
      [{ secureboot: undefined }, { secureBoot: true }, 'rejected'],
      [{}, { policyHashes: [GUEST['x-ms-policy-hash'], 'other'] }, 'verified'],
      [{}, { policyHashes: ['other'] }, 'rejected'],
      [{ 'x-ms-policy-hash': undefined }, { policyHashes: ['other'] }, 'rejected'],
    ] as const)
      assert.equal(judge(also, expect).outcome, outcome, JSON.stringify([also, expect]))
  })
})
