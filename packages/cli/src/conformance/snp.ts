import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
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
import type { CaseResult, Comparison, JsonValue } from './case.ts'
import { compareMembers, type Observer } from './compare-members.ts'
import { applyEdit } from './edits.ts'
import type { MutationRunner } from './find.ts'
import { CaseFiles, isRecord, member, sha256Hex, textMember } from './snp-files.ts'
import { SNP_REASONS } from './snp-reasons.ts'
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
} from './snp-run.ts'
import { compareTree } from './snp-tree.ts'
import { uvmValues } from './snp-uvm.ts'
import { certificateValues, crlValues, extensionValues, fieldValues, flagValues, tableValues } from './snp-values.ts'

/** Runs cases of AMD SEV-SNP: reports, certificates alone, revocation, ID blocks, and edits of these. */
export const snpCases: MutationRunner = {
  tees: ['amd-sev-snp'],
  run: (folder, name, content) => runCase(new CaseFiles(folder), name, content),
  runMutations,
}

/** Runs the edits of a `mutations.json`, each on the files of the case beside it that it names. */
async function runMutations(folder: string, name: string, content: JsonValue): Promise<readonly CaseResult[]> {
  const mutations = member(content, 'mutations') ?? member(content, 'cases')
  const list: readonly JsonValue[] = Array.isArray(mutations) ? mutations : []
  const results: CaseResult[] = []
  for (const mutation of list) {
    const base = join(folder, textMember(mutation, 'base') ?? '')
    const original: JsonValue = JSON.parse(await readFile(join(base, 'case.json'), 'utf8'))
    if (textMember(original, 'tee') !== 'amd-sev-snp') return []
    results.push(await runMutation(folder, base, `${name}#${textMember(mutation, 'id') ?? '?'}`, original, mutation))
  }
  return results
}

async function runMutation(
  folder: string,
  base: string,
  name: string,
  original: JsonValue,
  mutation: JsonValue,
): Promise<CaseResult> {
  const files = new CaseFiles(base)
  const ops = member(mutation, 'ops')
  const list: readonly JsonValue[] = Array.isArray(ops) ? ops : []
  for (const op of list) await applyEdit(folder, files, op)
  const edits = isRecord(original) && isRecord(mutation) ? { ...original, ...mutation } : mutation
  const tableOnly = list.length > 0 && list.every((op) => textMember(op, 'file') === 'certs-table.bin')
  if (!tableOnly) return runCase(files, name, edits)
  const outcome = await runTable(files, edits)
  const unimplemented = expectMembers(edits).map(([path]) => `expect.${path}`)
  return conclude(name, edits, outcome, [], unimplemented)
}

async function runCase(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  switch (member(content, 'kind')) {
    case undefined:
      return runReportCase(files, name, content)
    case 'certificate-only':
      return runCertificate(files, name, content)
    case 'certificate-revocation':
      return runRevocation(files, name, content)
    case 'id-block':
      return runIdBlock(files, name, content)
    default:
      return conclude(name, content, undefined, [], ['kind'])
  }
}

async function runReportCase(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const run = await runReport(files, content, await readCollateral(files))
  const { comparisons, unimplemented } = await compareMembers(expectMembers(content), run, OBSERVERS)
  comparisons.push(...(await compareFiles(run)))
  return conclude(name, content, run, comparisons, unimplemented)
}

const JUDGED: readonly string[] = ['verdict', 'reason', 'alsoTrue']

function expectMembers(content: JsonValue): readonly (readonly [string, JsonValue])[] {
  const expect = member(content, 'expect')
  return isRecord(expect) ? Object.entries(expect).filter(([name]) => !JUDGED.includes(name)) : []
}

/** What was found, member by member of a case's `expect`. */
const OBSERVERS: Readonly<Record<string, Observer<ReportRun>>> = {
  checks: ({ checks }) => ({
    chain: chainHolds(checks),
    signature: checkValue(checks, 'snp.report.signature'),
    tcbMatchesCertificate: checkValue(checks, 'snp.tcb.certificate'),
    chipIdMatchesCertificate: checkValue(checks, 'snp.chip-id'),
    signingKeyFieldMatches: checkValue(checks, 'snp.leaf.role'),
  }),
  flags: ({ report }) => (report === undefined ? undefined : flagValues(report)),
  fields: (run) => (run.report === undefined ? undefined : fieldValues(run.report, knownProduct(run))),
  certificate: ({ collateral, report }) => {
    const leaf = report === undefined ? undefined : collateral[roleOf(report)].value
    return leaf === undefined ? undefined : certificateValues(leaf)
  },
  crl: ({ checks, collateral, report }) =>
    crlValues(
      collateral,
      report === undefined ? undefined : collateral[roleOf(report)].value?.certificate.serial,
      checkValue(checks, 'snp.crl.signature') === true,
    ),
  certsTable: async ({ files }, expected) => {
    const file = textMember(expected, 'file') ?? ''
    // `assembled` tells where the table came from: it is no property of the bytes.
    return { file, assembled: member(expected, 'assembled') ?? null, entries: tableValues(await files.need(file)) }
  },
  hostDataIsSha256Of: async ({ files, report }, expected) => {
    const file = typeof expected === 'string' ? expected : ''
    const digest = sha256Hex(await files.need(file))
    return report !== undefined && Buffer.from(report.hostData).toString('hex') === digest ? file : null
  },
  idKeyDigest: async ({ files }) => (await idBlockOf(files)).idKeyDigest,
  authorKeyDigest: async ({ files }) => (await idBlockOf(files)).authorKeyDigest ?? null,
  reportResponse: async ({ files }) => {
    const bytes = await files.need('report-response.bin')
    const { kind, report } = splitSnpEvidence(bytes)
    parseSnpReport(report)
    // A response that was split has status 0; any other is refused.
    return {
      status: kind === 'response' ? 0 : null,
      reportSize: report.length,
      reportOffset: report.byteOffset - bytes.byteOffset,
    }
  },
  uvmEndorsement: async ({ files, report }, expected) => {
    const file = textMember(expected, 'file') ?? ''
    const values = uvmValues(await files.need(file), Buffer.from(report?.measurement ?? []).toString('hex'))
    return isRecord(values) ? { file, ...values } : values
  },
}

