import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  distinguishedName,
  generateKey,
  issueCertificate,
  spkiSha256,
  toPem,
  utf8,
} from '@sekisho/emulator/kit'
import { processAround } from '../src/around.ts'
import { readTrustAnchors } from '../src/options/anchors.ts'
import { scratch } from './process.ts'

const folder = scratch()
const key = generateKey('P-256')
const stranger = generateKey('P-256')

function root(of: typeof key, inside = ''): Uint8Array {
  const name = distinguishedName(['CN', 'a root'])
  return issueCertificate({
    subject: name,
    issuer: name,
    serial: 1,
    notBefore: new Date('2026-01-01T00:00:00Z'),
    notAfter: new Date('2027-01-01T00:00:00Z'),
    subjectKey: of,
    issuerKey: of,
    algorithm: 'ecdsa-p256-sha256',
    extensions: [basicConstraints(true), ...(inside === '' ? [] : [{ oid: '1.2.3', value: utf8(`\n${inside}`) }])],
  })
}

function save(name: string, content: string | Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe('roots that are named with a file', () => {
  it('are the certificate of the file, in DER and in PEM, and say EMULATED', async () => {
    for (const path of [save('root.der', root(key)), save('root.pem', toPem(root(key)))]) {
      const [anchor, ...others] = await readTrustAnchors(path, processAround())
      assert.deepEqual([anchor?.spkiSha256, anchor?.emulated, others.length], [spkiSha256(key), true, 0])
    }
  })

  it('soundness 46: are never another certificate that the first one holds as text', async () => {
    const path = save('holds.der', root(key, toPem(root(stranger))))
    await assert.rejects(
      readTrustAnchors(path, processAround()),
      /neither a JSON list of trust anchors nor a certificate/,
    )
  })
})
