import { toHex } from '../core/bytes.ts'
import { compareOneOf, hardwareFinding } from '../core/compare.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import { parseIsoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { refetch } from './chain-steps.ts'
import type { TcbException } from './expectations.ts'
import { valueOf } from './part.ts'
import { type PckConfiguration, SGX_TYPES } from './pck.ts'
import { isShortOfTdx, levelDetails, shortfallText, updatersOf } from './shortfall.ts'
import type { DcapState } from './state.ts'
import { appraised, authentic, finding, PCK_PROFILE, PCS, QVL, waivable } from './steps.ts'
import { matched, type TcbMatch } from './tcb.ts'
import { moduleIdentityOf, type SvnLevel } from './tcb-info.ts'

const UPDATE_PLATFORM: Remedy = mend(
  'update BIOS and microcode and have the platform certified anew, or use another platform',
  'platform-owner',
)
const UPDATE_TDX: Remedy = mend(
  'update the TDX module and the microcode that the host loads, and relaunch the TD',
  'platform-owner',
)
const UPDATE_MODULE: Remedy = mend('update the TDX module on the host and relaunch the TD', 'platform-owner')
const UPDATE_QE: Remedy = mend('update the Quoting Enclave (the DCAP package of the host)', 'platform-owner')

function levelFinding(state: DcapState): Finding {
  const { tcb } = state
  const missing = typeof tcb?.launch === 'string' ? tcb.launch : tcb?.current
  if (tcb !== undefined && typeof missing !== 'string') return pass(undefined, levelDetails(state))
  const { isvSvn } = state.quote.qe
  if (missing === 'qe')
    return fail(`the Quoting Enclave's SVN ${isvSvn} is below every level`, UPDATE_QE, {
      expected: lowestOf(valueOf(state.collateral.qeIdentity.content)),
      actual: `${isvSvn}`,
    })
  if (missing === 'module') return moduleFinding(state)
  return fail(
    `the platform is below every TCB level: ${shortfallText(state, 'lowest')}`,
    isShortOfTdx(state, 'lowest') ? UPDATE_TDX : UPDATE_PLATFORM,
    levelDetails(state),
  )
}

function lowestOf(identity: { readonly levels: readonly SvnLevel[] } | undefined): string {
  return `${identity?.levels.at(-1)?.isvSvn ?? 'none'} or more`
}

// The launch was judged first: where it has a level, what runs now has none.
function moduleFinding({ tcb, svns, collateral }: DcapState): Finding {
  const [svn = 0, version = 0] = (tcb?.launch === 'module' ? svns?.launch : svns?.current) ?? []
  const info = valueOf(collateral.tcbInfo.content)
  const identity = info === undefined ? undefined : moduleIdentityOf(info, version)
  return info !== undefined && identity === undefined
    ? fail(`the TCB info has no identity of TDX module version ${version}`, refetch('TCB info'), {
        actual: `${version}`,
      })
    : fail(`the TDX module's SVN ${svn} is below every level`, UPDATE_MODULE, {
        expected: lowestOf(identity),
        actual: `${svn}`,
      })
}

function statusFinding(state: DcapState): Finding {
  const status = state.tcb?.status ?? 'Revoked'
  const match = matched(state.tcb?.launch)
  // Of the launch and of now: an exception has to accept what either is known to have.
  const now = matched(state.tcb?.current)?.advisories ?? []
  const advisories = [...new Set([...(match?.advisories ?? []), ...(status === 'UpToDate' ? [] : now)])].sort()
  const details = {
    expected: 'UpToDate',
    actual: advisories.length > 0 ? `${status} (${advisories.join(', ')})` : status,
  }
  if (status === 'UpToDate') return pass(undefined, details)
  const { acceptTcb = [] } = state.expect
  const faults = acceptTcb.map((one) => exceptionFault(one, status, advisories, state.at))
  const exception = acceptTcb[faults.indexOf(undefined)]
  if (exception === undefined) {
    const remedy = statusRemedy(state, status, match)
    if (faults.length === 0) return fail(`the TCB is ${status}`, remedy, details)
    return fail(`the TCB is ${status}: ${faults.slice(0, MOST_TOLD).join('; ')}`, remedy, details)
  }
  const name = JSON.stringify(exception.name)
  return pass(`the TCB is ${status}, which you accept until ${exception.until} by the exception ${name}`, details)
}

