import type { Check, Verdict } from '@sekisho/evidence'
import {
  type AzureEvidence,
  type AzureVerifyOptions,
  parseAzureJson,
  parseHclReport,
  readRuntimeClaims,
  tdReportParts,
  verifyAzureSync,
} from '@sekisho/evidence/azure'
import { decodeSnpReport } from '@sekisho/evidence/snp'
import { parseTdxQuote } from '@sekisho/evidence/tdx'
import { parseAttest, readPcrs, spkiOf } from '@sekisho/evidence/tpm'
import type { Comparison, JsonValue, MutationRunner } from './case.ts'
import type { CaseFiles } from './case-files.ts'
import { type Found, same } from './compare.ts'
import { member, textMember, timeOf } from './json.ts'
import { checksOf, holds, isOpen, type ReasonWords, type Ruling, ruledBy, ruling } from './ruling.ts'
import { casesOf } from './run.ts'
import { fieldValues } from './snp/values.ts'
import { TPM_WORDS } from './tpm/cases.ts'
import { attestValues } from './tpm/values.ts'
import { hex, sha256Hex } from './values.ts'

/** Runs cases of Azure confidential VMs, and edits of these. */
export const azureCases: MutationRunner = casesOf({
  tees: ['azure-vtpm'],
  read: async (files, content) => {
    const evidence = await evidenceOf(files)
    const ruled = await judged(evidence, await optionsOf(files, content))
    // Edits are of the files that the JSON form was split into.
    const isEdited = member(content, 'ops') !== undefined
    const last = isEdited ? [] : await compareJson(files, content, evidence, ruled)
    return { ruling: ruled, found: foundIn({ evidence, ruled }), last }
  },
  mutated: (original, mutation) => {
    const nonce = textMember(member(original, 'expect'), 'nonce')
    return { ...original, ...(nonce === undefined ? {} : { expectedNonce: nonce }), ...mutation }
  },
})

const WORDS: ReasonWords = {
  ...TPM_WORDS,
  'azure.hardware.present': ['no-endorsement'],
  'azure.binding': ['runtime-data-binding'],
  'azure.td-report': ['runtime-data-binding'],
  'azure.claims': ['malformed'],
  'azure.quote.present': ['no-endorsement', 'no-quote'],
  'azure.quote.signature': ['quote-signature'],
  'snp.report.signature': ['report-signature'],
  'snp.chip-id': ['chip-id', 'report-signature'],
  'tdx.quote.signature': ['td-quote-signature'],
  'unsupported-kind': ['malformed'],
  'unsupported-version': ['malformed'],
}

interface AzureRun {
  readonly evidence: AzureEvidence
  readonly ruled: Ruling
}

/** The JSON form has to read as the files that it was split into, and to come to the same. */
async function compareJson(
  files: CaseFiles,
  content: JsonValue,
  split: AzureEvidence,
  { verdict }: Ruling,
): Promise<readonly Comparison[]> {
  const file = await files.read('evidence.json')
  if (file === undefined) return []
  const json = parseAzureJson(file)
  const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
    a !== undefined && b !== undefined && hex(a) === hex(b)
  return [
    same('evidence.json.hclReport', true, isSame(json.hclReport, split.hclReport)),
    same('evidence.json.message', true, isSame(json.quote?.message, split.quote?.message)),
    same('evidence.json.verdict', verdict, (await judged(file, await optionsOf(files, content))).verdict),
  ]
}

async function evidenceOf(files: CaseFiles): Promise<AzureEvidence> {
  const message = await files.read('tpm-quote.msg')
  const signature = await files.read('tpm-quote.sig')
  const pcrs = await files.readJson('pcrs.json')
  const tdQuote = await files.read('td-quote.bin')
  const vcek = await files.read('certs/vcek.der')
  const values = pcrs === undefined ? undefined : readPcrs(pcrs)
  return {
    hclReport: await files.need('hcl-report.bin'),
    ...(message === undefined || signature === undefined
      ? {}
      : { quote: { message, signature, ...(values === undefined ? {} : { pcrs: values }) } }),
    ...(tdQuote === undefined ? {} : { tdQuote }),
    ...(vcek === undefined ? {} : { vcek }),
  }
}

