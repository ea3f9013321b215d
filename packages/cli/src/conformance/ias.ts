import {
  EPID_QUOTE_SIZE,
  IAS_ACCEPTABLE,
  type IasEvidence,
  parseIas,
  parseIasReport,
  verifyIasSync,
} from '@sekisho/evidence/ias'
import { parseCertificate } from '@sekisho/evidence/x509'
import type { CaseResult, CaseRunner, Comparison, JsonValue } from './case.ts'
import { conclude, type ReasonWords, ruling, strangersTo } from './judged.ts'
import { CaseFiles, isRecord, member, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'
import { claimNamed } from './token-claims.ts'

/** Runs cases of archived reports of Intel's attestation service. */
export const iasCases: CaseRunner = {
  tees: ['sgx-epid'],
  run: async (folder, name, content) => {
    const files = new CaseFiles(folder)
    const rows = await files.read('rows.json')
    return rows === undefined ? runReport(files, name, content) : runBodies(files, name, content, rows)
  },
}

const WORDS: ReasonWords = {
  'ias.signature': ['bad-signature', 'signature'],
  'ias.chain.signature': ['chain', 'bad-chain'],
  'ias.chain.root': ['untrusted-root', 'chain-root'],
  'ias.quote': ['status', 'revoked'],
}

async function runReport(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const archive = await archiveOf(files)
  const at = new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
  const ruled = await ruling(() => verifyIasSync(archive, { at }), WORDS)
  const parsed = parseIas(archive)
  const values = valuesOf(parsed)
  const body: JsonValue = JSON.parse(new TextDecoder().decode(parsed.body))
  const comparisons: Comparison[] = []
  const certificate = await files.read('certificate.der')
  if (certificate !== undefined) comparisons.push(...(await sameInCertificate(certificate, at, ruled.verdict)))
  const unimplemented: string[] = [...strangersTo(content, ['fields'])]
  for (const [field, expected] of fieldsOf(content)) {
    const value = field in values ? values[field] : (certificateValue(field, certificate) ?? claimNamed(body, field))
    if (value === undefined) unimplemented.push(`expect.fields.${field}`)
    else comparisons.push(...compareTree(`fields.${field}`, expected, value))
  }
  return conclude(name, content, ruled, comparisons, unimplemented)
}

/** The three files as one archive: the body exactly, its signature, and the certificates. */
async function archiveOf(files: CaseFiles): Promise<Uint8Array> {
  const signature = (await files.read('signature.b64')) ?? new Uint8Array()
  const leaf = await files.need('signing-cert.pem')
  const root = (await files.read('root-ca.pem')) ?? new Uint8Array()
  const bar = Buffer.from('|')
  return new Uint8Array(
    Buffer.concat([await files.need('report.json'), bar, signature, bar, leaf, Buffer.from('\n'), root]),
  )
}

async function sameInCertificate(der: Uint8Array, at: Date, expected: string): Promise<readonly Comparison[]> {
  const { verdict } = await ruling(() => verifyIasSync(der, { at }), WORDS)
  return compareTree('certificate.der: verdict', expected, verdict)
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function valuesOf({ report }: IasEvidence): Readonly<Record<string, JsonValue>> {
  const { quote } = report
  const body = quote.report
  return {
    id: report.id,
    timestamp: report.timestamp,
    status: report.status,
    advisoryIDs: report.advisories ?? null,
    platformInfoBlob: report.platformInfoBlob ?? null,
    epidPseudonymPresent: report.epidPseudonym !== undefined,
    quoteVersion: quote.version,
    signType: quote.signType,
    groupIdHex: hex(quote.groupId),
    qeSvn: quote.qeSvn,
    pceSvn: quote.pceSvn,
    basenameHex: hex(quote.basename),
    quoteBodyLength: EPID_QUOTE_SIZE,
    mrenclave: hex(body.mrEnclave),
    mrsigner: hex(body.mrSigner),
    isvProdId: body.isvProdId,
    isvSvn: body.isvSvn,
    attributesHex: hex(body.attributes),
    debug: ((body.attributes[0] ?? 0) & 2) !== 0,
    reportDataHex: hex(body.reportData),
  }
}

function certificateValue(field: string, der: Uint8Array | undefined): JsonValue | undefined {
  if (der === undefined) return undefined
  const { tls, report } = parseIas(der)
  const key = tls?.key
  if (field === 'extensionLength') return parseCertificate(der).extensions.get('2.16.840.1.113730.1.13')?.value.length
  if (key === undefined) return undefined
  if (field === 'certificateKeyX962') return `04${hex(key.bytes)}`
  return field === 'reportDataEqualsCertificateKey' ? hex(report.quote.report.reportData) === hex(key.bytes) : undefined
}

function fieldsOf(content: JsonValue): readonly (readonly [string, JsonValue])[] {
  const fields = member(member(content, 'expect'), 'fields')
  return isRecord(fields) ? Object.entries(fields) : []
}

/** Unsigned bodies: what each status may be met with. */
async function runBodies(files: CaseFiles, name: string, content: JsonValue, bytes: Uint8Array): Promise<CaseResult> {
  const rows: JsonValue = JSON.parse(new TextDecoder().decode(bytes))
  const list: readonly JsonValue[] = Array.isArray(rows) ? rows : []
  const comparisons: Comparison[] = []
  for (const row of list) {
    const file = textMember(row, 'file') ?? ''
    const { status, advisories } = parseIasReport(await files.need(file))
    const handling = status === 'OK' ? 'affirming' : IAS_ACCEPTABLE.includes(status) ? 'policy' : 'reject'
    const found = { file, status, handling, advisoryIDs: advisories ?? null }
    comparisons.push(...compareTree(`rows.${file}`, row, found))
    const at = new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
    const { verdict } = await ruling(async () => verifyIasSync(await files.need(file), { at }), WORDS)
    const expected = handling === 'reject' ? 'invalid' : 'unverifiable'
    comparisons.push(...compareTree(`rows.${file}: unsigned`, expected, verdict))
  }
  const unimplemented: string[] = [...strangersTo(content, ['fields'])]
  for (const [field, expected] of fieldsOf(content)) {
    if (field === 'files') comparisons.push(...compareTree('fields.files', expected, list.length))
    else unimplemented.push(`expect.fields.${field}`)
  }
  const listed = isRecord(content)
    ? { ...content, expect: { fields: member(member(content, 'expect'), 'fields') ?? {} } }
    : content
  const unsigned = textMember(member(content, 'expect'), 'verdict') ?? ''
  comparisons.push(...compareTree('verdict', unsigned, 'unsigned'))
  return {
    ...conclude(name, listed, { verdict: 'unverifiable', reasons: [] }, comparisons, unimplemented),
    expectedVerdict: unsigned,
  }
}
