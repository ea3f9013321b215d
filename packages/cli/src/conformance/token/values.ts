import { createHash } from 'node:crypto'
import { parseSgxQuote } from '@sekisho/evidence/sgx'
import { AZURE_QUOTE_EXTENSION, azureKeyQuote, type Json, serviceOf, type Token } from '@sekisho/evidence/token'
import { parseCertificate } from '@sekisho/evidence/x509'
import type { JsonValue } from '../case.ts'
import { parseCaseJson } from '../case-files.ts'
import { isRecord, type JsonRecord, listOf, member, textMember } from '../json.ts'
import { hex, iso, sha256Hex, shownCertificate } from '../values.ts'

/** Values that cases list, by their names there, as the token has them. A name that is missing here is not compared. */
export function tokenValues(token: Token): JsonRecord {
  const claims: JsonValue = token.claims
  const get = (...path: readonly string[]): JsonValue =>
    path.reduce<JsonValue | undefined>((value, name) => member(value, name), claims) ?? null
  return {
    header: withoutChain(token.header),
    iss: get('iss'),
    iat: get('iat'),
    exp: get('exp'),
    ...READERS[serviceOf(token.claims)]?.(claims, get, token),
  }
}

type Get = (...path: readonly string[]) => JsonValue
const READERS: Readonly<Record<string, (claims: JsonValue, get: Get, token: Token) => JsonRecord>> = {
  azure,
  'confidential-space': confidentialSpace,
  ita,
  nras: (_claims, get, token) => ({
    overall: get('x-nvidia-overall-att-result'),
    nonce: get('eat_nonce'),
    submodDigests: digests(get('submods')),
    submodClaims: token.submodules[0]?.token.claims ?? null,
    submodDigestMatches: digestMatches(token),
    digestAlgorithmName: digestName(get('submods')),
  }),
  coco: (claims, get, { header }) => ({
    alg: header['alg'] ?? null,
    keyInClaims: isRecord(member(claims, 'jwk')),
    policyId: firstOf(get('evaluation-reports'), 'policy-id'),
    evaluationResult: firstOf(get('evaluation-reports'), 'evaluation-result'),
    mrenclave: get('tcb-status', 'sgx.body.mr_enclave'),
  }),
  ear: (claims, get) => ({
    profile: get('eat_profile'),
    verifierId: member(claims, 'ear_verifier_id') ?? get('ear.verifier-id'),
    submods: appraisals(get('submods')),
    akpub: akpub(get('submods')),
  }),
}

function azure(claims: JsonValue, get: Get): JsonRecord {
  const tee = member(claims, 'x-ms-isolation-tee')
  const from = isRecord(tee) ? tee : claims
  const snp = (name: string): JsonValue => member(from, `x-ms-sevsnpvm-${name}`) ?? null
  const common: JsonRecord = {
    attestationType: get('x-ms-attestation-type'),
    isolationType: member(tee, 'x-ms-attestation-type') ?? null,
    complianceStatus: member(from, 'x-ms-compliance-status') ?? null,
    policyHash: get('x-ms-policy-hash'),
    vmId: get('x-ms-azurevm-vmid'),
    nonceBase64: get('x-ms-runtime', 'client-payload', 'nonce'),
  }
  if (get('x-ms-attestation-type') === 'sgx')
    return {
      ...common,
      mrenclave: get('x-ms-sgx-mrenclave'),
      mrsigner: get('x-ms-sgx-mrsigner'),
      productId: get('x-ms-sgx-product-id'),
      svn: get('x-ms-sgx-svn'),
      debuggable: get('x-ms-sgx-is-debuggable'),
      ehdUtf8: utf8(get('x-ms-sgx-ehd'), 'base64url'),
      reportData: get('x-ms-sgx-report-data'),
    }
  return {
    ...common,
    launchMeasurement: snp('launchmeasurement'),
    hostData: snp('hostdata'),
    reportData: snp('reportdata'),
    debuggable: snp('is-debuggable'),
    vmpl: snp('vmpl'),
  }
}

function confidentialSpace(_claims: JsonValue, get: Get, { header }: Token): JsonRecord {
  const x5c: Json | undefined = header['x5c']
  const chain = Array.isArray(x5c) ? x5c.filter((one): one is string => typeof one === 'string') : []
  const ders = chain.map((one) => Buffer.from(one, 'base64'))
  const root = ders.at(-1)
  return {
    aud: get('aud'),
    hwmodel: get('hwmodel'),
    dbgstat: get('dbgstat'),
    swname: get('swname'),
    swversion: get('swversion'),
    secboot: get('secboot'),
    oemid: get('oemid'),
    imageDigest: get('submods', 'container', 'image_digest'),
    imageId: get('submods', 'container', 'image_id'),
    projectId: get('submods', 'gce', 'project_id'),
    zone: get('submods', 'gce', 'zone'),
    serviceAccounts: get('google_service_accounts'),
    nonce: get('eat_nonce'),
    supportAttributes: get('submods', 'confidential_space', 'support_attributes'),
    tdx: get('tdx'),
    attesterTcb: get('attester_tcb'),
    x5cLength: ders.length,
    rootSha256: root === undefined ? null : sha256Hex(root),
    leafNotAfter: ders[0] === undefined ? null : iso(Date.parse(shownCertificate(ders[0]).validTo)),
    // Whether the key id is the digest of one of the certificates, as some writers have it.
    kidIs: ders.some((der) => createHash('sha256').update(der).digest('base64url') === header['kid'])
      ? 'sha256 of a certificate'
      : null,
  }
}