// Exceptions that do not apply, as far as a reason tells of them.
const MOST_TOLD = 4

/** Why an exception does not apply; undefined when it does. */
function exceptionFault(
  { name, statuses, advisories: listed, until: end }: TcbException,
  status: string,
  advisories: readonly string[],
  at: number,
): string | undefined {
  const what = `the exception ${JSON.stringify(name)} does not apply`
  const until = parseIsoTime(end)
  if (until === undefined || at > until) return `${what}, as it ended at ${end}`
  if (!statuses.some((accepted) => accepted === status)) return `${what}, as it is for ${statuses.join(', ')}`
  const missing = advisories.filter((advisory) => !listed.includes(advisory))
  return missing.length === 0 ? undefined : `${what}, as it does not list ${missing.join(', ')}`
}

const HARDEN = 'build the workload with the mitigations of the advisories'

// Intel says of each component who updates it; of the highest level itself there is nothing above.
function platformUpdate(state: DcapState): string {
  if (isShortOfTdx(state, 'current')) return UPDATE_TDX.action
  const parties = updatersOf(state)
  return parties === undefined ? 'use another platform' : `${parties} from the platform owner`
}

function statusRemedy(state: DcapState, status: string, match: TcbMatch | undefined): Remedy {
  const accept = 'or accept this state by name with `acceptTcb`'
  if (status.startsWith('TDRelaunch'))
    return mend(`the TDX module was updated after the launch: relaunch the TD; ${accept}`, 'workload-owner')
  const parts: string[] = []
  const outdated = (part: { readonly status: string } | undefined, text: () => string): void => {
    if (part?.status.startsWith('OutOfDate') === true) parts.push(text())
  }
  outdated(match?.qe, () => {
    const needed = valueOf(state.collateral.qeIdentity.content)?.levels[0]?.isvSvn ?? 0
    return `the Quoting Enclave's SVN is ${match?.qe.isvSvn ?? 0}, the current level needs ${needed}: ${UPDATE_QE.action}`
  })
  outdated(match?.module, () => {
    const info = valueOf(state.collateral.tcbInfo.content)
    const needed = info && moduleIdentityOf(info, state.svns?.launch?.[1] ?? 0)?.levels[0]?.isvSvn
    return `the TDX module's SVN is ${match?.module?.isvSvn ?? 0}, the current level needs ${needed ?? 0}: ${UPDATE_MODULE.action}`
  })
  outdated(match?.platform, () => `${shortfallText(state, 'current')}: ${platformUpdate(state)}`)
  if (status.includes('Configuration')) parts.push('change the BIOS configuration as the advisories say')
  if (status.includes('SWHardening')) parts.push(HARDEN)
  return parts.length === 0
    ? mend(`${HARDEN}, ${accept}`, 'workload-owner')
    : mend(`${parts.join('; ')}; ${accept}`, 'platform-owner')
}

function evaluationFinding({ collateral, expect }: DcapState): Finding {
  const lower = Math.min(
    valueOf(collateral.tcbInfo.content)?.evaluationDataNumber ?? 0,
    valueOf(collateral.qeIdentity.content)?.evaluationDataNumber ?? 0,
  )
  const floor = expect.minTcbEvaluationDataNumber
  if (floor === undefined) return notApplicable(`you ask for no lowest evaluation data number; it is ${lower}`)
  return finding(
    lower >= floor,
    `the TCB was judged by the rules of evaluation data number ${lower}`,
    mend(`fetch TCB info and QE identity of evaluation data number ${floor} or later`),
    `${floor} or more`,
    `${lower}`,
  )
}

