import { EvidenceError } from '@sekisho/evidence'
import {
  encodeSnpReport,
  parseIdBlock,
  parseSnpJson,
  parseSnpReport,
  prepareSnpCollateral,
  type SnpCollateralInput,
  type SnpProduct,
  settleIdBlock,
  splitSnpEvidence,
  verifySnpEndorsement,
} from '@sekisho/evidence/snp'
import type { Comparison, JsonValue, MutationRunner } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { type Found, same } from '../compare.ts'
import { expected, listOf, member, textMember } from '../json.ts'
import { type CaseKind, type CaseRun, casesOf, unknownIn } from '../run.ts'
import { hex, iso, sha256Hex } from '../values.ts'
import {
  chainHolds,
  checkValue,
  type Outcome,
  optionsOf,
  outcomeOf,
  type ReportRun,
  readCollateral,
  roleOf,
  runReport,
} from './run.ts'
import { uvmValues } from './uvm.ts'
import { certificateValues, crlValues, extensionValues, fieldValues, flagValues, tableValues } from './values.ts'
import { VOCABULARY } from './words.ts'

/** Runs cases of AMD SEV-SNP: reports, certificates alone, revocation, ID blocks, and edits of these. */
export const snpCases: MutationRunner = casesOf({
  tees: ['amd-sev-snp'],
  judged: ['verdict', 'reason', 'alsoTrue'],
  read: (files, content) => readerOf(content)(files, content),
  mutated: (original, mutation) => ({ ...original, ...mutation }),
})

function readerOf(content: JsonValue): CaseKind['read'] {
  const kind = member(content, 'kind')
  if (kind === undefined) return isOfTable(content) ? readTable : readReport
  return KINDS.get(kind) ?? (async () => unknownIn('kind'))
}

const KINDS: ReadonlyMap<JsonValue, CaseKind['read']> = new Map([
  ['certificate-only', readCertificate],
  ['certificate-revocation', readRevocation],
  ['id-block', readIdBlock],
])

function judged(content: JsonValue, outcome: Outcome, found: Found, last: readonly Comparison[] = []): CaseRun {
  return { ruling: outcome, holds: isAsListed(member(content, 'expect'), outcome), found, last }
}

/**
 * Whether verdict and reason are those of the case. A case's `invalid` means not proven: missing endorsements are that
 * too. A reason that is no word here cannot be compared: then the verdict alone is.
 */
function isAsListed(expect: JsonValue | undefined, { verdict, reasons }: Outcome): boolean {
  const listed = textMember(expect, 'verdict')
  if (listed === undefined || listed === 'valid') return listed === undefined || verdict === 'valid'
  const isOfClass = listed === 'invalid' ? verdict !== 'valid' : verdict === listed
  const named = [member(expect, 'reason'), ...listOf(member(expect, 'alsoTrue'))]
  const words = named.filter((word) => typeof word === 'string' && VOCABULARY.has(word))
  return isOfClass && (words.length === 0 || reasons.some((reason) => words.includes(reason)))
}

async function readReport(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const run = await runReport(files, content, await readCollateral(files))
  return judged(content, run, reportValues(run), await compareFiles(run))
}