async function optionsOf(files: CaseFiles, content: JsonValue): Promise<AzureVerifyOptions> {
  const snp = await files.readEach(CERTIFICATES)
  const nonce = textMember(content, 'expectedNonce') ?? textMember(member(content, 'expect'), 'nonce')
  return {
    at: timeOf(content),
    collateral: { snp },
    // A case without a revocation list is one that decided to go without.
    waive: snp.crl === undefined && snp.ark !== undefined ? ['snp.crl.present'] : [],
    expect: nonce === undefined ? {} : { reportData: nonce },
  }
}

const CERTIFICATES = {
  vcek: 'certs/vcek.der',
  ask: 'certs/ask.der',
  ark: 'certs/ark.der',
  crl: 'certs/crl.der',
} as const

function judged(evidence: AzureEvidence | Uint8Array, options: AzureVerifyOptions): Promise<Ruling> {
  return ruling(() => verifyAzureSync(evidence, options), WORDS, rulingOf)
}

const PRODUCTS = ['Milan', 'Genoa', 'Turin'] as const

/** Checks of TDX that need Intel's collateral: the cases have none, and ask about everything else. */
const NEEDS_COLLATERAL = /^tdx\.(crl|tcb-info|qe-identity|tcb|pck\.not-revoked|pck\.revo|qe\.identity|module)/

function rulingOf(found: Verdict): Ruling {
  const all = checksOf(found)
  const parts = (found.parts ?? []).flatMap(({ verdict }) => checksOf(verdict))
  const decisive = (check: Check): boolean => check.phase === 'authenticity' || check.id === 'tpm.expect.report-data'
  // A part's own check says more than that the part is not genuine.
  const inOrder = all.flatMap((check) => (check.id.startsWith('azure.part.') ? failing(found, check) : [check]))
  const failed = [...inOrder, ...parts].filter((check) => decisive(check) && check.outcome === 'fail')
  const [by] = failed
  // Several parts can be wrong at once, and a verdict names them all; a case names one.
  if (by !== undefined)
    return { ...ruledBy('invalid', by, WORDS), reasons: failed.flatMap(({ id }) => WORDS[id] ?? [id]), found }
  const open = [...all.filter(({ id }) => !id.startsWith('azure.part.')), ...parts].find(
    (check) => isOpen(check) && !NEEDS_COLLATERAL.test(check.id) && check.id !== 'tpm.ak.trust',
  )
  return { ...ruledBy(open === undefined ? 'valid' : 'unverifiable', open, WORDS), found }
}

function failing({ parts = [] }: Verdict, check: Check): readonly Check[] {
  const name = check.id === 'azure.part.hardware' ? 'hardware-report' : 'vtpm'
  const part = parts.find((one) => one.name === name)
  return part === undefined ? [check] : checksOf(part.verdict)
}

/** What was found, by the members of a case's `expect`. */
function foundIn(run: AzureRun): Found {
  const { evidence } = run
  return {
    checks: () => checkValues(run),
    hcl: () => hclValues(evidence),
    runtimeDataSha256: () => sha256Hex(parseHclReport(evidence.hclReport).claims),
    vmConfiguration: () => claimsOf(evidence).vmConfiguration,
    userData: () => claimsOf(evidence).userData ?? null,
    keys: () => claimsOf(evidence).keys.map(({ kid, kty, keyOps }) => ({ kid, kty, keyOps })),
    akSpkiSha256: () => sha256Hex(spkiOf(claimsOf(evidence).ak.key)),
    quote: () => evidence.quote && attestValues(parseAttest(evidence.quote.message)),
    nonce: () => nonceOf(evidence),
    nonceText: () => {
      const text = Buffer.from(nonceOf(evidence) ?? '', 'hex').toString('latin1')
      return /^[\x20-\x7e]*$/.test(text) ? text : null
    },
    hardwareReport: () => hardwareValues(run),
  }
}

function claimsOf({ hclReport }: AzureEvidence): ReturnType<typeof readRuntimeClaims> {
  return readRuntimeClaims(parseHclReport(hclReport).claims)
}

function nonceOf({ quote }: AzureEvidence): string | undefined {
  return quote === undefined ? undefined : hex(parseAttest(quote.message).extraData)
}

