import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  basicConstraints,
  distinguishedName,
  generateKey,
  issueCertificate,
  type KeyPair,
  keyUsage,
  toPem,
} from '@sekisho/emulator/kit'
import type { JsonValue } from '../src/conformance/case.ts'
import { CaseFiles } from '../src/conformance/case-files.ts'
import { textMember } from '../src/conformance/json.ts'
import { conclude } from '../src/conformance/run.ts'
import { tokenCases } from '../src/conformance/token/cases.ts'
import { iasCases } from '../src/conformance/token/ias.ts'
import { readRows } from '../src/conformance/token/rows.ts'
import { x509Cases } from '../src/conformance/token/x509.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const FOLDER = join(VECTORS, 'tokens')
const skip = existsSync(FOLDER) ? false : `needs the token vectors in ${VECTORS} (SEKISHO_VECTORS)`

const SUPPORTED: readonly string[] = [
  'cmw-samples',
  'coco-as-2023',
  'confidential-space-pki-tdx-2025',
  'ear-claims-sets',
  'eat-payloads',
  'confidential-space-oidc-2025',
  'confidential-space-oidc-2025-nonce',
  'ear-parsec-tpm',
  'ear-trustee-cca',
  'ear-veraison-affirming',
  'ear-veraison-embedded-jwk',
  'ear-veraison-extensions',
  'ita-sgx-2023',
  'maa-azurevm-snp-2025',
  'maa-azurevm-trustedlaunch-2022',
  'maa-sevsnp-2025',
  'maa-sgx-2023',
  'negatives',
  'nvidia-local-verifier-h100',
  'nvidia-nras-gpu-2025',
  'nvidia-nras-signing-chain',
]

const OF_OTHER_KINDS: readonly string[] = [
  'ias-2020-ratls-certificate',
  'ias-2021',
  'ias-status-bodies',
  'x509-der-with-embedded-pem',
]

async function outcome(name: string): Promise<string> {
  const folder = join(FOLDER, name)
  const content: JsonValue = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8'))
  const tee = textMember(content, 'tee')
  const runner = [tokenCases, iasCases, x509Cases].find(({ tees }) => tees.includes(tee ?? ''))
  assert.ok(runner, tee)
  const result = await runner.run(folder, name, content)
  assert.ok(result.comparisons.length > 0, 'a case that compares nothing says nothing')
  return result.outcome === 'fail' ? `fail: ${result.message}` : result.outcome
}

describe('token vectors', { skip }, () => {
  for (const name of SUPPORTED) it(name, async () => assert.equal(await outcome(name), 'pass'))
  for (const name of OF_OTHER_KINDS) it(name, async () => assert.equal(await outcome(name), 'pass'))
})

describe('what the runners would say of other values', { skip }, () => {
  const changed = async (name: string, change: (text: string) => string): Promise<string> => {
    const folder = join(FOLDER, name)
    const content: JsonValue = JSON.parse(change(await readFile(join(folder, 'case.json'), 'utf8')))
    const runner = [tokenCases, iasCases, x509Cases].find(({ tees }) => tees.includes(textMember(content, 'tee') ?? ''))
    return runner === undefined ? 'no runner' : (await runner.run(folder, name, content)).outcome
  }

  it('a row may ask for a nonce, and is refused for another one only', async () => {
    const jwks = 'confidential-space-oidc-2025-nonce'
    const token = await readFile(join(FOLDER, jwks, 'token.jwt'), 'utf8')
    const outcomeFor = async (expectedNonce: string): Promise<string> => {
      const rows = [{ name: 'made', jwks, token: token.trim(), expectedNonce, reason: 'nonce' }]
      const content = { tee: 'token', version: 'mixed', expect: { verdict: 'invalid', fields: { rows: 1 } } }
      const run = await readRows(new CaseFiles(join(FOLDER, 'negatives')), rows)
      return (await conclude('made', content, run)).outcome
    }
    assert.equal(await outcomeFor('another-nonce'), 'pass')
    assert.equal(await outcomeFor('sp1-test-nonce-1764708636'), 'fail')
  })

  it('a value that differs fails its case, and one that nobody knows is not supported', async () => {
    assert.equal(
      await changed('cmw-samples', (text) => text.replace('"contentFormat": 29884', '"contentFormat": 29885')),
      'fail',
    )
    assert.equal(await changed('ias-2021', (text) => text.replace('"status":', '"version": 3, "status":')), 'fail')
    assert.equal(await changed('ias-2021', (text) => text.replace('"status":', '"version": 4, "status":')), 'pass')
    assert.equal(
      await changed('ear-claims-sets', (text) => text.replace('"executables": 96', '"executables": 2')),
      'fail',
    )
    assert.equal(await changed('ias-2021', (text) => text.replace('"isvSvn": 0', '"isvSvn": 1')), 'fail')
    assert.equal(await changed('nvidia-nras-signing-chain', (text) => text.replace('2029-12-08', '2029-12-09')), 'fail')
    assert.equal(
      await changed('x509-der-with-embedded-pem', (text) => text.replace('outer certificate"', 'inner certificate"')),
      'fail',
    )
    assert.equal(await changed('ias-2021', (text) => text.replace('"isvSvn": 0', '"other": 0')), 'unsupported')
  })
})