function reportValues({ files, content, checks, collateral, report }: ReportRun): Found {
  const leaf = report === undefined ? undefined : collateral[roleOf(report)].value
  return {
    checks: {
      chain: chainHolds(checks),
      signature: checkValue(checks, 'snp.report.signature'),
      tcbMatchesCertificate: checkValue(checks, 'snp.tcb.certificate'),
      chipIdMatchesCertificate: checkValue(checks, 'snp.chip-id'),
      signingKeyFieldMatches: checkValue(checks, 'snp.leaf.role'),
    },
    flags: () => report && flagValues(report),
    // Reports of version 2 do not name their product: the certificate does, or whoever made the case.
    fields: () =>
      report &&
      fieldValues(
        report,
        productOf(leaf?.extensions.value?.productName?.split('-')[0] ?? textMember(content, 'product')),
      ),
    certificate: () => leaf && certificateValues(leaf),
    crl: () => crlValues(collateral, leaf?.certificate.serial, checkValue(checks, 'snp.crl.signature') === true),
    certsTable: async (expected) => {
      const file = textMember(expected, 'file') ?? ''
      // `assembled` tells where the table came from: it is no property of the bytes.
      return {
        file,
        assembled: member(expected, 'assembled') ?? null,
        entries: tableValues(await files.needOf(expected, 'file', 'expect.certsTable')),
      }
    },
    hostDataIsSha256Of: async (expected) => {
      const file = typeof expected === 'string' ? expected : ''
      const digest = sha256Hex(await files.need(file))
      return report !== undefined && hex(report.hostData) === digest ? file : null
    },
    idKeyDigest: async () => (await idBlockOf(files)).idKeyDigest,
    authorKeyDigest: async () => (await idBlockOf(files)).authorKeyDigest ?? null,
    reportResponse: async () => {
      const bytes = await files.need('report-response.bin')
      const { kind, report: inner } = splitSnpEvidence(bytes)
      parseSnpReport(inner)
      // A response that was split has status 0; any other is refused.
      const status = kind === 'response' ? 0 : null
      return { status, reportSize: inner.length, reportOffset: inner.byteOffset - bytes.byteOffset }
    },
    uvmEndorsement: async (expected) => {
      const file = textMember(expected, 'file') ?? ''
      return { file, ...uvmValues(await files.need(file), hex(report?.measurement ?? new Uint8Array())) }
    },
  }
}

async function idBlockOf(files: CaseFiles): ReturnType<typeof settleIdBlock> {
  return settleIdBlock(await files.need('id-block.bin'), await files.need('id-auth.bin'))
}

function productOf(name: string | undefined): SnpProduct | undefined {
  return name === 'Milan' || name === 'Genoa' || name === 'Turin' ? name : undefined
}

/** Files beside the evidence whose meaning the layout of a case fixes: they must say the same. */
async function compareFiles({ files, content }: ReportRun): Promise<readonly Comparison[]> {
  const found: Comparison[] = []
  const evidence = await files.need('evidence.bin')
  const json = await files.readText('evidence.json')
  if (json !== undefined && member(content, 'ops') === undefined) {
    const { report, collateral } = parseSnpJson(json)
    const vcek = sha256Hex(await files.need('certs/vcek.der'))
    found.push(
      same('evidence.json', sha256Hex(evidence), sha256Hex(report)),
      same('evidence.json.cert_chain', vcek, collateral.vcek && sha256Hex(collateral.vcek)),
    )
  }
  const cut = await files.read('truncated.bin')
  if (cut !== undefined) found.push(same('truncated.bin', 'refused', refusal(cut)))
  if (evidence.length === 1184 && refusal(evidence) === 'read')
    found.push(
      same('evidence.bin written again', sha256Hex(evidence), sha256Hex(encodeSnpReport(parseSnpReport(evidence)))),
    )
  return found
}

function refusal(bytes: Uint8Array): string {
  try {
    parseSnpReport(splitSnpEvidence(bytes).report)
    return 'read'
  } catch (error) {
    if (error instanceof EvidenceError) return 'refused'
    throw error
  }
}

/** Whether a case is one whose certificate table alone was edited: then the endorsements are those of the table. */
function isOfTable(content: JsonValue): boolean {
  const ops = listOf(member(content, 'ops'))
  return ops.length > 0 && ops.every((op) => textMember(op, 'file') === 'certs-table.bin')
}

async function readTable(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const table = await files.need('certs-table.bin')
  try {
    tableValues(table)
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const { code, message } = error
    return judged(content, { verdict: 'invalid', reasons: ['malformed'], decidedBy: code, message, checks: [] }, {})
  }
  return judged(content, await runReport(files, content, { certificateTable: table }), {})
}