async function idBlockOf(files: CaseFiles): ReturnType<typeof settleIdBlock> {
  return settleIdBlock(await files.need('id-block.bin'), await files.need('id-auth.bin'))
}

// Reports of version 2 do not name their product: the certificate does, or whoever made the case.
function knownProduct({ collateral, content, report }: ReportRun): SnpProduct | undefined {
  const leaf = report === undefined ? undefined : collateral[roleOf(report)].value
  const name = leaf?.extensions.value?.productName?.split('-')[0] ?? textMember(content, 'product')
  return name === 'Milan' || name === 'Genoa' || name === 'Turin' ? name : undefined
}

/** Files beside the evidence whose meaning the layout of a case fixes: they must say the same. */
async function compareFiles({ files, content }: ReportRun): Promise<readonly Comparison[]> {
  const found: Comparison[] = []
  const evidence = await files.need('evidence.bin')
  const json = await files.read('evidence.json')
  if (json !== undefined && member(content, 'ops') === undefined) {
    const rebuilt = parseSnpJson(new TextDecoder().decode(json))
    found.push(same('evidence.json', sha256Hex(evidence), sha256Hex(rebuilt.report)))
    const vcek = await files.need('certs/vcek.der')
    found.push(
      same(
        'evidence.json.cert_chain',
        sha256Hex(vcek),
        rebuilt.collateral.vcek === undefined ? undefined : sha256Hex(rebuilt.collateral.vcek),
      ),
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

function same(path: string, expected: string, actual: string | undefined): Comparison {
  return { path, expected, actual, equal: expected === actual }
}

async function runTable(files: CaseFiles, content: JsonValue): Promise<Outcome> {
  const table = await files.need('certs-table.bin')
  try {
    tableValues(table)
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { verdict: 'invalid', reasons: ['malformed'], decidedBy: error.code, message: error.message, checks: [] }
  }
  return runReport(files, content, { certificateTable: table })
}

async function runEndorsement(files: CaseFiles, content: JsonValue, input: SnpCollateralInput): Promise<Outcome> {
  const judgement = await verifySnpEndorsement(
    input,
    input.vlek === undefined ? 'vcek' : 'vlek',
    await optionsOf(files, content, input.crl !== undefined),
  )
  return outcomeOf(judgement.authenticity, judgement.checks)
}

async function runCertificate(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const input = await readCollateral(files)
  const outcome = await runEndorsement(files, content, input)
  const { vcek, vlek } = prepareSnpCollateral(input)
  const extensions = (vcek.value ?? vlek.value)?.extensions.value
  return observed(name, content, outcome, {
    checks: { signedByAsk: checkValue(outcome.checks, 'snp.leaf.signature') },
    extensions: extensions === undefined ? null : extensionValues(extensions),
  })
}

async function runRevocation(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const revoked = member(member(content, 'expect'), 'revoked')
  const current = member(member(content, 'expect'), 'current')
  const ask = async (value: JsonValue | undefined): Promise<Uint8Array> =>
    files.need(textMember(value, 'file') ?? 'certs/ask.der')
  const input = { ...(await readCollateral(files)), ask: await ask(revoked) }
  const outcome = await runEndorsement(files, content, input)
  const crlSigned = checkValue(outcome.checks, 'snp.crl.signature') === true
  const old = prepareSnpCollateral(input)
  const next = prepareSnpCollateral({ ask: await ask(current) })
  const nextOutcome = await runEndorsement(files, content, { ...input, ask: await ask(current) })
  const result = observed(name, content, outcome, {
    checks: {
      askRevokedSignedByArk: checkValue(outcome.checks, 'snp.intermediate.signature'),
      crlSignedByArk: crlSigned,
    },
    crl: crlValues(old, undefined, crlSigned) ?? null,
    revoked: { file: textMember(revoked, 'file') ?? null, ...certificateFacts(old.ask.value) },
    current: { file: textMember(current, 'file') ?? null, ...certificateFacts(next.ask.value) },
  })
  const comparison = same(
    'current is not revoked',
    'true',
    String(checkValue(nextOutcome.checks, 'snp.crl.not-revoked')),
  )
  return conclude(name, content, outcome, [...result.comparisons, comparison], result.unimplemented)
}

function certificateFacts(
  certificate: { readonly serial: string; readonly notBefore: number } | undefined,
): Record<string, JsonValue> {
  if (certificate === undefined) return {}
  return {
    serial: Number.parseInt(certificate.serial, 16),
    notBefore: new Date(certificate.notBefore).toISOString().replace('.000Z', 'Z'),
  }
}

async function runIdBlock(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const idBlock = await files.need('id-block.bin')
  const idAuth = await files.need('id-auth.bin')
  const settled = await settleIdBlock(idBlock, idAuth)
  const block = parseIdBlock(idBlock)
  const found = (part: Uint8Array | undefined): number => (part === undefined ? -1 : Buffer.from(idAuth).indexOf(part))
  return observed(name, content, undefined, {
    launchDigest: Buffer.from(block.launchDigest).toString('hex'),
    idBlock: Buffer.from(idBlock).toString('hex'),
    idKeyDigest: settled.idKeyDigest,
    authorKeyDigest: settled.authorKeyDigest ?? null,
    idBlockSignatureVerifies: settled.signatureVerifies,
    authorSignatureVerifies: settled.authorSignatureVerifies ?? null,
    layout: {
      ...ID_AUTH_LAYOUT,
      idKey: found(await files.read('id-public.bin')),
      authorKey: found(await files.read('author-public.bin')),
    },
  })
}

/** Offsets that the parser reads from; the keys' are looked up in the bytes. The signatures verify from theirs. */
const ID_AUTH_LAYOUT = { idKeyAlgo: 0, authKeyAlgo: 4, idBlockSignature: 0x40, idKeySignature: 0x680 } as const

function observed(
  name: string,
  content: JsonValue,
  outcome: Outcome | undefined,
  found: { readonly [key: string]: JsonValue },
): CaseResult {
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const [member, expected] of expectMembers(content)) {
    if (Object.hasOwn(found, member)) comparisons.push(...compareTree(member, expected, found[member]))
    else unimplemented.push(`expect.${member}`)
  }
  return conclude(name, content, outcome, comparisons, unimplemented)
}

function conclude(
  name: string,
  content: JsonValue,
  outcome: Outcome | undefined,
  comparisons: readonly Comparison[],
  unimplemented: readonly string[],
): CaseResult {
  const expect = member(content, 'expect')
  const expectedVerdict = textMember(expect, 'verdict')
  const expectedReason = textMember(expect, 'reason')
  const reason =
    expectedReason !== undefined && outcome?.reasons.includes(expectedReason) === true
      ? expectedReason
      : outcome?.reasons[0]
  const different = comparisons.filter((one) => !one.equal)
  const verdictHolds =
    expectedVerdict === undefined || (outcome !== undefined && sameVerdict(expectedVerdict, expect, outcome))
  const message =
    unimplemented.length > 0
      ? `nothing compares ${unimplemented.join(', ')}`
      : !verdictHolds
        ? `expected ${expectedVerdict} ${expectedReason ?? ''}, found ${outcome?.verdict ?? 'nothing'} ${reason ?? ''}: ${outcome?.message ?? ''}`
        : different.length > 0
          ? `${different.length} values differ, the first is ${different[0]?.path}`
          : undefined
  return {
    name,
    tee: 'amd-sev-snp',
    outcome: unimplemented.length > 0 ? 'unsupported' : verdictHolds && different.length === 0 ? 'pass' : 'fail',
    expectedVerdict: expectedVerdict ?? 'none',
    actualVerdict: outcome?.verdict ?? 'none',
    ...(expectedReason === undefined ? {} : { expectedReason }),
    ...(reason === undefined ? {} : { actualReason: reason }),
    ...(outcome?.decidedBy === undefined ? {} : { decidedBy: outcome.decidedBy }),
    comparisons,
    unimplemented,
    ...(message === undefined ? {} : { message }),
  }
}

/**
 * Whether verdict and reason are those of the case. A case's `invalid` means not proven: missing endorsements are that
 * too. A reason that is no word here cannot be compared: then the verdict alone is.
 */
function sameVerdict(expected: string, expect: JsonValue | undefined, outcome: Outcome): boolean {
  if (expected === 'valid') return outcome.verdict === 'valid'
  const notProven = outcome.verdict === 'invalid' || outcome.verdict === 'unverifiable'
  const sameClass = expected === 'invalid' ? notProven : outcome.verdict === expected
  const also = member(expect, 'alsoTrue')
  const listed = [member(expect, 'reason'), ...(Array.isArray(also) ? (also as readonly JsonValue[]) : [])]
  const words = listed.filter((word) => typeof word === 'string' && VOCABULARY.has(word))
  return sameClass && (words.length === 0 || outcome.reasons.some((reason) => words.includes(reason)))
}

const VOCABULARY: ReadonlySet<string> = new Set(Object.values(SNP_REASONS))