const CERTIFIED = ['pck.present', 'pck.extensions'] as const

function platformStep(name: string, check: (state: DcapState) => Finding): Step<DcapState> {
  return waivable(`platform.${name}`, PCK_PROFILE, CERTIFIED, check)
}

function wishStep(name: string, option: keyof PckConfiguration): Step<DcapState> {
  return platformStep(name, ({ expect, extensions }) => {
    const wished = expect.platform?.[option]
    const actual = extensions?.configuration?.[option]
    if (wished === undefined) return notApplicable('you did not say')
    if (actual === undefined)
      return unchecked(
        `the PCK certificate does not say: ${option}`,
        mend('waive this, or use a platform whose certificate says (Platform CA)'),
      )
    const change = `set ${option} to ${wished} in the BIOS and have the platform certified anew`
    return finding(
      actual === wished,
      `${option} is ${actual}`,
      mend(`${change}, or drop \`platform.${option}\``, 'platform-owner'),
      `${wished}`,
      `${actual}`,
    )
  })
}

function anchorFinding(state: DcapState): Finding {
  const chain = valueOf(state.pck)
  const anchor = chain === undefined ? undefined : state.anchorOf(chain)
  if (anchor === undefined) return unchecked('the root is not known', UPDATE_PLATFORM)
  return hardwareFinding(anchor, state.expect)
}

function idFinding({ expect, extensions }: DcapState): Finding {
  const ids = [extensions?.platformInstanceId, extensions?.ppid].filter((id) => id !== undefined).map(toHex)
  const actual = ids.find((id) => expect.hardwareIds?.includes(id) === true) ?? ids[0] ?? ''
  return compareOneOf({ what: 'the platform id', actual, option: 'hardwareIds' }, expect.hardwareIds, true)
}

/** Steps about the state of the TCB, and about how the platform is set up. */
export const TCB_GROUPS: readonly StepGroup<DcapState>[] = [
  {
    id: 'tcb',
    steps: [
      authentic(
        'tcb.level',
        QVL,
        [
          'tcb-info.present',
          'tcb-info.kind',
          'tcb-info.fmspc',
          'tcb-info.signature',
          'qe-identity.present',
          'qe-identity.kind',
          'qe-identity.signature',
          ...CERTIFIED,
        ],
        levelFinding,
      ),
      authentic('tcb.not-revoked', QVL, ['tcb.level'], ({ tcb }) =>
        finding(
          tcb?.status !== 'Revoked',
          'the TCB is revoked: Intel no longer vouches for it',
          UPDATE_PLATFORM,
          'not Revoked',
          tcb?.status ?? '',
        ),
      ),
      appraised('tcb.status', QVL, ['tcb.not-revoked'], statusFinding),
      appraised('tcb.evaluation-number', PCS, ['tcb.level'], evaluationFinding),
    ],
  },
  {
    id: 'platform',
    steps: [
      appraised('platform.hardware', PCK_PROFILE, ['pck.present', 'pck.root'], anchorFinding),
      platformStep('product', ({ expect, extensions }) =>
        compareOneOf(
          { what: 'the FMSPC', actual: extensions === undefined ? '' : toHex(extensions.fmspc), option: 'products' },
          expect.products,
          true,
        ),
      ),
      platformStep('id', idFinding),
      wishStep('smt', 'smtEnabled'),
      wishStep('dynamic', 'dynamicPlatform'),
      wishStep('cached-keys', 'cachedKeys'),
      platformStep('sgx-type', ({ expect, extensions }) =>
        compareOneOf(
          { what: 'the SGX type', actual: SGX_TYPES[extensions?.sgxType ?? -1] ?? '', option: 'platform.sgxTypes' },
          expect.platform?.sgxTypes,
          true,
        ),
      ),
    ],
  },
]