function hclValues({ hclReport }: AzureEvidence): JsonValue {
  const hcl = parseHclReport(hclReport)
  return {
    signature: 'HCLA',
    headerVersion: hcl.headerVersion,
    reportSize: hcl.reportSize,
    requestType: hcl.requestType,
    status: hcl.status,
    runtimeDataSize: hcl.runtimeDataSize,
    runtimeVersion: hcl.runtimeVersion,
    reportType: hcl.hardware === 'snp' ? 2 : 4,
    hashType: ['sha256', 'sha384', 'sha512'].indexOf(hcl.hash) + 1,
    runtimeClaimsSize: hcl.claims.length,
    totalBytes: hcl.totalBytes,
  }
}

function partOf(run: AzureRun, name: string): Verdict | undefined {
  return run.ruled.found?.parts?.find((one) => one.name === name)?.verdict
}

function all(verdict: Verdict | undefined, pattern: RegExp): boolean | null {
  const checks = verdict === undefined ? [] : checksOf(verdict).filter(({ id }) => pattern.test(id))
  return checks.length === 0 ? null : checks.every(({ outcome }) => outcome === 'pass')
}

function checkValues(run: AzureRun): JsonValue {
  const { found } = run.ruled
  const hardware = partOf(run, 'hardware-report')
  const vtpm = partOf(run, 'vtpm')
  const boundTd = run.evidence.tdQuote === undefined ? undefined : parseTdxQuote(run.evidence.tdQuote)
  return {
    hardwareReportBindsRuntimeData: holds(found, 'azure.binding') ?? null,
    snpChain: all(
      hardware,
      /^snp\.(chain|leaf|intermediate|ark)\.(present|well-formed|names|constraints|algorithms|signature|pinned|not-before|not-after)$/,
    ),
    snpSignature: holds(hardware, 'snp.report.signature') ?? null,
    snpTcbMatchesCertificate: holds(hardware, 'snp.tcb.certificate') ?? null,
    snpChipIdMatchesCertificate: holds(hardware, 'snp.chip-id') ?? null,
    snpSigningKeyFieldMatches: holds(hardware, 'snp.leaf.role') ?? null,
    tpmQuoteSignedByHclAkPub: holds(found, 'azure.quote.signature') ?? null,
    pcrDigestMatches: holds(vtpm, 'tpm.pcr.digest') ?? null,
    tdQuote: {
      quoteVersion: boundTd?.header.version ?? null,
      quoteSignature: holds(hardware, 'tdx.quote.signature') ?? null,
      qeReportSignature: holds(hardware, 'tdx.qe.report-signature') ?? null,
      qeBindsAttestationKey: holds(hardware, 'tdx.qe.report-data') ?? null,
      pckChain: all(
        hardware,
        /^tdx\.pck\.(chain|root|certificates|present|signatures?|not-before|not-after|issued|current)$/,
      ),
      rootSpkiSha256: hardware?.anchors[0]?.spkiSha256 ?? null,
      reportDataBindsRuntimeData: holds(found, 'azure.binding') ?? null,
    },
  }
}

function hardwareValues(run: AzureRun): JsonValue {
  const { evidence } = run
  const part = partOf(run, 'hardware-report')
  const hcl = parseHclReport(evidence.hclReport)
  if (hcl.hardware === 'snp')
    return fieldValues(
      decodeSnpReport(hcl.hardwareReport),
      PRODUCTS.find((one) => one === part?.claims.product),
    )
  const { reportData, mrTd } = tdReportParts(hcl.hardwareReport)
  const quote = evidence.tdQuote === undefined ? undefined : parseTdxQuote(evidence.tdQuote)
  return {
    tdReport: { reportType: hex(hcl.hardwareReport.subarray(0, 4)), reportData: hex(reportData), mrTd: hex(mrTd) },
    ...(quote === undefined
      ? {}
      : {
          tdQuote: {
            mrTd: hex(quote.body.mrTd),
            rtmr0: hex(quote.body.rtmr0),
            tdAttributes: hex(quote.body.tdAttributes),
            teeTcbSvn: hex(quote.body.teeTcbSvn),
            ...pckDates(part),
          },
        }),
  }
}

function pckDates(verdict: Verdict | undefined): { readonly [key: string]: JsonValue } {
  const pck = verdict?.collateral.find(({ name }) => name === 'pck' || name === 'pck-certificate')
  return { pckLeafNotBefore: pck?.from ?? null, pckLeafNotAfter: pck?.until ?? null }
}
