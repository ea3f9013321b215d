import type { Verdict } from '@sekisho/evidence'
import {
  type AmdCertificate,
  parseAmdCertificate,
  parseSevCertificate,
  parseSevCertificates,
  parseSevReport,
  SEV_CERTIFICATE_SIZE,
  SEV_REPORT_SIGNED_SIZE,
  type SevCertificate,
  type SevReport,
  sevAlgorithmName,
  sevSpki,
  sevUsageName,
  verifySevSync,
} from '@sekisho/evidence/sev'
import type { JsonValue, MutationRunner } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import type { Found } from '../compare.ts'
import { isRecord, type JsonRecord, textMember } from '../json.ts'
import { checksOf, holds, type ReasonWords, type Ruling, ruling } from '../ruling.ts'
import { type CaseKind, type CaseRun, casesOf, unknownIn } from '../run.ts'
import { hex, readable, sha256Hex } from '../values.ts'
import { AT, readMeasures, readSecrets, readSessions } from './launch.ts'

const PLACES = ['pdh', 'pek', 'oca', 'cek', 'ask', 'ark'] as const

/** Runs cases of first-generation SEV and SEV-ES, and edits of them. */
export const sevCases: MutationRunner = casesOf({
  tees: ['amd-sev'],
  read: (files, content) => {
    const read = KINDS.get(textMember(content, 'kind') ?? '')
    return read === undefined ? Promise.resolve(unknownIn('kind')) : read(files, content)
  },
  mutated: (original, mutation) => ({ ...original, ...mutation }),
})

const KINDS: ReadonlyMap<string, CaseKind['read']> = new Map([
  ['certificate-chain', readCertificates],
  ['ca-only', readCertificates],
  ['certificate', readCertificates],
  ['attestation-report', readReport],
  ['launch-measure', readMeasures],
  ['launch-session', readSessions],
  ['launch-secret', readSecrets],
])

const MALFORMED = ['malformed']
const WORDS: ReasonWords = {
  malformed: MALFORMED,
  truncated: MALFORMED,
  'trailing-bytes': MALFORMED,
  'too-large': MALFORMED,
  'unsupported-version': MALFORMED,
}

/** Every refusal of a certificate is `chain` in these cases. */
function words(id: string | undefined): readonly string[] {
  return id === undefined
    ? []
    : id === 'sev.certificates.well-formed'
      ? MALFORMED
      : /^sev\.(chain|ark|ask|cek|oca|pek|pdh)\./.test(id)
        ? ['chain', id]
        : [id]
}

type Certificates = Readonly<Record<string, AmdCertificate | SevCertificate>>

async function readCertificates(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const given: Uint8Array[] = []
  const certificates: Record<string, AmdCertificate | SevCertificate> = {}
  for (const place of PLACES) {
    const file = await files.read(`${place}.cert`)
    if (file === undefined) continue
    given.push(file)
    const parse = place === 'ark' || place === 'ask' ? parseAmdCertificate : parseSevCertificate
    const parsed = readable(() => parse(file))
    if (parsed !== undefined) certificates[place] = parsed
  }
  const incomplete = textMember(content, 'kind') !== 'certificate-chain'
  const single = given.length === 0 ? undefined : await ruleOn(given, incomplete)
  // The same certificates as platforms and AMD hand them out: what is wrong in one form is wrong.
  const joined = await joinedFiles(files, certificates)
  const whole = joined === undefined ? undefined : await ruleOn(joined, incomplete)
  const ruled = single?.verdict === 'invalid' ? single : (whole ?? single)
  if (ruled === undefined) throw new Error('the case has no certificates')
  return { ruling: ruled, found: certificateValues(files, certificates, ruled.found) }
}

function ruleOn(parts: readonly Uint8Array[], incomplete: boolean): Promise<Ruling> {
  return partial(() => verifySevSync(new Uint8Array(Buffer.concat(parts)), { at: AT }), incomplete)
}

/** The PDH with `PEK || OCA || CEK` and `ASK || ARK`; undefined without these files. Fills places that no file of its own fills. */
async function joinedFiles(
  files: CaseFiles,
  certificates: Record<string, AmdCertificate | SevCertificate>,
): Promise<readonly Uint8Array[] | undefined> {
  const platform = await files.read('cert-chain.bin')
  const vendor = await files.read('ask-ark.bin')
  if (platform === undefined || vendor === undefined) return undefined
  for (const file of [platform, vendor]) {
    const found = readable(() => parseSevCertificates(file)) ?? {}
    for (const [place, one] of Object.entries(found)) certificates[place] ??= one
  }
  const pdh = platform.length % (4 * SEV_CERTIFICATE_SIZE) === 0 ? undefined : await files.read('pdh.cert')
  return [...(pdh === undefined ? [] : [pdh]), platform, vendor]
}

/** Cases of single certificates are right when nothing fails; what is missing beside them is not theirs. */
async function partial(verify: () => Verdict, incomplete: boolean): Promise<Ruling> {
  const ruled = await ruling(verify, WORDS)
  const { found } = ruled
  if (found === undefined) return ruled
  const failed = checksOf(found).find((check) => check.phase === 'authenticity' && check.outcome === 'fail')
  if (failed !== undefined) return { ...ruled, verdict: 'invalid', reasons: words(failed.id) }
  const signed = checksOf(found).some((check) => check.id.endsWith('signature') && check.outcome === 'pass')
  if (incomplete)
    return signed ? { verdict: 'valid', reasons: [], found } : { ...ruled, verdict: 'unverifiable', reasons: ['chain'] }
  return ruled
}

