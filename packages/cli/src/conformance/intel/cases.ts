import { X509Certificate } from 'node:crypto'
import { type Check, EvidenceError, type TrustAnchor, type Verdict } from '@sekisho/evidence'
import { dcapCollateralOf } from '@sekisho/evidence/recognise'
import {
  type DcapCollateral,
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
import type { CaseRunner, Comparison, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { type Compared, compareTree, type Found, same } from '../compare.ts'
import { entriesOf, expected, listOf, member, textMember, timeOf } from '../json.ts'
import { checksOf, type Ruling, ruledBy } from '../ruling.ts'
import { type CaseRun, casesOf } from '../run.ts'
import { emulatedAnchor, readable, sha256Hex } from '../values.ts'
import { type AnyQuote, fieldValues, flagValues, headerValues } from './values.ts'
import { POLICY_REASONS, QVL_STATUSES, reasonOfCheck, reasonOfError } from './words.ts'

/** Runs cases of Intel SGX and TDX quotes. */
export const intelCases: CaseRunner = casesOf({ tees: ['sgx', 'tdx'], judged: ['verdict', 'error'], read: readCase })

async function readCase(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const evidence = await files.need('evidence.bin')
  const collateral = await files.readJson('collateral.json')
  const judged = await judge(evidence, content, {
    collateral: prepareDcapCollateral(collateral === undefined ? {} : (dcapCollateralOf(collateral) ?? {})),
    trustAnchors: await anchorsOf(files, content),
  })
  const logs = await compareLogs(files, content, evidence)
  const holds = expected(content, 'verdict') === judged.ruling.verdict
  return {
    ...judged,
    holds,
    ...(holds || textMember(content, 'optional') === undefined
      ? {}
      : { excused: `another result than listed, which the case calls defensible: ${judged.ruling.verdict}` }),
    last: [...logs.comparisons, ...written(evidence, content)],
    unimplemented: logs.unimplemented,
  }
}

// `anchor` names a file beside the case or one folder up; `intel` is the pinned root, and so is no word where no root lies there.
async function anchorsOf(files: CaseFiles, content: JsonValue): Promise<readonly TrustAnchor[] | undefined> {
  const anchor = textMember(content, 'anchor')?.split(' ')[0]
  if (anchor === 'intel') return undefined
  const file = anchor === undefined || anchor === 'trust-anchor.json' ? 'trust-anchor.pem' : anchor
  const { parent } = files
  const pem = (await files.read(file)) ?? (await (anchor === undefined ? parent.read(file) : parent.need(file)))
  return pem === undefined ? undefined : [emulatedAnchor(new X509Certificate(pem).raw)]
}

type Judged = Pick<CaseRun, 'found' | 'tcb'> & { readonly ruling: Ruling }

interface Around {
  readonly collateral: DcapCollateral
  readonly trustAnchors: readonly TrustAnchor[] | undefined
}

async function judge(evidence: Uint8Array, content: JsonValue, around: Around): Promise<Judged> {
  const { collateral, trustAnchors } = around
  const isTimeless = Object.keys(collateral).length === 0 || expected(content, 'verdict') === 'parse-only'
  const options = {
    // A case that is only parsed has no time to be judged at.
    at: isTimeless && (member(content, 'evaluateAt') ?? null) === null ? new Date(0) : timeOf(content),
    collateral,
    ...(trustAnchors === undefined ? {} : { trustAnchors }),
    expect: { allowEmulated: trustAnchors !== undefined },
  }
  try {
    const isTdx = textMember(content, 'tee') === 'tdx'
    const verdict = await (isTdx ? verifyTdx(evidence, options) : verifySgx(evidence, options))
    return judgedAs(verdict, quoteOf(evidence, content), collateral, content)
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const { code, message } = error
    const unread = Object.fromEntries(WHERE_READ.map((name) => [name, undefined]))
    return {
      ruling: { verdict: 'invalid', reasons: [reasonOfError(error)], decidedBy: code, message },
      found: { ...unread, ...NOT_PROVEN },
    }
  }
}

function quoteOf(evidence: Uint8Array, content: JsonValue): AnyQuote {
  return textMember(content, 'tee') === 'tdx'
    ? { tee: 'tdx', quote: parseTdxQuote(evidence) }
    : { tee: 'sgx', quote: parseSgxQuote(evidence) }
}

function judgedAs(
  verdict: Verdict<SgxClaims> | Verdict<TdxClaims>,
  any: AnyQuote,
  collateral: DcapCollateral,
  content: JsonValue,
): Judged {
  const checks = checksOf(verdict)
  const { authenticity, claims } = verdict
  const against = checks.filter(
    ({ phase, outcome, blockedBy }) =>
      phase === 'authenticity' && (outcome === 'fail' || (outcome === 'unchecked' && blockedBy === undefined)),
  )
  const reasons = against.map(reasonOfCheck)
  const isProven = authenticity === 'proven'
  // Without public collateral a case can ask for no more than that nothing speaks against the evidence.
  const isParsed = expected(content, 'verdict') === 'parse-only' && authenticity === 'unproven'
  const { status, advisories = [] } = claims.tcb
  return {
    ruling: { ...ruledBy(isProven ? 'valid' : isParsed ? 'parse-only' : 'invalid', against[0], {}), reasons },
    found: {
      currentTcbStatus: undefined,
      currentTcbDate: undefined,
      currentAdvisoryIds: undefined,
      ...(isProven ? tcbValues(claims) : NOT_PROVEN),
      signature: signatureValues(checks),
      policy: policyReasons(checks, isProven ? undefined : expected(content, 'policy')),
      tcbEvaluationDataNumber: { ...claims.tcb.evaluationDataNumbers },
      header: headerValues(any),
      fields: fieldValues(any, collateral),
      flags: flagValues(any),
      qvlStatus: (listed) => qvlStatus(isProven ? [status ?? ''] : reasons, listed),
    },
    ...(status === undefined ? {} : { tcb: { status, advisories } }),
  }
}

/** What of evidence that cannot be read is not found. */
const WHERE_READ: readonly string[] = [
  ...['currentTcbStatus', 'currentTcbDate', 'currentAdvisoryIds', 'signature', 'tcbEvaluationDataNumber'],
  ...['header', 'fields', 'flags', 'qvlStatus'],
]

const NOT_PROVEN: Found = { tcbStatus: null, advisoryIds: [], tcbDate: null, policy: [] }

// What a refused quote's body says is not worth much, and cases list it or do not: only what they list is compared.
function policyReasons(checks: readonly Check[], listed: JsonValue | undefined): string[] {
  const reasons = checks
    .filter((check) => check.outcome === 'fail')
    .map((check) => POLICY_REASONS[check.id])
    .filter((reason) => reason !== undefined)
  return reasons.filter((reason) => !Array.isArray(listed) || listed.includes(reason)).sort()
}

// Intel's library stops at its first fault; ours names all.
function qvlStatus(found: readonly string[], listed: JsonValue): string | null {
  const statuses = found.flatMap((one) => QVL_STATUSES[one] ?? []).map((one) => `STATUS_${one}`)
  return statuses.find((one) => one === listed) ?? statuses[0] ?? null
}

function tcbValues({ tcb }: SgxClaims | TdxClaims): Found {
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

async function compareLogs(files: CaseFiles, content: JsonValue, evidence: Uint8Array): Promise<Compared> {
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const [i, listed] of listOf(member(content, 'eventLogs')).entries()) {
    const log = parseEventLog(await files.needOf(listed, 'file', `eventLogs[${i}]`))
    const found = await logValues(log, evidence)
    for (const [name, value] of entriesOf(listed)) {
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
  const quote = readable(() => quoteOf(evidence, content).quote)
  return quote === undefined
    ? []
    : [same('evidence.bin written again', sha256Hex(evidence), sha256Hex(encodeQuote(quote)))]
}
