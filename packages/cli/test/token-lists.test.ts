import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { distinguishedName, generateKey, issueCrl, toPem } from '@sekisho/emulator/kit'
import { processAround } from '../src/around.ts'
import { readCollateral } from '../src/options/collateral-files.ts'
import { scratch, sekisho } from './process.ts'

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

  it('more than can be judged are wrong usage, said so', () => {
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
    const ran = sekisho(['verify', token, ...files.flatMap((file) => ['--collateral', file])])
    assert.equal(ran.code, 64, ran.err)
    assert.match(ran.err, /crls: expected at most 16/)
  })
})