const CHECKS: Readonly<Record<string, string>> = {
  arkSelfSigned: 'sev.ark.signature',
  askSignedByArk: 'sev.ask.signature',
  cekSignedByAsk: 'sev.cek.signature',
  ocaSelfSigned: 'sev.oca.signature',
  pekSignedByOca: 'sev.pek.oca-signature',
  pekSignedByCek: 'sev.pek.cek-signature',
  pdhSignedByPek: 'sev.pdh.signature',
}

function certificateValues(files: CaseFiles, certificates: Certificates, verdict: Verdict | undefined): Found {
  const each = Object.entries(certificates).map(
    ([place, one]) => [place, () => (one.form === 'amd' ? amdValues(one) : sevValues(one))] as const,
  )
  return {
    checks: (expected) =>
      Object.fromEntries(
        Object.keys(isRecord(expected) ? expected : {}).map((name) => [
          name,
          holds(verdict, CHECKS[name] ?? '') ?? null,
        ]),
      ),
    platformOwner: ownerOf(verdict),
    sameKeyAsX509: (expected) => sameKeys(expected, certificates),
    arkWithoutSignature: (expected) => withoutSignature(expected, files),
    ...Object.fromEntries(each),
  }
}

function ownerOf(verdict: Verdict | undefined): JsonValue {
  const claims: object = verdict?.claims ?? {}
  return 'platformOwner' in claims && typeof claims.platformOwner === 'string' ? claims.platformOwner : null
}

function amdValues(one: AmdCertificate): JsonValue {
  return {
    usage: sevUsageName(one.usage),
    version: 1,
    keyId: hex(one.keyId),
    certifyingKeyId: hex(one.certifyingKeyId),
    modulusBits: one.bits,
    publicExponent: Number(BigInt(`0x${hex(new Uint8Array(one.exponent).reverse())}`)),
    spkiSha256: sha256Hex(sevSpki(one.key)),
  }
}

function sevValues(one: SevCertificate): JsonValue {
  return {
    usage: sevUsageName(one.usage),
    algo: sevAlgorithmName(one.algorithm),
    curve: one.key.kind,
    apiMajor: one.apiMajor,
    apiMinor: one.apiMinor,
    signatures: one.signatures.map((slot) => ({
      usage: sevUsageName(slot.usage),
      algo: sevAlgorithmName(slot.algorithm),
    })),
    spkiSha256: sha256Hex(sevSpki(one.key)),
  }
}

/** Keys of the X.509 certificates that SNP uses, by the SHA-256 of their SubjectPublicKeyInfo. */
const X509_KEYS: readonly string[] = [
  '9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9',
  '42491669ccb851d627ea9846cd24eccbeb7de7c2a62740120fff88001d38ebb6',
  '429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831',
  '0324d55bcd48ba877a8fd87c0e1b4934dec8448e3807a24384a34dc6a6c9ebb8',
  '4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08',
  '0000ead352025f208bf55297c4192c34cd1b878002107366d8f2065a9ae7d3a9',
]

function sameKeys(expected: JsonValue, certificates: Certificates): JsonValue {
  const same = ['ark', 'ask'].map((place) => {
    const key = certificates[place]?.key
    return [place, key !== undefined && X509_KEYS.includes(sha256Hex(sevSpki(key)))] as const
  })
  return Array.isArray(expected) ? same.filter(([, equal]) => equal).map(([place]) => place) : Object.fromEntries(same)
}

/** The published ARK without its signature: read, and accepted for its pinned key alone. */
async function withoutSignature(expected: JsonValue, files: CaseFiles): Promise<JsonValue> {
  const file = textMember(expected, 'file') ?? ''
  const bytes = await files.need(file)
  const ark = parseAmdCertificate(bytes)
  const pinned = holds(verifySevSync(bytes, { at: AT }), 'sev.ark.signature')
  return {
    file: pinned === true ? file : null,
    size: bytes.length,
    missing: ark.signature === undefined ? ark.bits / 8 : 0,
  }
}

async function readReport(files: CaseFiles): Promise<CaseRun> {
  const evidence = await files.need('report.bin')
  const found = await Promise.all(PLACES.map((place) => files.read(`${place}.cert`)))
  const certificates = found.filter((one) => one !== undefined)
  // Of any other length it is no report, and must not be read as something else.
  const ruled = await partial(() => {
    parseSevReport(evidence)
    return verifySevSync(evidence, { at: AT, certificates })
  }, true)
  const report = readable(() => parseSevReport(evidence))
  return { ruling: ruled, found: report === undefined ? {} : reportValues(report) }
}

function reportValues(report: SevReport): JsonRecord {
  return {
    mnonce: hex(report.mnonce),
    launchDigest: hex(report.launchDigest),
    policy: report.policy,
    signatureUsage: sevUsageName(report.signatureUsage),
    signatureAlgo: sevAlgorithmName(report.signatureAlgorithm),
    signedBytes: SEV_REPORT_SIGNED_SIZE,
  }
}
