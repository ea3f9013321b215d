import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  distinguishedName,
  generateKey,
  issueCertificate,
  issueCrl,
  keyUsage,
  toPem,
} from '@sekisho/emulator/kit'
import type { Verdict } from '@sekisho/evidence'
import { processAround } from '../src/around.ts'
import { readCollateral } from '../src/options/collateral-files.ts'
import { scratch } from './process.ts'
import { runWithin } from './run.ts'

const folder = scratch()
const key = generateKey('P-256')

function list(name: string): Uint8Array {
  return issueCrl({
    issuer: distinguishedName(['CN', name]),
    issuerKey: key,
    thisUpdate: new Date('2026-06-01T00:00:00Z'),
    nextUpdate: new Date('2026-07-01T00:00:00Z'),
    algorithm: 'ecdsa-p256-sha256',
    revoked: [],
  })
}

function pem(name: string, lists: readonly Uint8Array[]): string {
  const path = join(folder, name)
  writeFileSync(path, lists.map((der) => toPem(der, 'X509 CRL')).join(''))
  return path
}

describe('revocation lists of a file, for tokens', () => {
  it('are all taken, not the first alone', async () => {
    const lists = ['one', 'two', 'three'].map(list)
    const { token } = await readCollateral([pem('three.pem', lists)], processAround())
    assert.deepEqual(token.crls.map(Buffer.from), lists.map(Buffer.from))
  })

  it('more than can be judged are wrong usage, said so', async () => {
    const files = [
      pem(
        'many.pem',
        Array.from({ length: 16 }, () => list('many')),
      ),
      pem('more.pem', [list('more')]),
    ]
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = join(folder, 'token.jwt')
    writeFileSync(token, `${part({ alg: 'ES256' })}.${part({ iss: 'https://issuer.example' })}.${'A'.repeat(86)}`)
    const ran = await runWithin(['verify', token, ...files.flatMap((file) => ['--collateral', file])])
    assert.equal(ran.code, 64, ran.err)
    assert.match(ran.err, /crls: expected at most 16/)
  })

  it('are asked where the authority is under DigiCert, as IBM’s is', async () => {
    const leaf = generateKey('P-256')
    const [signer, above] = [
      distinguishedName(['CN', 'signer']),
      distinguishedName(['O', 'DigiCert Inc'], ['CN', 'authority']),
    ]
    const x5c = [true, false].map((own) =>
      Buffer.from(
        issueCertificate({
          subject: own ? signer : above,
          issuer: above,
          serial: own ? 7 : 1,
          notBefore: new Date('2026-01-01T00:00:00Z'),
          notAfter: new Date('2027-01-01T00:00:00Z'),
          subjectKey: own ? leaf : key,
          issuerKey: key,
          algorithm: 'ecdsa-p256-sha256',
          extensions: own
            ? [basicConstraints(false), keyUsage('digitalSignature')]
            : [basicConstraints(true, 0), keyUsage('keyCertSign', 'cRLSign')],
        }),
      ).toString('base64'),
    )
    const crl = issueCrl({
      issuer: above,
      issuerKey: key,
      thisUpdate: new Date('2026-06-01T00:00:00Z'),
      nextUpdate: new Date('2026-07-01T00:00:00Z'),
      algorithm: 'ecdsa-p256-sha256',
      revoked: [{ serial: 7 }],
    })
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const iat = Date.parse('2026-06-15T12:00:00Z') / 1000
    const signed = `${part({ alg: 'ES256' })}.${part({ iss: 'https://issuer.example', iat, exp: iat + 300 })}`
    const signature = sign('sha256', Buffer.from(signed), { key: leaf.privateKey, dsaEncoding: 'ieee-p1363' })
    const [token, keys] = [join(folder, 'revoked.jwt'), join(folder, 'revoked.jwks')]
    writeFileSync(token, `${signed}.${signature.toString('base64url')}`)
    const jwk = { ...leaf.publicKey.export({ format: 'jwk' }), x5c }
    writeFileSync(keys, JSON.stringify({ issuer: 'https://issuer.example', keys: [jwk] }))
    const at = ['--at', '2026-06-15T12:00:00Z', '--json', '--collateral', keys]
    const revoked = async (...files: readonly string[]): Promise<unknown> => {
      const { out } = await runWithin(['verify', token, ...at, ...files.flatMap((file) => ['--collateral', file])])
      const { checks }: Verdict = JSON.parse(out)
      return checks.flatMap((group) => group.checks).find(({ id }) => id === 'token.chain.crl.not-revoked')?.outcome
    }
    assert.equal(await revoked(pem('digicert.pem', [crl])), 'fail')
    assert.equal(
      await revoked(pem('other.pem', [list('another')])),
      'unchecked',
      'a list of nobody above the key is no answer',
    )
    assert.equal(await revoked(), 'not-applicable')
  })
})