function ita(_claims: JsonValue, get: Get): JsonRecord {
  return {
    attesterType: get('attester_type'),
    tcbStatus: get('attester_tcb_status'),
    tcbDate: get('attester_tcb_date'),
    advisories: get('attester_advisory_ids'),
    mrenclave: get('sgx_mrenclave'),
    mrsigner: get('sgx_mrsigner'),
    isvprodid: get('sgx_isvprodid'),
    isvsvn: get('sgx_isvsvn'),
    debuggable: get('sgx_is_debuggable'),
    policyMatched: firstOf(get('policy_ids_matched'), 'id'),
    policyUnmatched: firstOf(get('policy_ids_unmatched'), 'id'),
    verifierNonceTimeUtf8: utf8(get('verifier_nonce', 'iat'), 'base64'),
    reportData: get('sgx_report_data'),
  }
}

function firstOf(list: JsonValue, name: string): JsonValue {
  return textMember(listOf(list)[0], name) ?? null
}

function digestName(submods: JsonValue): JsonValue {
  const [first] = isRecord(submods) ? Object.values(submods) : []
  return listOf(listOf(first)[1])[0] ?? null
}

function digestMatches({ claims, submodules }: Token): JsonValue {
  const all = digests(member(claims, 'submods') ?? null)
  return (
    submodules.length > 0 &&
    submodules.every(
      ({ name, token }) => textMember(all, name) === createHash('sha256').update(token.text).digest('hex'),
    )
  )
}

function utf8(text: JsonValue, encoding: 'base64' | 'base64url'): JsonValue {
  return typeof text === 'string' ? Buffer.from(text, encoding).toString('utf8') : null
}

function withoutChain(header: JsonValue): JsonValue {
  return isRecord(header) ? Object.fromEntries(Object.entries(header).filter(([name]) => name !== 'x5c')) : header
}

function appraisals(submods: JsonValue): JsonValue {
  if (!isRecord(submods)) return null
  const read = (one: JsonValue): JsonValue => ({
    status: member(one, 'ear_status') ?? member(one, 'ear.status') ?? null,
    vector: member(one, 'ear_trustworthiness_vector') ?? member(one, 'ear.trustworthiness-vector') ?? null,
    policy: member(one, 'ear_appraisal_policy_ids') ?? member(one, 'ear.appraisal-policy-id') ?? null,
  })
  return Object.fromEntries(Object.entries(submods).map(([name, one]) => [name, read(one)]))
}

function akpub(submods: JsonValue): JsonValue {
  if (!isRecord(submods)) return null
  const first = Object.values(submods)[0]
  const attested = member(first, 'ear_veraison_key_attestation') ?? member(first, 'ear.veraison.key-attestation')
  return textMember(attested, 'akpub') ?? null
}

function digests(submods: JsonValue): JsonValue {
  if (!isRecord(submods)) return null
  const digest = (one: JsonValue): JsonValue => listOf(listOf(one)[1])[1] ?? null
  return Object.fromEntries(Object.entries(submods).map(([name, one]) => [name, digest(one)]))
}

function keysOf(jwks: string | undefined): readonly JsonValue[] {
  return jwks === undefined ? [] : listOf(member(parseCaseJson(jwks, 'jwks.json'), 'keys'))
}

/** What cases list of a key set: the digest of the last certificate of its only key, where there is one. */
export function keySetValues(jwks: string | undefined): JsonRecord {
  const keys = keysOf(jwks)
  const last = keys.length === 1 ? listOf(member(keys[0], 'x5c')).at(-1) : undefined
  if (typeof last !== 'string') return {}
  return { rootSha256: sha256Hex(Buffer.from(last, 'base64')) }
}

/** What cases list of the certificate of the key that signed: Azure's quote inside of it, with its enclave. */
export function signingCertificateValues(jwks: string | undefined, kid: JsonValue | undefined): JsonRecord {
  const key = keysOf(jwks).find((one) => member(one, 'kid') === kid)
  const [first] = listOf(member(key, 'x5c'))
  if (typeof first !== 'string') return {}
  const certificate = parseCertificate(new Uint8Array(Buffer.from(first, 'base64')))
  const value = certificate.extensions.get(AZURE_QUOTE_EXTENSION)?.value
  const found = azureKeyQuote(certificate)
  if (value === undefined || found === undefined) return {}
  const { header, body } = parseSgxQuote(found.quote)
  return {
    signingCertificate: {
      quoteExtension: AZURE_QUOTE_EXTENSION,
      extensionLength: value.length,
      headerLength: found.quote.byteOffset - value.byteOffset,
      quoteVersion: header.version,
      quoteReportDataHex: hex(body.reportData),
      mrenclave: hex(body.mrEnclave),
      mrsigner: hex(body.mrSigner),
    },
  }
}
