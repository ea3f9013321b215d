import {
  EPID_QUOTE_SIZE,
  IAS_ACCEPTABLE,
  type IasEvidence,
  parseIas,
  parseIasReport,
  verifyIasSync,
} from '@sekisho/evidence/ias'
import { parseCertificate } from '@sekisho/evidence/x509'
import type { CaseRunner, Comparison, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { ByName, compareTree, same } from '../compare.ts'
import { type JsonRecord, listOf, member, textMember, timeOf } from '../json.ts'
import { NOT_JUDGED, type ReasonWords, ruling } from '../ruling.ts'
import { type CaseRun, casesOf } from '../run.ts'
import { hex } from '../values.ts'
import { claimNamed } from './claims.ts'

/** Runs cases of archived reports of Intel's attestation service. */
export const iasCases: CaseRunner = casesOf({
  tees: ['sgx-epid'],
  read: async (files, content) => {
    const rows = await files.readJson('rows.json')
    return rows === undefined ? readReport(files, content) : readBodies(files, content, rows)
  },
})

const WORDS: ReasonWords = {
  'ias.signature': ['bad-signature', 'signature'],
  'ias.chain.signature': ['chain', 'bad-chain'],
  'ias.chain.root': ['untrusted-root', 'chain-root'],
  'ias.quote': ['status', 'revoked'],
}

async function readReport(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const archive = await archiveOf(files)
  const at = timeOf(content)
  const ruled = await ruling(() => verifyIasSync(archive, { at }), WORDS)
  const parsed = parseIas(archive)
  const values = valuesOf(parsed)
  const body: JsonValue = JSON.parse(new TextDecoder().decode(parsed.body))
  const certificate = await files.read('certificate.der')
  const fields = new ByName((name) =>
    Object.hasOwn(values, name) ? values[name] : (certificateValue(name, certificate) ?? claimNamed(body, name)),
  )
  const first = certificate === undefined ? [] : await sameInCertificate(certificate, at, ruled.verdict)
  return { ruling: ruled, found: { fields }, first }
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

function valuesOf({ report }: IasEvidence): JsonRecord {
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

/** Unsigned bodies: what each status may be met with. */
async function readBodies(files: CaseFiles, content: JsonValue, listed: JsonValue): Promise<CaseRun> {
  const rows = listOf(listed)
  const first: Comparison[] = []
  for (const row of rows) {
    const file = textMember(row, 'file') ?? ''
    const body = await files.need(file)
    const { status, advisories } = parseIasReport(body)
    const handling = status === 'OK' ? 'affirming' : IAS_ACCEPTABLE.includes(status) ? 'policy' : 'reject'
    const found = { file, status, handling, advisoryIDs: advisories ?? null }
    const { verdict } = await ruling(() => verifyIasSync(body, { at: timeOf(content) }), WORDS)
    const expected = handling === 'reject' ? 'invalid' : 'unverifiable'
    first.push(...compareTree(`rows.${file}`, row, found), same(`rows.${file}: unsigned`, expected, verdict))
  }
  const unsigned = textMember(member(content, 'expect'), 'verdict') ?? ''
  return {
    ruling: NOT_JUDGED,
    found: { fields: ByName.of({ files: rows.length }) },
    first,
    last: [same('verdict', unsigned, 'unsigned')],
    named: { expected: unsigned, actual: NOT_JUDGED.verdict },
  }
}
