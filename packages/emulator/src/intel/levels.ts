import { toHex, utf8 } from '../kit/bytes.ts'
import { isoDate } from '../kit/intel.ts'
import type { PlatformLevel, QeIdentityFields, SvnLevel, TcbInfoFields } from '../kit/intel-collateral.ts'
import { digest } from '../kit/keys.ts'
import type { TcbPublication, WorldState } from '../state.ts'

/** The TEE a document is for, as the documents write it. */
export type IntelTee = 'SGX' | 'TDX'

/** What a TCB level can be said to be. PCS API, version 4. */
export const TCB_STATUSES = [
  'UpToDate',
  'SWHardeningNeeded',
  'ConfigurationNeeded',
  'ConfigurationAndSWHardeningNeeded',
  'OutOfDate',
  'OutOfDateConfigurationNeeded',
  'Revoked',
] as const

/** What a TCB level can be said to be, by rising severity. */
export type TcbStatus = (typeof TCB_STATUSES)[number]

/** Evaluation data number of a new world's documents. */
export const FIRST_EVALUATION = 17
/** PCESVN of every emulated platform unless it says otherwise. */
export const PCE_SVN = 13
const QE_SVN = 8
const MODULE_SVN = 5
const COMPONENTS = [8, 8, 3, 3, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
const TDX_COMPONENTS = [5, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
const DAY_MS = 86_400_000

/** MRSIGNER of the quoting enclaves of every world. */
export const QE_SIGNER: string = toHex(digest('sha256', utf8('EMULATED, not Intel: signer of quoting enclaves')))

/** SGX TCB components of the platform level `level`: 0 is a new world's, each publication makes one more. */
export function componentsAt(level: number): readonly number[] {
  return COMPONENTS.map((svn, i) => (i === 0 ? Math.max(0, Math.min(255, svn + level)) : svn))
}

/** ISVSVN of the quoting enclave, or SVN of the TDX module, at the level `level` of that part. */
export function svnAt(part: 'qe' | 'tdx-module', level: number): number {
  return Math.max(0, Math.min(255, (part === 'qe' ? QE_SVN : MODULE_SVN) + level))
}

/** Publications of a part that documents of the number `evaluation` know of, in the order in which they came. */
export function publicationsOf(
  { intel }: WorldState,
  part: TcbPublication['part'],
  fmspc: string,
  evaluation: number = Number.POSITIVE_INFINITY,
): readonly TcbPublication[] {
  return intel.publications.filter(
    (one) => one.part === part && one.evaluation <= evaluation && (one.fmspc === undefined || one.fmspc === fmspc),
  )
}

/** The number that the standard or the early channel serves. */
export function channelNumber({ intel }: WorldState, channel: 'standard' | 'early'): number {
  const numbers = intel.publications.filter((one) => channel === 'early' || one.standard).map((one) => one.evaluation)
  return Math.max(FIRST_EVALUATION, ...numbers)
}

interface Standing {
  readonly level: number
  readonly tcbDate: string
  readonly tcbStatus: TcbStatus
  readonly advisoryIDs?: readonly string[]
}

/** What has become of every level of a part, newest first; one below the first is out of date from the beginning. */
function standings(state: WorldState, publications: readonly TcbPublication[]): readonly Standing[] {
  const born = isoDate(new Date(Math.floor(Date.parse(state.born) / DAY_MS) * DAY_MS - 90 * DAY_MS))
  const levels = Array.from({ length: publications.length + 1 }, (_, level): Standing => {
    const later = publications.slice(level)
    const tcbDate = publications[level - 1]?.date ?? born
    return {
      level,
      tcbDate,
      ...fate(
        later.map((one) => one.status),
        later.flatMap((one) => one.advisories),
      ),
    }
  })
  const ancient = {
    level: -1,
    tcbDate: born,
    ...fate(['OutOfDate', ...publications.map(({ status }) => status)], ANCIENT),
  }
  return [...levels.reverse(), ancient]
}

const ANCIENT: readonly string[] = ['INTEL-SA-00000']

function fate(statuses: readonly string[], advisories: readonly string[]): Pick<Standing, 'tcbStatus' | 'advisoryIDs'> {
  const severity = Math.max(0, ...statuses.map((status) => (TCB_STATUSES as readonly string[]).indexOf(status)))
  const tcbStatus = TCB_STATUSES[severity] ?? 'UpToDate'
  return advisories.length === 0 ? { tcbStatus } : { tcbStatus, advisoryIDs: [...new Set(advisories)] }
}

function svnLevels(
  state: WorldState,
  part: 'qe' | 'tdx-module',
  fmspc: string,
  evaluation: number,
): readonly SvnLevel[] {
  return standings(state, publicationsOf(state, part, fmspc, evaluation)).map(({ level, ...rest }) => ({
    isvsvn: svnAt(part, level),
    ...rest,
  }))
}

/** When a document is issued, and until when it holds. */
export interface Issue {
  readonly evaluation: number
  readonly from: Date
  readonly to: Date
}

const INTEL_MODULE = { mrsigner: '00'.repeat(48), attributes: '00'.repeat(8), attributesMask: 'FF'.repeat(8) }

/** TCB info of a family. PCS API, version 4, TCB info version 3. */
export function tcbInfoOf(state: WorldState, tee: IntelTee, fmspc: string, issue: Issue): TcbInfoFields {
  const levels = standings(state, publicationsOf(state, 'platform', fmspc, issue.evaluation))
  const module = {
    tdxModule: INTEL_MODULE,
    tdxModuleIdentities: [
      { id: 'TDX_01', ...INTEL_MODULE, levels: svnLevels(state, 'tdx-module', fmspc, issue.evaluation) },
    ],
  }
  return {
    id: tee,
    version: 3,
    issueDate: isoDate(issue.from),
    nextUpdate: isoDate(issue.to),
    fmspc: fmspc.toUpperCase(),
    pceId: '0000',
    tcbType: 0,
    tcbEvaluationDataNumber: issue.evaluation,
    ...(tee === 'TDX' ? module : {}),
    levels: levels.map(
      ({ level, ...rest }): PlatformLevel => ({
        components: componentsAt(level),
        pcesvn: PCE_SVN,
        ...(tee === 'TDX' ? { tdxComponents: TDX_COMPONENTS } : {}),
        ...rest,
      }),
    ),
  }
}

/** Identity of the quoting enclave of a TEE. PCS API, version 4, enclave identity version 2. */
export function qeIdentityOf(state: WorldState, tee: IntelTee, issue: Issue): QeIdentityFields {
  return {
    id: tee === 'TDX' ? 'TD_QE' : 'QE',
    version: 2,
    issueDate: isoDate(issue.from),
    nextUpdate: isoDate(issue.to),
    tcbEvaluationDataNumber: issue.evaluation,
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: QE_SIGNER.toUpperCase(),
    isvprodid: tee === 'TDX' ? 2 : 1,
    levels: svnLevels(state, 'qe', '', issue.evaluation),
  }
}

/** The list of evaluation data numbers. PCS API, version 4, section on TCB evaluation data numbers. */
export function evaluationNumbersText(state: WorldState, tee: IntelTee, window: Omit<Issue, 'evaluation'>): string {
  const first = standings(state, [])[0]?.tcbDate ?? state.born
  const dates = new Map([[FIRST_EVALUATION, first]])
  for (const { evaluation, date } of state.intel.publications) dates.set(evaluation, date)
  return JSON.stringify({
    id: tee,
    version: 1,
    issueDate: isoDate(window.from),
    nextUpdate: isoDate(window.to),
    tcbEvalNumbers: [...dates]
      .sort(([a], [b]) => b - a)
      .map(([tcbEvaluationDataNumber, date]) => ({
        tcbEvaluationDataNumber,
        tcbRecoveryEventDate: date,
        tcbDate: date,
      })),
  })
}
