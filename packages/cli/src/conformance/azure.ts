import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Check, EvidenceError, type Verdict } from '@sekisho/evidence'
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
import type { CaseResult, Comparison, JsonValue } from './case.ts'
import { compareMembers, type Observer } from './compare-members.ts'
import { applyEdit } from './edits.ts'
import type { MutationRunner } from './find.ts'
import { checksOf, conclude, expectedMembers, holds, type ReasonWords, type Ruling, vocabularyOf } from './judged.ts'
import { CaseFiles, isRecord, member, sha256Hex, textMember } from './snp-files.ts'
import { fieldValues } from './snp-values.ts'
import { TPM_WORDS } from './tpm.ts'
import { attestValues, hex } from './tpm-values.ts'

/** Runs cases of Azure confidential VMs, and edits of these. */
export const azureCases: MutationRunner = {
  tees: ['azure-vtpm'],
  run: async (folder, name, content) => {
    const files = new CaseFiles(folder)
    const result = await runCase(files, name, content)
    return (await files.read('evidence.json')) === undefined ? result : withJson(result, files, content)
  },
  runMutations,
}

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

const VOCABULARY = vocabularyOf(WORDS)

async function runMutations(folder: string, name: string, content: JsonValue): Promise<readonly CaseResult[]> {
  const mutations = member(content, 'mutations')
  const list: readonly JsonValue[] = Array.isArray(mutations) ? mutations : []
  const results: CaseResult[] = []
  for (const mutation of list) {
    const base = join(folder, textMember(mutation, 'base') ?? '')
    const original: JsonValue = JSON.parse(await readFile(join(base, 'case.json'), 'utf8'))
    if (textMember(original, 'tee') !== 'azure-vtpm') return []
    const files = new CaseFiles(base)
    const ops = member(mutation, 'ops')
    for (const op of Array.isArray(ops) ? ops : []) await applyEdit(dirname(base), files, op)
    const nonce = textMember(member(original, 'expect'), 'nonce')
    const edits =
      isRecord(original) && isRecord(mutation)
        ? { ...original, ...(nonce === undefined ? {} : { expectedNonce: nonce }), ...mutation }
        : mutation
    results.push(await runCase(files, `${name}#${textMember(mutation, 'id') ?? '?'}`, edits))
  }
  return results
}

interface AzureRun {
  readonly files: CaseFiles
  readonly evidence: AzureEvidence
  readonly ruled: Ruling
}

async function runCase(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const evidence = await evidenceOf(files)
  const run: AzureRun = { files, evidence, ruled: judged(evidence, await optionsOf(files, content)) }
  const { comparisons, unimplemented } = await compareMembers(expectedMembers(content), run, OBSERVERS)
  return conclude(name, content, run.ruled, comparisons, unimplemented)
}

/** The JSON form has to read as the files that it was split into, and to give the same checks. */
async function withJson(result: CaseResult, files: CaseFiles, content: JsonValue): Promise<CaseResult> {
  const json = parseAzureJson(await files.need('evidence.json'))
  const split = await evidenceOf(files)
  const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
    a !== undefined && b !== undefined && hex(a) === hex(b)
  const ruled = judged(await files.need('evidence.json'), await optionsOf(files, content))
  const comparisons: readonly Comparison[] = [
    {
      path: 'evidence.json.hclReport',
      expected: true,
      actual: same(json.hclReport, split.hclReport),
      equal: same(json.hclReport, split.hclReport),
    },
    {
      path: 'evidence.json.message',
      expected: true,
      actual: same(json.quote?.message, split.quote?.message),
      equal: same(json.quote?.message, split.quote?.message),
    },
    {
      path: 'evidence.json.verdict',
      expected: result.actualVerdict,
      actual: ruled.verdict,
      equal: ruled.verdict === result.actualVerdict,
    },
  ]
  const bad = comparisons.find(({ equal }) => !equal)
  if (bad === undefined) return { ...result, comparisons: [...result.comparisons, ...comparisons] }
  return {
    ...result,
    outcome: 'fail',
    comparisons: [...result.comparisons, ...comparisons],
    message: `a value differs: ${bad.path}`,
  }
}

