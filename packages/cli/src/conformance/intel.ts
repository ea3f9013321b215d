import { X509Certificate } from 'node:crypto'
import { dirname } from 'node:path'
import { type Check, EvidenceError, type TrustAnchor, type Verdict } from '@sekisho/evidence'
import { dcapCollateralOf } from '@sekisho/evidence/recognise'
import {
  type DcapCollateral,
  type DcapCollateralInput,
  encodeQuote,
  parseSgxQuote,
  prepareDcapCollateral,
  type SgxClaims,
  verifySgx,
} from '@sekisho/evidence/sgx'
import {
  compareRegisters,
  type EventLog,
  parseEventLog,
  parseTdxQuote,
  settleEventLog,
  type TdxClaims,
  verifyTdx,
} from '@sekisho/evidence/tdx'
import type { CaseResult, CaseRunner, Comparison, JsonValue } from './case.ts'
import { POLICY_REASONS, QVL_STATUSES, reasonOfCheck, reasonOfError } from './intel-reasons.ts'
import { type AnyQuote, fieldValues, flagValues, headerValues } from './intel-values.ts'
import { CaseFiles, emulatedAnchor, isRecord, member, sha256Hex, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

/** Runs cases of Intel SGX and TDX quotes. */
export const intelCases: CaseRunner = { tees: ['sgx', 'tdx'], run: runCase }

/** What came of verifying one case. */
interface Outcome {
  readonly verdict: 'valid' | 'invalid' | 'parse-only'
  /** All reasons against it, in the words of the vectors, in the order of the checks. */
  readonly reasons: readonly string[]
  readonly decidedBy: string | undefined
  readonly message: string | undefined
  readonly found: Readonly<Record<string, JsonValue>>
  readonly claims: SgxClaims | TdxClaims | undefined
}

async function runCase(folder: string, name: string, content: JsonValue): Promise<CaseResult> {
  const files = new CaseFiles(folder)
  const evidence = await files.need('evidence.bin')
  const collateral = prepareDcapCollateral(await readCollateral(files))
  const outcome = await verifyCase(
    evidence,
    collateral,
    content,
    await anchorsOf(files, new CaseFiles(dirname(folder)), content),
  )
  const expect = member(content, 'expect')
  const { comparisons, unimplemented } = compareExpectations(expect, outcome)
  const logs = await compareLogs(files, content, evidence)
  return conclude(
    name,
    content,
    outcome,
    [...comparisons, ...logs.comparisons, ...written(evidence, content)],
    [...unimplemented, ...logs.unimplemented],
  )
}

async function readCollateral(files: CaseFiles): Promise<DcapCollateralInput> {
  const bytes = await files.read('collateral.json')
  return bytes === undefined ? {} : (dcapCollateralOf(JSON.parse(new TextDecoder().decode(bytes))) ?? {})
}

// `anchor` names a file beside the case or one folder up; `intel` is the pinned root, and so is no word where no root lies there.
async function anchorsOf(
  files: CaseFiles,
  parent: CaseFiles,
  content: JsonValue,
): Promise<readonly TrustAnchor[] | undefined> {
  const anchor = textMember(content, 'anchor')?.split(' ')[0]
  if (anchor === 'intel') return undefined
  const file = anchor === undefined || anchor === 'trust-anchor.json' ? 'trust-anchor.pem' : anchor
  const pem = (await files.read(file)) ?? (await (anchor === undefined ? parent.read(file) : parent.need(file)))
  return pem === undefined ? undefined : [emulatedAnchor(new X509Certificate(pem).raw)]
}

async function verifyCase(
  evidence: Uint8Array,
  collateral: DcapCollateral,
  content: JsonValue,
  trustAnchors: readonly TrustAnchor[] | undefined,
): Promise<Outcome> {
  const options = {
    // A case without collateral has no time to be judged at.
    at: new Date(textMember(content, 'evaluateAt') ?? 0),
    collateral,
    ...(trustAnchors === undefined ? {} : { trustAnchors }),
    expect: { allowEmulated: trustAnchors !== undefined },
  }
  try {
    if (textMember(content, 'tee') === 'tdx')
      return outcomeOf(
        await verifyTdx(evidence, options),
        { tee: 'tdx', quote: parseTdxQuote(evidence) },
        collateral,
        content,
      )
    return outcomeOf(
      await verifySgx(evidence, options),
      { tee: 'sgx', quote: parseSgxQuote(evidence) },
      collateral,
      content,
    )
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return {
      verdict: 'invalid',
      reasons: [reasonOfError(error)],
      decidedBy: error.code,
      message: error.message,
      found: notProven(),
      claims: undefined,
    }
  }
}

function outcomeOf(
  verdict: Verdict<SgxClaims> | Verdict<TdxClaims>,
  any: AnyQuote,
  collateral: DcapCollateral,
  content: JsonValue,
): Outcome {
  const checks = verdict.checks.flatMap((group) => group.checks)
  const against = checks.filter(
    (check) =>
      check.phase === 'authenticity' &&
      (check.outcome === 'fail' || (check.outcome === 'unchecked' && check.blockedBy === undefined)),
  )
  const reasons = against.map(reasonOfCheck)
  const expect = member(content, 'expect')
  const proven = verdict.authenticity === 'proven'
  // Without public collateral a case can ask for no more than that nothing speaks against the evidence.
  const parsed = textMember(expect, 'verdict') === 'parse-only' && verdict.authenticity === 'unproven'
  return {
    verdict: proven ? 'valid' : parsed ? 'parse-only' : 'invalid',
    reasons,
    decidedBy: against[0]?.id,
    message: against[0]?.reason,
    found: {
      ...(proven ? tcbValues(verdict.claims) : notProven()),
      signature: signatureValues(checks),
      policy: policyReasons(checks, proven ? undefined : member(expect, 'policy')),
      tcbEvaluationDataNumber: { ...verdict.claims.tcb.evaluationDataNumbers },
      header: headerValues(any),
      fields: fieldValues(any, collateral),
      flags: flagValues(any),
      qvlStatus: qvlStatus(proven ? [verdict.claims.tcb.status ?? ''] : reasons, textMember(expect, 'qvlStatus')),
    },
    claims: verdict.claims,
  }
}

// What a refused quote's body says is not worth much, and cases list it or do not: only what they list is compared.
function policyReasons(checks: readonly Check[], listed: JsonValue | undefined): string[] {
  const reasons = checks
    .filter((check) => check.outcome === 'fail')
    .map((check) => POLICY_REASONS[check.id])
    .filter((reason) => reason !== undefined)
  return reasons.filter((reason) => !Array.isArray(listed) || listed.includes(reason)).sort()
}

// Intel's library stops at its first fault; ours names all.
function qvlStatus(found: readonly string[], expected: string | undefined): string | null {
  const statuses = found.flatMap((one) => QVL_STATUSES[one] ?? []).map((one) => `STATUS_${one}`)
  return statuses.find((one) => one === expected) ?? statuses[0] ?? null
}

function notProven(): Record<string, JsonValue> {
  return { tcbStatus: null, advisoryIds: [], tcbDate: null, policy: [] }
}

function tcbValues({ tcb }: SgxClaims | TdxClaims): Record<string, JsonValue> {
  const { current } = tcb
  return {
    tcbStatus: tcb.status ?? null,
    tcbDate: tcb.date ?? null,
    advisoryIds: [...(tcb.advisories ?? [])],
    ...(current === undefined
      ? {}
      : {
          currentTcbStatus: current.status,
          currentTcbDate: current.date,
          currentAdvisoryIds: [...current.advisories],
        }),
  }
}

function signatureValues(checks: readonly Check[]): JsonValue {
  const value = (id: string): JsonValue => {
    const outcome = checks.find((check) => check.id.endsWith(`.${id}`))?.outcome
    return outcome === 'pass' ? true : outcome === 'fail' ? false : null
  }
  return {
    quote: value('quote.signature'),
    qeReportData: value('qe.report-data'),
    qeReport: value('qe.report-signature'),
  }
}

interface Compared {
  readonly comparisons: readonly Comparison[]
  readonly unimplemented: readonly string[]
}

const JUDGED: readonly string[] = ['verdict', 'error']

function compareExpectations(expect: JsonValue | undefined, { found }: Outcome): Compared {
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const [name, expected] of Object.entries(isRecord(expect) ? expect : {})) {
    if (JUDGED.includes(name)) continue
    if (Object.hasOwn(found, name)) comparisons.push(...compareTree(name, expected, found[name]))
    else if (KNOWN.includes(name)) comparisons.push({ path: name, expected, actual: undefined, equal: false })
    else unimplemented.push(`expect.${name}`)
  }
  return { comparisons, unimplemented }
}

