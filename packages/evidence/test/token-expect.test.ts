import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import { canonicalJson } from '../src/core/canonical.ts'
import type { Verdict } from '../src/core/verdict.ts'
import type { TokenClaims } from '../src/token/claims.ts'
import { parseToken, type TokenVerifyOptions, tokenSkeleton, verifyTokenSync } from '../src/token/index.ts'
import { b64, bytes, check } from './token-kit.ts'

const AT = new Date('2026-01-01T00:00:00Z')
const SECONDS = AT.getTime() / 1000
const EC = generateKey('P-256')
const RSA = generateKey('RSA-2048')
type Expect = NonNullable<TokenVerifyOptions['expect']>

function issue(alg: 'ES256' | 'RS256', claims: object): Uint8Array {
  const signed = `${b64({ alg, kid: 'k' })}.${b64(claims)}`
  const key = alg === 'RS256' ? RSA.privateKey : { key: EC.privateKey, dsaEncoding: 'ieee-p1363' as const }
  return bytes(`${signed}.${sign('sha256', bytes(signed), key).toString('base64url')}`)
}

function judge(alg: 'ES256' | 'RS256', claims: object, expect: Expect): Verdict<TokenClaims> {
  const key = (alg === 'RS256' ? RSA : EC).publicKey.export({ format: 'jwk' })
  const keySet = { jwks: JSON.stringify({ keys: [{ ...key, kid: 'k' }] }) }
  return verifyTokenSync(issue(alg, claims), { at: AT, keySet, expect })
}

/** The skeleton of a token as expectations, without whose keys are given. */
function proposed(alg: 'ES256' | 'RS256', claims: object): Expect {
  const { issuer: _, ...expect } = tokenSkeleton(parseToken(issue(alg, claims)))
  return expect
}

describe('what is expected of an attestation result', () => {
  const NONCE = 'bm9uY2UtMTIzNDU2'
  const result = (submods: object, also: object = {}): object => ({
    eat_profile: 'tag:ietf.org,2026:rats/ear#03',
    iat: SECONDS,
    eat_nonce: NONCE,
    ear_verifier_id: { developer: 'd', build: 'b' },
    submods,
    ...also,
  })
  const CPU = { ear_status: 'affirming', ear_appraisal_policy_ids: ['default', 'mine'] }
  const expecting = (submods: object, expect: Expect): Verdict =>
    judge('ES256', result(submods), { nonce: NONCE, ...expect })

  it('is what was appraised, and by which policy: one with a nonce alone is open', () => {
    const alone = expecting({ cpu0: CPU }, {})
    assert.equal(alone.outcome, 'incomplete')
    assert.equal(check(alone, 'token.expect.appraisals').outcome, 'unchecked')
    assert.match(check(alone, 'token.expect.appraisals').remedy?.action ?? '', /if "cpu0" is all/)
    assert.match(check(alone, 'token.expect.appraisal-policy').remedy?.action ?? '', /if "default", "mine" is what/)
    assert.equal(expecting({ cpu0: CPU }, { appraisals: ['cpu0'] }).outcome, 'incomplete')
    const all = { appraisals: ['cpu0'], appraisalPolicies: ['default', 'mine'] }
    const verdict = expecting({ cpu0: CPU }, all)
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.deepEqual(judge('ES256', result({ cpu0: CPU }), all).claims.appraisals, [
      { name: 'cpu0', status: 'affirming', policies: ['default', 'mine'] },
    ])
  })

  it('is compared with all that the token says', () => {
    const GPU = { ear_status: 'affirming', ear_appraisal_policy_ids: ['gpu'] }
    const policies = { appraisalPolicies: ['default', 'mine'] }
    for (const [submods, expect, outcome] of [
      [{ gpu0: CPU }, { appraisals: ['cpu0'], ...policies }, 'rejected'],
      [{ cpu0: CPU }, { appraisals: ['cpu0', 'gpu0'], ...policies }, 'rejected'],
      [{ cpu0: CPU }, { appraisals: ['cpu0'], appraisalPolicies: ['default'] }, 'rejected'],
      [{ cpu0: CPU, gpu0: GPU }, { appraisals: ['cpu0'], ...policies }, 'rejected'],
      [{ cpu0: CPU, gpu0: GPU }, { appraisals: ['cpu0'], appraisalPolicies: ['default', 'mine', 'gpu'] }, 'verified'],
      [{ cpu0: CPU, gpu0: { ear_status: 'affirming' } }, { appraisals: ['cpu0'], ...policies }, 'rejected'],
      [{ cpu0: { ear_status: 'affirming' } }, { appraisals: ['cpu0'] }, 'verified'],
      [{ cpu0: CPU }, { appraisals: ['cpu0'], ...policies, driverVersions: ['550.90.07'] }, 'rejected'],
    ] as const)
      assert.equal(expecting(submods, expect).outcome, outcome, JSON.stringify([submods, expect]))
  })

  it('is read in the dialect that is deployed, too, and proposed as it is', () => {
    const deployed = {
      eat_profile: 'tag:github.com,2023:veraison/ear',
      ear_verifier_id: undefined,
      'ear.verifier-id': { developer: 'd', build: 'b' },
    }
    const claims = result({ t: { 'ear.status': 'affirming', 'ear.appraisal-policy-id': 'policy:T' } }, deployed)
    const expect = proposed('ES256', claims)
    assert.deepEqual(expect, { nonce: NONCE, appraisals: ['t'], appraisalPolicies: ['policy:T'] })
    assert.equal(judge('ES256', claims, expect).outcome, 'verified')
    assert.equal(judge('ES256', claims, { ...expect, appraisalPolicies: ['policy:U'] }).outcome, 'rejected')
  })
})