async function evidenceOf(files: CaseFiles): Promise<AzureEvidence> {
  const message = await files.read('tpm-quote.msg')
  const signature = await files.read('tpm-quote.sig')
  const pcrs = await files.read('pcrs.json')
  const tdQuote = await files.read('td-quote.bin')
  const vcek = await files.read('certs/vcek.der')
  const values = pcrs === undefined ? undefined : readPcrs(JSON.parse(new TextDecoder().decode(pcrs)))
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
  const ask = await files.read('certs/ask.der')
  const ark = await files.read('certs/ark.der')
  const vcek = await files.read('certs/vcek.der')
  const crl = await files.read('certs/crl.der')
  const nonce = textMember(content, 'expectedNonce') ?? textMember(member(content, 'expect'), 'nonce')
  return {
    at: new Date(textMember(content, 'evaluateAt') ?? Number.NaN),
    collateral: {
      snp: {
        ...(vcek === undefined ? {} : { vcek }),
        ...(ask === undefined ? {} : { ask }),
        ...(ark === undefined ? {} : { ark }),
        ...(crl === undefined ? {} : { crl }),
      },
    },
    // A case without a revocation list is one that decided to go without.
    waive: crl === undefined && ark !== undefined ? ['snp.crl.present'] : [],
    expect: nonce === undefined ? {} : { reportData: nonce },
  }
}

function judged(evidence: AzureEvidence | Uint8Array, options: AzureVerifyOptions): Ruling {
  try {
    return { ...rulingOf(verifyAzureSync(evidence, options)), vocabulary: VOCABULARY }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return {
      vocabulary: VOCABULARY,
      verdict: 'invalid',
      reasons: WORDS[error.code] ?? [error.code],
      decidedBy: error.code,
      message: error.message,
    }
  }
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
    return {
      verdict: 'invalid',
      reasons: failed.flatMap(({ id }) => WORDS[id] ?? [id]),
      decidedBy: by.id,
      message: by.reason,
      found,
    }
  const open = [...all.filter(({ id }) => !id.startsWith('azure.part.')), ...parts].find(
    (check) =>
      check.phase === 'authenticity' &&
      check.outcome === 'unchecked' &&
      check.waived !== true &&
      check.blockedBy === undefined &&
      !NEEDS_COLLATERAL.test(check.id) &&
      check.id !== 'tpm.ak.trust',
  )
  if (open === undefined) return { verdict: 'valid', reasons: [], found }
  return {
    verdict: 'unverifiable',
    reasons: WORDS[open.id] ?? [open.id],
    decidedBy: open.id,
    message: open.reason,
    found,
  }
}

function failing({ parts = [] }: Verdict, check: Check): readonly Check[] {
  const name = check.id === 'azure.part.hardware' ? 'hardware-report' : 'vtpm'
  const part = parts.find((one) => one.name === name)
  return part === undefined ? [check] : checksOf(part.verdict)
}

/** What was found, member by member of a case's `expect`. */
const OBSERVERS: Readonly<Record<string, Observer<AzureRun>>> = {
  checks: checkValues,
  hcl: ({ evidence }) => hclValues(evidence),
  runtimeDataSha256: ({ evidence }) => sha256Hex(parseHclReport(evidence.hclReport).claims),
  vmConfiguration: ({ evidence }) => claimsOf(evidence).vmConfiguration,
  userData: ({ evidence }) => claimsOf(evidence).userData ?? null,
  keys: ({ evidence }) => claimsOf(evidence).keys.map(({ kid, kty, keyOps }) => ({ kid, kty, keyOps })),
  akSpkiSha256: ({ evidence }) => sha256Hex(spkiOf(claimsOf(evidence).ak.key)),
  quote: ({ evidence }) =>
    evidence.quote === undefined ? undefined : attestValues(parseAttest(evidence.quote.message)),
  nonce: ({ evidence }) => nonceOf(evidence),
  nonceText: ({ evidence }) => {
    const text = Buffer.from(nonceOf(evidence) ?? '', 'hex').toString('latin1')
    return /^[\x20-\x7e]*$/.test(text) ? text : null
  },
  hardwareReport: hardwareValues,
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