/** Members that a verification fills in where the evidence has them. */
const KNOWN: readonly string[] = [
  'currentTcbStatus',
  'currentTcbDate',
  'currentAdvisoryIds',
  'signature',
  'tcbEvaluationDataNumber',
  'header',
  'fields',
  'flags',
  'qvlStatus',
]

async function compareLogs(files: CaseFiles, content: JsonValue, evidence: Uint8Array): Promise<Compared> {
  const logs = member(content, 'eventLogs')
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const [i, expected] of (Array.isArray(logs) ? (logs as readonly JsonValue[]) : []).entries()) {
    const log = parseEventLog(await files.need(textMember(expected, 'file') ?? ''))
    const found = await logValues(log, evidence)
    for (const [name, value] of Object.entries(isRecord(expected) ? expected : {})) {
      if (name === 'file' || name === 'source') continue
      if (Object.hasOwn(found, name)) comparisons.push(...compareTree(`eventLogs[${i}].${name}`, value, found[name]))
      else unimplemented.push(`eventLogs[${i}].${name}`)
    }
  }
  return { comparisons, unimplemented }
}

async function logValues(log: EventLog, evidence: Uint8Array): Promise<Readonly<Record<string, JsonValue>>> {
  const registers = compareRegisters(await settleEventLog(log), parseTdxQuote(evidence).body)
  return {
    format: log.format,
    eventCount: log.events.length,
    bytesUsed: log.bytesUsed,
    totalBytes: log.totalBytes,
    // The only algorithm that TDX registers know, and that the parser takes digests of.
    hashAlgorithm: 'sha384 (TPM_ALG 0x000C)',
    replaysTo: Object.fromEntries(registers.map((one) => [one.register, one.replayed])),
    matchesQuote: Object.fromEntries(registers.map((one) => [one.register, one.equal])),
  }
}

