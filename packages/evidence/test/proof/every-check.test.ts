import assert from 'node:assert/strict'
import { sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import {
  basicConstraints,
  type CertificateOptions,
  type CrlOptions,
  distinguishedName,
  type Extension,
  issueCertificate,
  issueCrl,
  keyUsage,
  makeTdx,
  namedKey,
  spkiSha256,
  utf8,
} from '@sekisho/emulator/kit'
import { type AzureVerifyOptions, parseAzureJson, verifyAzureSync } from '../../src/azure/index.ts'
import type { Check, TrustAnchor, Verdict } from '../../src/core/verdict.ts'
import { verifyNvidiaNodeSync } from '../../src/nvidia/index.ts'
import { type TokenVerifyOptions, verifyTokenSync } from '../../src/token/index.ts'
import {
  encodeAttest,
  parseAttest,
  type TpmEvidence,
  type TpmVerifyOptions,
  verifyTpmSync,
} from '../../src/tpm/index.ts'
import { AT, azure, file, synthetic } from '../tpm-kit.ts'
import { missing, VECTORS } from '../vectors.ts'

/** Checks that no other test makes fail, each with a construction that does, and what it then says to do. */
function assertFails(verdict: Verdict, id: string): void {
  const found = allChecks(verdict).find((one) => one.id === id)
  assert.equal(found?.outcome, 'fail', `${id}: ${found?.reason}`)
  assert.equal(verdict.outcome, 'rejected')
  assert.ok((found?.remedy?.action.length ?? 0) > 10, `${id} has no remedy`)
  assert.ok(!/undefined|\[object|NaN/.test(`${found?.reason} ${found?.remedy?.action}`))
}

function allChecks({ checks, parts = [] }: Verdict): readonly Check[] {
  return [...checks.flatMap((group) => group.checks), ...parts.flatMap(({ verdict }) => allChecks(verdict))]
}

const ROOT = namedKey('every check root', 'P-256')
const LEAF = namedKey('every check leaf', 'P-256')
const ANCHOR: TrustAnchor = { id: 'made', name: 'Made', vendor: 'test', spkiSha256: spkiSha256(ROOT), emulated: true }
const NAMES = { leaf: distinguishedName(['CN', 'leaf']), root: distinguishedName(['CN', 'root']) }
const WINDOW = { notBefore: new Date('2025-01-01T00:00:00Z'), notAfter: new Date('2027-01-01T00:00:00Z') }
/** tcg-kp-AIKCertificate. */
const AK_USE: Extension = {
  oid: '2.5.29.37',
  value: Uint8Array.from([0x30, 0x07, 0x06, 0x05, 0x67, 0x81, 0x05, 0x08, 0x03]),
}

function certificate(role: 'leaf' | 'root', changes: Partial<CertificateOptions> = {}): Uint8Array {
  return issueCertificate({
    ...WINDOW,
    subject: NAMES[role],
    issuer: NAMES.root,
    serial: role === 'leaf' ? 2 : 1,
    subjectKey: role === 'leaf' ? LEAF : ROOT,
    issuerKey: ROOT,
    algorithm: 'ecdsa-p256-sha256',
    extensions:
      role === 'leaf' ? [keyUsage('digitalSignature'), AK_USE] : [basicConstraints(true), keyUsage('keyCertSign')],
    ...changes,
  })
}

interface TpmSituation {
  readonly evidence?: Partial<TpmEvidence>
  readonly options?: Partial<TpmVerifyOptions>
}

function chainOf(leaf: Partial<CertificateOptions> = {}, root: Partial<CertificateOptions> = {}): TpmSituation {
  return { evidence: { certificates: [certificate('leaf', leaf), certificate('root', root)] } }
}

const attest = () => parseAttest(synthetic('rsassa').evidence.message)
const quoteOf = (change: Partial<ReturnType<typeof parseAttest>>): TpmSituation => ({
  evidence: { message: encodeAttest({ ...attest(), ...change }) },
})

const TPM: Readonly<Record<string, () => TpmSituation>> = {
  'tpm.chain.well-formed': () => ({ evidence: { certificates: [Uint8Array.of(0x30, 3, 1, 1, 0xff)] } }),
  'tpm.chain.constraints': () => chainOf({}, { extensions: [keyUsage('keyCertSign')] }),
  'tpm.chain.algorithms': () => chainOf({ algorithm: 'ecdsa-sha1' }),
  'tpm.chain.not-before': () => chainOf({ notBefore: new Date('2026-01-01T00:00:00Z') }),
  'tpm.chain.not-after': () => chainOf({ notAfter: new Date('2025-02-01T00:00:00Z') }),
  'tpm.chain.signatures': () => chainOf({ issuerKey: LEAF }),
  'tpm.chain.pinned': () => ({ ...chainOf(), options: { trustAnchors: [] } }),
  'tpm.chain.usage': () => chainOf({ extensions: [keyUsage('digitalSignature')] }),
  'tpm.ak.trust': () => chainOf(),
  'tpm.quote.selection': () => {
    const { quote } = attest()
    assert.ok(quote)
    return quoteOf({ quote: { ...quote, selections: quote.selections.map((one) => ({ ...one, pcrs: [] })) } })
  },
  'tpm.quote.signature': () => quoteOf({ firmwareVersion: 1n }),
  'tpm.quote.magic': () => quoteOf({ magic: 1 }),
  'tpm.pcr.digest': () => ({ evidence: { pcrs: { sha256: { '0': '00'.repeat(32) } } } }),
  'tpm.expect.clock': () => ({
    ...quoteOf({ clockInfo: { ...attest().clockInfo, safe: false } }),
    options: { expect: { requireSafeClock: true } },
  }),
  'tpm.expect.selection': () => ({ options: { expect: { requiredPcrs: [23] } } }),
  'tpm.expect.measurement': () => ({ options: { expect: { measurement: ['00'.repeat(32)] } } }),
  'tpm.expect.pcrs': () => ({ options: { expect: { pcrs: { '0': ['11'.repeat(32)] } } } }),
  'tpm.expect.report-data': () => ({ options: { expect: { reportData: '00' } } }),
  'tpm.expect.freshness': () => ({ options: { expect: { nonce: '00'.repeat(16) } } }),
  'tpm.expect.firmware': () => ({ options: { expect: { firmwareVersions: ['ff'.repeat(8)] } } }),
  'tpm.expect.resets': () => ({ options: { expect: { resetCounts: [4_000_000_000] } } }),
  'tpm.expect.instance': () => ({ options: { expect: { instance: { zones: ['a-zone'] } } } }),
  'tpm.log.well-formed': () => ({ evidence: { eventLog: Uint8Array.of(1, 2, 3) } }),
}

describe('every check of a TPM quote can fail', { skip: missing('tpm') }, () => {
  for (const [id, situation] of Object.entries(TPM)) {
    it(id, () => {
      const { evidence, options } = situation()
      const base = synthetic('rsassa')
      const verdict = verifyTpmSync(
        { ...base.evidence, ...evidence },
        { at: AT, trustAnchors: evidence?.certificates === undefined ? [base.anchor, ANCHOR] : [ANCHOR], ...options },
      )
      assertFails(verdict, id)
    })
  }
})

describe('debugging that a Windows log proves', { skip: missing('tpm') }, () => {
  it('fails tpm.expect.no-debugging where it is not as expected', () => {
    const home = 'tpm/windows-gce-sha1-quote'
    const bytes = (name: string): Uint8Array => file(`${home}/${name}`)
    const verdict = verifyTpmSync(
      {
        message: bytes('quote.msg'),
        signature: bytes('quote.sig'),
        akPublic: bytes('ak-public.tpmt'),
        pcrs: JSON.parse(new TextDecoder().decode(bytes('pcrs.json'))),
        eventLog: bytes('event-log.bin'),
      },
      { at: AT, expect: { noDebugging: false, allowSha1: true } },
    )
    assertFails(verdict, 'tpm.expect.no-debugging')
  })
})

describe('what is expected of an Azure machine', { skip: missing('azure-vtpm') }, () => {
  const judged = (expect: AzureVerifyOptions['expect'] = {}): Verdict =>
    verifyAzureSync(azure('milan-live'), { at: new Date('2025-06-01T00:00:00Z'), expect })
  it('azure.expect.user-data', () => assertFails(judged({ userData: 'ff'.repeat(64) }), 'azure.expect.user-data'))
  it('azure.expect.vm-id', () => assertFails(judged({ vmIds: ['another machine'] }), 'azure.expect.vm-id'))
  it('azure.td-report', () => {
    const evidence = parseAzureJson(file('azure-vtpm/tdx-json-v1/evidence.json'))
    // A genuine quote, of another TD.
    const other = makeTdx()
    const verdict = verifyAzureSync(
      { ...evidence, tdQuote: other.evidence },
      {
        at: other.at,
        collateral: { tdx: other.collateral },
        trustAnchors: [other.anchor],
        expect: { allowEmulated: true },
      },
    )
    assertFails(verdict, 'azure.td-report')
  })
})

type Members = Readonly<Record<string, unknown>>
const url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')

/** A token signed by the leaf, with its chain in the header. */
function certified(chain: readonly Uint8Array[], header: Members = {}): Uint8Array {
  const seconds = AT.getTime() / 1000
  const x5c = chain.map((der) => Buffer.from(der).toString('base64'))
  const first = url(utf8(JSON.stringify({ alg: 'ES256', typ: 'JWT', x5c, ...header })))
  const payload = url(utf8(JSON.stringify({ iss: 'https://issuer.example', iat: seconds - 9, exp: seconds + 60 })))
  const key = { key: LEAF.privateKey, dsaEncoding: 'ieee-p1363' } as const
  return utf8(`${first}.${payload}.${url(sign('sha256', Buffer.from(`${first}.${payload}`), key))}`)
}

const TOKENS: Readonly<Record<string, () => Uint8Array>> = {
  'token.crit': () => certified([certificate('leaf'), certificate('root')], { crit: ['exp'] }),
  'token.chain.readable': () => certified([Uint8Array.of(0x30, 1, 1), certificate('root')]),
  'token.chain.path': () => certified([certificate('leaf', { issuer: NAMES.leaf }), certificate('root')]),
  'token.chain.signatures': () => certified([certificate('leaf', { issuerKey: LEAF }), certificate('root')]),
  'token.chain.dates': () =>
    certified([certificate('leaf', { notAfter: new Date('2025-02-01T00:00:00Z') }), certificate('root')]),
  'token.key.trusted': () =>
    certified([certificate('leaf'), certificate('root', { subjectKey: LEAF, issuerKey: LEAF })]),
}

const TOKEN_LISTS: Readonly<Record<string, Partial<CrlOptions>>> = {
  'token.chain.crl.genuine': { issuerKey: LEAF },
  'token.chain.crl.current': { nextUpdate: new Date(AT.getTime() - 1) },
  'token.chain.crl.not-revoked': { revoked: [{ serial: 1 }, { serial: 2 }, { serial: 3 }] },
}

describe('every check of a token with its own chain can fail', () => {
  const options: TokenVerifyOptions = { at: AT, trustAnchors: [ANCHOR] }
  it('and none of them does when nothing is broken', () => {
    const verdict = verifyTokenSync(certified([certificate('leaf'), certificate('root')]), options)
    const broken = allChecks(verdict).filter(({ id, outcome }) => id in TOKENS && outcome === 'fail')
    assert.deepEqual(broken, [])
  })
  for (const [id, token] of Object.entries(TOKENS)) it(id, () => assertFails(verifyTokenSync(token(), options), id))
  for (const [id, change] of Object.entries(TOKEN_LISTS))
    it(id, () => {
      const crl = issueCrl({
        issuer: NAMES.root,
        issuerKey: ROOT,
        algorithm: 'ecdsa-p256-sha256',
        thisUpdate: new Date(AT.getTime() - 1000),
        nextUpdate: new Date(AT.getTime() + 1000),
        ...change,
      })
      const root = certificate('root', { extensions: [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign')] })
      const token = certified([certificate('leaf'), root])
      assertFails(verifyTokenSync(token, { ...options, crls: [crl] }), id)
    })
})

describe('what is expected of a token', { skip: missing('tokens') }, () => {
  const judged = (name: string, expect: TokenVerifyOptions['expect'] = {}): Verdict =>
    verifyTokenSync(new Uint8Array(readFileSync(join(VECTORS, 'tokens', name, 'token.jwt'))), { at: AT, expect })
  it('token.expect.signer', () =>
    assertFails(judged('maa-sgx-2023', { signer: ['00'.repeat(32)] }), 'token.expect.signer'))
  it('token.expect.host-data', () =>
    assertFails(judged('maa-sevsnp-2025', { hostData: ['11'.repeat(32)] }), 'token.expect.host-data'))
  for (const register of ['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'])
    it(`token.expect.${register}`, () =>
      assertFails(
        judged('confidential-space-pki-tdx-2025', { [register]: ['11'.repeat(48)] }),
        `token.expect.${register}`,
      ))
})

describe('switches of two nodes', { skip: missing('nvidia-gpu') }, () => {
  it('fail nvidia.node.gpus: they list other GPUs', () => {
    const bytes = (name: string): Uint8Array => file(`nvidia-gpu/${name}`)
    const verdict = verifyNvidiaNodeSync(
      [
        { evidence: bytes('switch-ls10/report.bin') },
        { evidence: bytes('ppcie-node-a/switch0.bin') },
        { evidence: bytes('ppcie-node-a/gpu0.bin') },
      ],
      { at: AT },
    )
    assertFails(verdict, 'nvidia.node.gpus')
  })
})
