import { type Check, type CheckGroup, EvidenceError, type TrustAnchor } from '@sekisho/evidence'
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
import type { JsonValue } from './case.ts'
import { type CaseFiles, emulatedAnchor, textMember } from './snp-files.ts'
import { SNP_REASONS } from './snp-reasons.ts'

/** What a verification came to, in the words of cases. */
export interface Outcome {
  readonly verdict: 'valid' | 'invalid' | 'unverifiable'
  /** Reasons in the vocabulary of cases, that of the deciding check first: a verdict names every fault. */
  readonly reasons: readonly string[]
  /** Id of the deciding check, or code of the error. */
  readonly decidedBy: string | undefined
  readonly message: string | undefined
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

const CERTIFICATES = ['vcek', 'vlek', 'ask', 'asvk', 'ark'] as const

/** Endorsements of a case, by the names of its files. */
export async function readCollateral(files: CaseFiles): Promise<SnpCollateralInput> {
  const input: Partial<Record<keyof SnpCollateralInput, Uint8Array>> = {}
  const read = async (part: keyof SnpCollateralInput, file: string): Promise<void> => {
    const bytes = await files.read(file)
    if (bytes !== undefined) input[part] = bytes
  }
  for (const name of CERTIFICATES) await read(name, `certs/${name}.der`)
  // Where a case has no certificates of its own, those that the host delivered are all there are.
  if (Object.keys(input).length === 0) await read('certificateTable', 'certs-table.bin')
  await read('crl', 'crl.der')
  await read('idBlock', 'id-block.bin')
  await read('idAuth', 'id-auth.bin')
  return input
}

/** Roots and waivers of a case: a case without a revocation list is one that decided to go without. */
export async function optionsOf(
  files: CaseFiles,
  content: JsonValue,
  hasCrl: boolean,
): Promise<{ readonly at: Date; readonly waive: readonly string[]; readonly trustAnchors?: readonly TrustAnchor[] }> {
  const at = new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
  const anchor = textMember(content, 'trustAnchor')
  return {
    at,
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
  try {
    const verdict = await verifySnp(evidence, { ...options, collateral, expect })
    return { ...outcomeOf(verdict.authenticity, verdict.checks), files, content, collateral, report: lookAt(evidence) }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return {
      verdict: 'invalid',
      reasons: known([SNP_REASONS[error.code]]),
      decidedBy: error.code,
      message: error.message,
      checks: [],
      files,
      content,
      collateral,
      report: lookAt(evidence),
    }
  }
}

// What a report says is compared even where it is refused, and without what lies around it.
function lookAt(evidence: Uint8Array): SnpReport | undefined {
  try {
    return decodeSnpReport(evidence.length === 1184 ? evidence : splitSnpEvidence(evidence).report)
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

/** The class of a judgement: authenticity decides, and a nonce that the case asks for. */
export function outcomeOf(authenticity: 'proven' | 'unproven' | 'refuted', groups: readonly CheckGroup[]): Outcome {
  const checks = groups.flatMap((group) => group.checks)
  const decisive = (check: Check): boolean => check.phase === 'authenticity' || check.id === 'snp.expect.report-data'
  const failures = checks.filter((check) => decisive(check) && check.outcome === 'fail')
  const [failed] = failures
  const open = checks.find(
    (check) =>
      check.phase === 'authenticity' &&
      check.outcome === 'unchecked' &&
      check.waived !== true &&
      check.blockedBy === undefined,
  )
  const by = failed ?? (authenticity === 'proven' ? undefined : open)
  return {
    verdict: failed !== undefined ? 'invalid' : authenticity === 'proven' ? 'valid' : 'unverifiable',
    reasons: known((failed === undefined && by !== undefined ? [by] : failures).map(({ id }) => SNP_REASONS[id])),
    decidedBy: by?.id,
    message: by?.reason,
    checks,
  }
}

function known(reasons: readonly (string | undefined)[]): readonly string[] {
  return reasons.filter((reason) => reason !== undefined)
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