// A quote that parses must be written back byte by byte.
function written(evidence: Uint8Array, content: JsonValue): readonly Comparison[] {
  try {
    const quote = textMember(content, 'tee') === 'tdx' ? parseTdxQuote(evidence) : parseSgxQuote(evidence)
    const expected = sha256Hex(evidence)
    const actual = sha256Hex(encodeQuote(quote))
    return [{ path: 'evidence.bin written again', expected, actual, equal: expected === actual }]
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return []
  }
}

function conclude(
  name: string,
  content: JsonValue,
  outcome: Outcome,
  comparisons: readonly Comparison[],
  unimplemented: readonly string[],
): CaseResult {
  const expect = member(content, 'expect')
  const expectedVerdict = textMember(expect, 'verdict') ?? 'none'
  const expectedReason = textMember(expect, 'error')
  const same = expectedVerdict === outcome.verdict
  const defensible = !same && textMember(content, 'optional') !== undefined
  const different = comparisons.filter((one) => !one.equal)
  const passes = defensible || (same && different.length === 0)
  const message =
    unimplemented.length > 0
      ? `nothing compares ${unimplemented.join(', ')}`
      : defensible
        ? `another result than listed, which the case calls defensible: ${outcome.verdict}`
        : !same
          ? `expected ${expectedVerdict} ${expectedReason ?? ''}, found ${outcome.verdict} ${outcome.reasons.join(', ')}: ${outcome.message ?? ''}`
          : different.length > 0
            ? `${different.length} values differ, the first is ${different[0]?.path}`
            : undefined
  // A verdict names every fault; a case names the one that its own order of checks meets first.
  const actualReason =
    expectedReason !== undefined && outcome.reasons.includes(expectedReason) ? expectedReason : outcome.reasons[0]
  return {
    name,
    tee: textMember(content, 'tee') ?? '',
    outcome: unimplemented.length > 0 ? 'unsupported' : passes ? 'pass' : 'fail',
    expectedVerdict,
    actualVerdict: outcome.verdict,
    ...(expectedReason === undefined ? {} : { expectedReason }),
    ...(actualReason === undefined ? {} : { actualReason }),
    ...(outcome.decidedBy === undefined ? {} : { decidedBy: outcome.decidedBy }),
    ...(outcome.claims?.tcb.status === undefined
      ? {}
      : { tcbStatus: outcome.claims.tcb.status, advisories: outcome.claims.tcb.advisories ?? [] }),
    comparisons,
    unimplemented,
    ...(message === undefined ? {} : { message }),
  }
}
