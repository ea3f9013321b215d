import { type Check, EvidenceError, type TrustAnchor, type Verdict } from '@sekisho/evidence'
import {
  decodeSnpReport,
  keyInfoOf,
  prepareSnpCollateral,
  type SnpCollateral,
  type SnpCollateralInput,
  type SnpReport,
  splitSnpEvidence,
  verifySnp,
} from '@sekisho/evidence/snp'
import type { JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { textMember, timeOf } from '../json.ts'
import { checksOf, isOpen, type Ruling } from '../ruling.ts'
import { emulatedAnchor, readable } from '../values.ts'
import { SNP_WORDS } from './words.ts'

/** What a verification came to; a verdict names every fault: the reason of the deciding check comes first. */
export interface Outcome extends Ruling {
  readonly checks: readonly Check[]
}

/** A case's report, verified. */
export interface ReportRun extends Outcome {
  readonly files: CaseFiles
  readonly content: JsonValue
  readonly collateral: SnpCollateral
  /** Undefined when the evidence has another length. */
  readonly report: SnpReport | undefined
}

const CERTIFICATES = {
  vcek: 'certs/vcek.der',
  vlek: 'certs/vlek.der',
  ask: 'certs/ask.der',
  asvk: 'certs/asvk.der',
  ark: 'certs/ark.der',
} as const

/** Endorsements of a case, by the names of its files. */
export async function readCollateral(files: CaseFiles): Promise<SnpCollateralInput> {
  const certificates = await files.readEach(CERTIFICATES)
  // Where a case has no certificates of its own, those that the host delivered are all there are.
  const table =
    Object.keys(certificates).length === 0 ? await files.readEach({ certificateTable: 'certs-table.bin' }) : {}
  const others = await files.readEach({ crl: 'crl.der', idBlock: 'id-block.bin', idAuth: 'id-auth.bin' })
  return { ...certificates, ...table, ...others }
}

/** Roots and waivers of a case: a case without a revocation list is one that decided to go without. */
export async function optionsOf(
  files: CaseFiles,
  content: JsonValue,
  hasCrl: boolean,
): Promise<{ readonly at: Date; readonly waive: readonly string[]; readonly trustAnchors?: readonly TrustAnchor[] }> {
  const anchor = textMember(content, 'trustAnchor')
  return {
    at: timeOf(content),
    waive: hasCrl ? [] : ['snp.crl.present'],
    ...(anchor === undefined ? {} : { trustAnchors: [emulatedAnchor(await files.need(anchor))] }),
  }
}

/** Verifies the report of a case. */
export async function runReport(files: CaseFiles, content: JsonValue, input: SnpCollateralInput): Promise<ReportRun> {
  const collateral = prepareSnpCollateral(input)
  const evidence = await files.need('evidence.bin')
  const options = await optionsOf(files, content, input.crl !== undefined)
  const nonce = textMember(content, 'expectedNonce')
  const expect = { allowEmulated: true, ...(nonce === undefined ? {} : { reportData: nonce }) }
  // What a report says is compared even where it is refused, and without what lies around it.
  const report = readable(() =>
    decodeSnpReport(evidence.length === 1184 ? evidence : splitSnpEvidence(evidence).report),
  )
  const around = { files, content, collateral, report }
  try {
    return { ...outcomeOf(await verifySnp(evidence, { ...options, collateral, expect })), ...around }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const { code, message } = error
    return { verdict: 'invalid', reasons: wordsOf([code]), decidedBy: code, message, checks: [], ...around }
  }
}

/** The class of a judgement: authenticity decides, and a nonce that the case asks for. */
export function outcomeOf({ authenticity, checks: groups }: Pick<Verdict, 'authenticity' | 'checks'>): Outcome {
  const checks = checksOf({ checks: groups })
  const decisive = (check: Check): boolean => check.phase === 'authenticity' || check.id === 'snp.expect.report-data'
  const failures = checks.filter((check) => decisive(check) && check.outcome === 'fail')
  const isProven = authenticity === 'proven'
  const by = failures[0] ?? (isProven ? undefined : checks.find(isOpen))
  return {
    verdict: failures.length > 0 ? 'invalid' : isProven ? 'valid' : 'unverifiable',
    reasons: wordsOf((failures.length === 0 && by !== undefined ? [by] : failures).map(({ id }) => id)),
    ...(by === undefined ? {} : { decidedBy: by.id, message: by.reason }),
    checks,
  }
}

function wordsOf(ids: readonly string[]): readonly string[] {
  return ids.map((id) => SNP_WORDS[id]).filter((word) => word !== undefined)
}

/** Result of one check as cases write it: null where it does not apply. */
export function checkValue(checks: readonly Check[], id: string): boolean | null {
  const outcome = checks.find((check) => check.id === id)?.outcome
  return outcome === 'not-applicable' ? null : outcome === 'pass'
}

/** Whether every check of the chain passed. */
export function chainHolds(checks: readonly Check[]): boolean {
  const chain = checks.filter((check) =>
    /^snp\.(chain|leaf|intermediate|ark)\.(present|well-formed|names|constraints|algorithms|signature|pinned|not-before|not-after)$/.test(
      check.id,
    ),
  )
  return chain.length > 0 && chain.every((check) => check.outcome === 'pass')
}

/** Role of the leaf that a report asks for. */
export function roleOf(report: SnpReport): 'vcek' | 'vlek' {
  return keyInfoOf(report.keyInfo).signingKey === 'vlek' ? 'vlek' : 'vcek'
}
