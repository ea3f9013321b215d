import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { generateKey } from '@sekisho/emulator/kit'
import type { Verdict } from '@sekisho/evidence'
import { scratch } from './process.ts'
import { runWithin } from './run.ts'

const folder = scratch()
const key = generateKey('P-256')
const ISSUER = 'https://maker.example'
const iat = Date.parse('2026-06-15T12:00:00Z') / 1000

/** A file with a token of a device. */
function token(name: string, change: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = {
    ...{
      iss: ISSUER,
      iat,
      exp: iat + 300,
      eat_nonce: 'a-nonce-of-mine',
      eat_profile: 'tag:maker.example,2026:gateway',
    },
    ...{ oemboot: true, dbgstat: 'disabled', swname: 'Gateway OS', measurements: [[60, 'AQI']] },
    submods: { 'a modem: 1': { swname: 'Modem', dbgstat: 'disabled' } },
    ...change,
  }
  const signed = `${part({ alg: 'ES256', kid: 'k' })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  const path = join(folder, `${name}.jwt`)
  writeFileSync(path, `${signed}.${signature.toString('base64url')}\n`)
  return path
}

const keys = join(folder, 'jwks.json')
writeFileSync(
  keys,
  JSON.stringify({ issuer: ISSUER, keys: [{ ...key.publicKey.export({ format: 'jwk' }), kid: 'k' }] }),
)

describe('entity attestation tokens on the command line', () => {
  it('meet the expectations that are printed of them, and others do not', async () => {
    const good = token('good')
    const printed = await runWithin(['inspect', good, '--as-expectations'])
    assert.equal(printed.code, 0, printed.err)
    const expectations = join(folder, 'expect.yaml')
    writeFileSync(expectations, printed.out)
    const verify = async (path: string, ...more: readonly string[]): Promise<Verdict> => {
      const files = ['--collateral', keys, '--expect', expectations, '--at', '2026-06-15T12:00:00Z', '--json']
      return JSON.parse((await runWithin(['verify', path, ...files, ...more])).out)
    }
    const verdict = await verify(good)
    assert.equal(verdict.outcome, 'verified', verdict.summary)
    assert.equal(verdict.claims.hardware, false)
    for (const [name, change] of Object.entries({
      measurement: { measurements: [[60, 'AQM']] },
      submodule: { submods: { 'a modem: 1': { swname: 'Other', dbgstat: 'disabled' } } },
      profile: { eat_profile: 'tag:maker.example,2026:other' },
      boot: { oemboot: false },
      debug: { dbgstat: 'enabled' },
    }))
      assert.equal((await verify(token(name, change))).outcome, 'rejected', name)
    const silent = token('silent', { submods: { 'a modem: 1': { swname: 'Modem' } } })
    assert.equal((await verify(silent)).outcome, 'incomplete')
    const waived = await verify(silent, '--waive', 'token.submodules.debug')
    assert.deepEqual([waived.outcome, waived.waived], ['verified', ['token.submodules.debug']])
  })

  it('say in the words of the verdict that no TEE is shown', async () => {
    const { out, code } = await runWithin([
      'verify',
      token('alone'),
      '--collateral',
      keys,
      '--at',
      '2026-06-15T12:00:00Z',
    ])
    assert.equal(code, 2)
    assert.match(out, /^INCOMPLETE {2}JWT of the issuer of an entity attestation token \(EAT\)/)
    assert.match(out, /such a token shows no TEE, no isolation and no encrypted memory/)
  })
})
