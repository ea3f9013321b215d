import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { canonicalJson } from '../src/core/canonical.ts'
import { verifyIbmSeSync } from '../src/ibm-se/index.ts'
import { verifySevSync } from '../src/sev/index.ts'
import { missing, VECTORS } from './vectors.ts'

const AT = new Date('2025-01-01T00:00:00Z')

function vector(...path: readonly string[]): Uint8Array {
  return new Uint8Array(readFileSync(join(VECTORS, ...path)))
}

const SCRIPT = `
import { readFileSync } from 'node:fs'
import { canonicalJson } from '@sekisho/evidence'
import { verifySev } from '@sekisho/evidence/sev'
import { verifyIbmSe } from '@sekisho/evidence/ibm-se'
const bytes = (hex) => new Uint8Array(Buffer.from(hex, 'hex'))
const { sev, ibm } = JSON.parse(readFileSync(process.argv[1], 'utf8'))
const at = new Date('2025-01-01T00:00:00Z')
const found = []
for (const { evidence, certificates } of sev) found.push(canonicalJson(await verifySev(bytes(evidence), { at, certificates: certificates.map(bytes) })))
for (const { evidence, files, header, protectionKey } of ibm) {
  found.push(canonicalJson(await verifyIbmSe(bytes(evidence), { at, files: files.map(bytes), header: bytes(header), protectionKey })))
}
process.stdout.write(JSON.stringify(found))
`

describe('SEV and Secure Execution in a browser', { skip: missing('amd-sev') || missing('ibm-se') }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-'))
  after(() => rmSync(folder, { recursive: true }))
  it('the verdict is the same, byte for byte', () => {
    const sev = ['chain-milan', 'chain-naples'].map((name) => ({
      evidence: vector('amd-sev', name, 'pdh.cert'),
      certificates: [vector('amd-sev', name, 'cert-chain.bin'), vector('amd-sev', name, 'ask-ark.bin')],
    }))
    const chain = ['ibm.crt', 'inter_ca.crt', 'root_ca.crt', 'root_ca.crl', 'inter_ca.crl', 'ibm.crl', 'host.crt']
    const ibm = ['attestation-valid', 'attestation-user-data-changed', 'attestation-request-flags-changed'].map(
      (name) => ({
        evidence: vector('ibm-se', name, 'response.pvattest'),
        files: chain.map((file) => vector('ibm-se', 'host-key-documents', 'files', file)),
        header: vector('ibm-se', name, 'se-header.bin'),
        protectionKey: Buffer.from(vector('ibm-se', name, 'protection-key.bin')).toString('hex'),
      }),
    )
    const file = join(folder, 'subjects.json')
    writeFileSync(
      file,
      JSON.stringify({ sev, ibm }, (_, value: unknown) =>
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
      ),
    )
    const ran = spawnSync(process.execPath, ['--conditions=browser', '--input-type=module', '--eval', SCRIPT, file], {
      cwd: new URL('../../', import.meta.url),
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    })
    assert.equal(ran.status, 0, ran.stderr)
    const found: readonly string[] = JSON.parse(ran.stdout)
    const expected = [
      ...sev.map(({ evidence, certificates }) => canonicalJson(verifySevSync(evidence, { at: AT, certificates }))),
      ...ibm.map(({ evidence, ...options }) => canonicalJson(verifyIbmSeSync(evidence, { at: AT, ...options }))),
    ]
    assert.deepEqual(found, expected)
  })
})