async function judgeEndorsement(files: CaseFiles, content: JsonValue, input: SnpCollateralInput): Promise<Outcome> {
  const role = input.vlek === undefined ? 'vcek' : 'vlek'
  return outcomeOf(await verifySnpEndorsement(input, role, await optionsOf(files, content, input.crl !== undefined)))
}

async function readCertificate(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const input = await readCollateral(files)
  const outcome = await judgeEndorsement(files, content, input)
  const { vcek, vlek } = prepareSnpCollateral(input)
  const extensions = (vcek.value ?? vlek.value)?.extensions.value
  return judged(content, outcome, {
    checks: { signedByAsk: checkValue(outcome.checks, 'snp.leaf.signature') },
    extensions: extensions === undefined ? null : extensionValues(extensions),
  })
}

async function readRevocation(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const [revoked, current] = [expected(content, 'revoked'), expected(content, 'current')]
  const ask = (value: JsonValue | undefined): Promise<Uint8Array> =>
    files.need(textMember(value, 'file') ?? 'certs/ask.der')
  const input = { ...(await readCollateral(files)), ask: await ask(revoked) }
  const next = { ...input, ask: await ask(current) }
  const { checks, ...outcome } = await judgeEndorsement(files, content, input)
  const { checks: nextChecks } = await judgeEndorsement(files, content, next)
  const crlSigned = checkValue(checks, 'snp.crl.signature') === true
  const old = prepareSnpCollateral(input)
  const found: Found = {
    checks: {
      askRevokedSignedByArk: checkValue(checks, 'snp.intermediate.signature'),
      crlSignedByArk: crlSigned,
    },
    crl: crlValues(old, undefined, crlSigned) ?? null,
    revoked: { file: textMember(revoked, 'file') ?? null, ...certificateFacts(old.ask.value) },
    current: {
      file: textMember(current, 'file') ?? null,
      ...certificateFacts(prepareSnpCollateral({ ask: next.ask }).ask.value),
    },
  }
  const isCurrent = String(checkValue(nextChecks, 'snp.crl.not-revoked'))
  return judged(content, { ...outcome, checks }, found, [same('current is not revoked', 'true', isCurrent)])
}

function certificateFacts(
  certificate: { readonly serial: string; readonly notBefore: number } | undefined,
): Record<string, JsonValue> {
  if (certificate === undefined) return {}
  return { serial: Number.parseInt(certificate.serial, 16), notBefore: iso(certificate.notBefore) }
}

async function readIdBlock(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const idBlock = await files.need('id-block.bin')
  const idAuth = await files.need('id-auth.bin')
  const settled = await settleIdBlock(idBlock, idAuth)
  const offset = (part: Uint8Array | undefined): number => (part === undefined ? -1 : Buffer.from(idAuth).indexOf(part))
  const found: Found = {
    launchDigest: hex(parseIdBlock(idBlock).launchDigest),
    idBlock: hex(idBlock),
    idKeyDigest: settled.idKeyDigest,
    authorKeyDigest: settled.authorKeyDigest ?? null,
    idBlockSignatureVerifies: settled.signatureVerifies,
    authorSignatureVerifies: settled.authorSignatureVerifies ?? null,
    layout: {
      ...ID_AUTH_LAYOUT,
      idKey: offset(await files.read('id-public.bin')),
      authorKey: offset(await files.read('author-public.bin')),
    },
  }
  // Nothing is signed that could be judged: a case that expects a verdict all the same is not met.
  return { ruling: { verdict: 'none', reasons: [] }, holds: expected(content, 'verdict') === undefined, found }
}

/** Offsets that the parser reads from; the keys' are looked up in the bytes. The signatures verify from theirs. */
const ID_AUTH_LAYOUT = { idKeyAlgo: 0, authKeyAlgo: 4, idBlockSignature: 0x40, idKeySignature: 0x680 } as const
