import { createHash, X509Certificate } from 'node:crypto'
import { parseSgxQuote } from '@sekisho/evidence/sgx'
import { AZURE_QUOTE_EXTENSION, azureKeyQuote, type Json, serviceOf, type Token } from '@sekisho/evidence/token'
import { parseCertificate } from '@sekisho/evidence/x509'
import type { JsonValue } from './case.ts'
import { isRecord, member, textMember } from './snp-files.ts'

/** Values that cases list, by their names there, as the token has them. A name that is missing here is not compared. */
export function tokenValues(token: Token): Readonly<Record<string, JsonValue>> {
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
/** Values by the names that cases give them. */
export type Values = Readonly<Record<string, JsonValue>>

const READERS: Readonly<Record<string, (claims: JsonValue, get: Get, token: Token) => Values>> = {
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

function azure(claims: JsonValue, get: Get): Values {
  const tee = member(claims, 'x-ms-isolation-tee')
  const from = isRecord(tee) ? tee : claims
  const snp = (name: string): JsonValue => member(from, `x-ms-sevsnpvm-${name}`) ?? null
  const common: Values = {
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

function confidentialSpace(_claims: JsonValue, get: Get, { header }: Token): Values {
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
    rootSha256: root === undefined ? null : createHash('sha256').update(root).digest('hex'),
    leafNotAfter: chain[0] === undefined ? null : notAfter(chain[0]),
    // Whether the key id is the digest of one of the certificates, as some writers have it.
    kidIs: ders.some((der) => createHash('sha256').update(der).digest('base64url') === header['kid'])
      ? 'sha256 of a certificate'
      : null,
  }
}

// As PEM: handed DER, the parser would look for PEM text inside of it first.
function notAfter(base64: string): string {
  const { validTo } = new X509Certificate(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`)
  return new Date(validTo).toISOString().replace('.000Z', 'Z')
}

function ita(_claims: JsonValue, get: Get): Values {
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
    policyMatched: firstId(get('policy_ids_matched')),
    policyUnmatched: firstId(get('policy_ids_unmatched')),
    verifierNonceTimeUtf8: utf8(get('verifier_nonce', 'iat'), 'base64'),
    reportData: get('sgx_report_data'),
  }
}

function firstOf(list: JsonValue, name: string): JsonValue {
  return Array.isArray(list) ? (textMember(list[0], name) ?? null) : null
}

function digestName(submods: JsonValue): JsonValue {
  const [first] = isRecord(submods) ? Object.values(submods) : []
  return Array.isArray(first) && Array.isArray(first[1]) ? (first[1][0] ?? null) : null
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

function firstId(list: JsonValue): JsonValue {
  return Array.isArray(list) ? (textMember(list[0], 'id') ?? null) : null
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
  const hex = (one: JsonValue): JsonValue => (Array.isArray(one) && Array.isArray(one[1]) ? (one[1][1] ?? null) : null)
  return Object.fromEntries(Object.entries(submods).map(([name, one]) => [name, hex(one)]))
}

/** What cases list of a key set: the digest of the last certificate of its only key, where there is one. */
export function keySetValues(jwks: string | undefined): Values {
  const keys: JsonValue | undefined = jwks === undefined ? undefined : member(JSON.parse(jwks), 'keys')
  const x5c = Array.isArray(keys) && keys.length === 1 ? member(keys[0], 'x5c') : undefined
  const last: JsonValue | undefined = Array.isArray(x5c) ? x5c.at(-1) : undefined
  if (typeof last !== 'string') return {}
  return { rootSha256: createHash('sha256').update(Buffer.from(last, 'base64')).digest('hex') }
}

/** What cases list of the certificate of the key that signed: Azure's quote inside of it, with its enclave. */
export function signingCertificateValues(jwks: string | undefined, kid: JsonValue | undefined): Values {
  const keys: JsonValue | undefined = jwks === undefined ? undefined : member(JSON.parse(jwks), 'keys')
  const key = Array.isArray(keys) ? keys.find((one: JsonValue) => member(one, 'kid') === kid) : undefined
  const x5c = member(key, 'x5c')
  const first: JsonValue | undefined = Array.isArray(x5c) ? x5c[0] : undefined
  if (typeof first !== 'string') return {}
  const certificate = parseCertificate(new Uint8Array(Buffer.from(first, 'base64')))
  const value = certificate.extensions.get(AZURE_QUOTE_EXTENSION)?.value
  const found = azureKeyQuote(certificate)
  if (value === undefined || found === undefined) return {}
  const { header, body } = parseSgxQuote(found.quote)
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
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