describe('a case of tokens with a root of its own', () => {
  const [root, other, key] = [generateKey('P-384'), generateKey('P-384'), generateKey('RSA-3072')]
  const name = distinguishedName(['CN', 'a root'])
  const [notBefore, notAfter] = [new Date('2020-01-01'), new Date('2040-01-01')]
  const issued = (subjectKey: KeyPair, issuerKey: KeyPair, isRoot: boolean): Uint8Array =>
    issueCertificate({
      subject: isRoot ? name : distinguishedName(['CN', 'a service']),
      issuer: name,
      serial: 7,
      notBefore,
      notAfter,
      subjectKey,
      issuerKey,
      algorithm: 'ecdsa-p384-sha384',
      extensions: [basicConstraints(isRoot), keyUsage(isRoot ? 'keyCertSign' : 'digitalSignature')],
    })
  const b64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

  async function ran(pinned: KeyPair, withChain: boolean): Promise<string> {
    const at = '2026-01-01T00:00:00Z'
    const seconds = Date.parse(at) / 1000
    const claims = { iss: 'Intel Trust Authority', iat: seconds, exp: seconds + 300 }
    const sgx = { attester_type: 'SGX', attester_tcb_status: 'UpToDate', sgx_mrenclave: '11'.repeat(32) }
    const signed = `${b64({ alg: 'RS256', kid: 'k' })}.${b64({ ...claims, ...sgx })}`
    const x5c = [issued(key, root, false), issued(root, root, true)].map((der) => Buffer.from(der).toString('base64'))
    const jwk = { ...key.publicKey.export({ format: 'jwk' }), kid: 'k', ...(withChain ? { x5c } : {}) }
    const folder = await mkdtemp(join(tmpdir(), 'sekisho-token-'))
    try {
      const token = `${signed}.${sign('sha256', Buffer.from(signed), key.privateKey).toString('base64url')}`
      await writeFile(join(folder, 'token.jwt'), token)
      await writeFile(join(folder, 'jwks.json'), JSON.stringify({ keys: [jwk] }))
      await writeFile(join(folder, 'root.pem'), toPem(issued(pinned, pinned, true)))
      const expect = { verdict: 'valid', fields: { iss: claims.iss, tcbStatus: 'UpToDate' } }
      const content = { tee: 'token', version: 'ita-1.0.0', evaluateAt: at, expect }
      const { outcome: found, actualReason } = await tokenCases.run(folder, 'made', content)
      return found === 'pass' ? found : `${found}: ${actualReason}`
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  it('is valid only where certificates lead to it, or keys have none', async () => {
    assert.equal(await ran(root, true), 'pass')
    assert.equal(await ran(other, true), 'fail: chain-root')
    assert.equal(await ran(other, false), 'pass')
  })
})