describe('what is expected of a container in a Confidential Space', () => {
  const DIGEST = 'e2'.repeat(32)
  const OVERRIDDEN = {
    args: ['/app', '--token', ''],
    cmd_override: ['--token', ''],
    env_override: { LOG: 'debug', KEY: 'a secret' },
  }
  const space = (container: object, attributes: readonly string[] = ['LATEST', 'STABLE', 'USABLE']): object => ({
    iss: 'https://confidentialcomputing.googleapis.com',
    aud: 'me',
    iat: SECONDS,
    exp: SECONDS + 3600,
    eat_nonce: 'a nonce of mine',
    hwmodel: 'GCP_AMD_SEV_SNP',
    swname: 'CONFIDENTIAL_SPACE',
    secboot: true,
    dbgstat: 'disabled-since-boot',
    submods: {
      confidential_space: { support_attributes: attributes },
      container: { image_digest: `sha256:${DIGEST}`, args: ['/app'], ...container },
      gce: { project_id: 'my-project' },
    },
  })
  const WANTED = { measurement: [DIGEST], audience: ['me'], nonce: 'a nonce of mine' }
  const expecting = (container: object, expect: Expect = {}): Verdict =>
    judge('RS256', space(container), { ...WANTED, ...expect })

  it('is nothing more where nobody changed how its image is started', () => {
    for (const container of [{}, { cmd_override: [], env_override: {} }, { cmd_override: null, env_override: null }])
      assert.equal(expecting(container).outcome, 'verified', JSON.stringify(container))
  })

  it('is a command that replaces the image’s own: open until it is said, and refused where it is another one', () => {
    const { env_override: _, ...container } = OVERRIDDEN
    const open = expecting(container)
    assert.equal(open.outcome, 'incomplete')
    assert.equal(check(open, 'token.expect.command').outcome, 'unchecked')
    for (const [expect, outcome] of [
      [{ commandOverride: ['--token', ''] }, 'verified'],
      [{ containerArgs: ['/app', '--token', ''] }, 'verified'],
      [{ commandOverride: ['', '--token'] }, 'rejected'],
      [{ commandOverride: ['--token', ''], containerArgs: ['/app'] }, 'rejected'],
      [{ containerArgs: ['/app'] }, 'rejected'],
    ] as const)
      assert.equal(expecting(container, expect).outcome, outcome, JSON.stringify(expect))
    assert.equal(expecting({}, { containerArgs: ['/app'] }).outcome, 'verified')
    assert.equal(expecting({ args: ['/bin/sh'] }, { containerArgs: ['/app'] }).outcome, 'rejected')
    // Another form than a list of texts is no absence.
    assert.equal(expecting({ cmd_override: 'sh' }).outcome, 'incomplete')
    assert.equal(expecting({ cmd_override: { sh: 1 } }).outcome, 'incomplete')
  })

  it('are variables: open until all are said, with no value of one in the verdict', () => {
    const container = { env_override: OVERRIDDEN.env_override }
    const open = expecting(container)
    assert.equal(open.outcome, 'incomplete')
    assert.equal(check(open, 'token.expect.environment').actual, '"LOG", "KEY"')
    for (const [variables, outcome] of [
      [{ KEY: 'a secret', LOG: 'debug' }, 'verified'],
      [{ KEY: 'a secret' }, 'rejected'],
      [{ KEY: 'a secret', LOG: 'debug', MORE: '' }, 'rejected'],
      [{ KEY: 'another', LOG: 'debug' }, 'rejected'],
    ] as const) {
      const verdict = expecting(container, { environmentOverride: variables })
      assert.equal(verdict.outcome, outcome, JSON.stringify(variables))
      assert.doesNotMatch(canonicalJson(verdict), /a secret/)
    }
    assert.equal(expecting({ env_override: ['LOG'] }).outcome, 'incomplete')
    assert.equal(expecting({}, { environmentOverride: { LOG: 'debug' } }).outcome, 'rejected')
    assert.throws(
      () => expecting({}, { environmentOverride: JSON.parse('{"LOG":1}') }),
      /environmentOverride: expected/,
    )
  })

  it('are attributes of the image, the project and the model, where somebody asks for them', () => {
    for (const [expect, outcome] of [
      [{ supportAttributes: ['STABLE', 'USABLE'] }, 'verified'],
      [{ supportAttributes: ['STABLE', 'OLD'] }, 'rejected'],
      [{ projectIds: ['my-project', 'other'] }, 'verified'],
      [{ projectIds: ['other'] }, 'rejected'],
      [{ hardwareModels: ['GCP_AMD_SEV_SNP'] }, 'verified'],
      [{ hardwareModels: ['GCP_INTEL_TDX'] }, 'rejected'],
    ] as const)
      assert.equal(expecting({}, expect).outcome, outcome, JSON.stringify(expect))
    const old = judge('RS256', space({}, []), { ...WANTED, supportAttributes: ['USABLE'] })
    assert.equal(old.outcome, 'rejected')
  })

  it('is proposed as it is', () => {
    const claims = space(OVERRIDDEN)
    const expect = proposed('RS256', claims)
    assert.deepEqual(expect.supportAttributes, ['STABLE', 'USABLE'])
    assert.deepEqual(expect.environmentOverride, OVERRIDDEN.env_override)
    assert.equal(judge('RS256', claims, expect).outcome, 'verified')
    assert.deepEqual(judge('RS256', claims, expect).claims.container, {
      args: ['/app', '--token', ''],
      commandOverride: ['--token', ''],
      environmentOverride: ['LOG', 'KEY'],
      supportAttributes: ['LATEST', 'STABLE', 'USABLE'],
      projectId: 'my-project',
    })
  })
})
