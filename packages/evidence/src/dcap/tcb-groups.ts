import { toHex } from '../core/bytes.ts'
import { compareOneOf, hardwareFinding } from '../core/compare.ts'
import { fail, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import { parseIsoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { QVL } from './chain-steps.ts'
import type { TcbException } from './expectations.ts'
import { valueOf } from './part.ts'
import { type PckConfiguration, SGX_TYPES } from './pck.ts'
import { shortfallText } from './shortfall.ts'
import type { DcapState } from './state.ts'
import { matched, type TcbMatch } from './tcb.ts'

/** Steps about the state of the TCB, and about how the platform is set up. */
export function tcbGroups(tee: 'sgx' | 'tdx'): readonly StepGroup<DcapState>[] {
  return [
    { id: `${tee}.tcb`, title: 'State of the trusted computing base', steps: tcbSteps(tee) },
    { id: `${tee}.platform`, title: 'Platform', steps: platformSteps(tee) },
  ]
}

function tcbSteps(tee: string): readonly Step<DcapState>[] {
  const found = `${tee}.tcb.level`
  const source = `${QVL}, "TCB status"`
  return [
    {
      id: found,
      title: 'Platform, Quoting Enclave and TDX module match a TCB level',
      phase: 'authenticity',
      source,
      needs: [
        'tcb-info.present',
        'tcb-info.kind',
        'tcb-info.fmspc',
        'tcb-info.signature',
        'qe-identity.present',
        'qe-identity.kind',
        'qe-identity.signature',
        'pck.present',
        'pck.extensions',
      ].map((id) => `${tee}.${id}`),
      check: levelFinding,
    },
    {
      id: `${tee}.tcb.not-revoked`,
      title: 'The matched TCB levels are not revoked',
      phase: 'authenticity',
      source,
      needs: [found],
      check: ({ tcb }) =>
        tcb?.status === 'Revoked'
          ? fail('the TCB is revoked: Intel no longer vouches for it', UPDATE_PLATFORM, { actual: 'Revoked' })
          : pass('Intel still vouches for it', { actual: tcb?.status ?? '' }),
    },
    {
      id: `${tee}.tcb.status`,
      title: 'The TCB is up to date, or you accept its state',
      phase: 'appraisal',
      source,
      needs: [`${tee}.tcb.not-revoked`],
      check: statusFinding,
    },
    {
      id: `${tee}.tcb.evaluation-number`,
      title: 'The TCB was judged by recent enough rules',
      phase: 'appraisal',
      source: 'Intel PCS API documentation version 4, "TCB evaluation data numbers"',
      needs: [found],
      check: evaluationFinding,
    },
  ]
}

const UPDATE_PLATFORM: Remedy = {
  action: 'update BIOS and microcode, and have the platform certified anew; or run the workload on another platform',
  by: 'platform-owner',
}
const UPDATE_MODULE: Remedy = { action: 'update the TDX module on the host and relaunch the TD', by: 'platform-owner' }
const UPDATE_QE: Remedy = { action: 'update the Quoting Enclave (the DCAP package of the host)', by: 'platform-owner' }

function levelFinding(state: DcapState): Finding {
  const { tcb } = state
  const missing =
    typeof tcb?.launch === 'string' ? tcb.launch : typeof tcb?.current === 'string' ? tcb.current : undefined
  if (tcb !== undefined && missing === undefined) return pass('each matches a level')
  switch (missing) {
    case 'qe':
      return fail(`the Quoting Enclave's SVN ${state.quote.qe.isvSvn} is below every level`, UPDATE_QE)
    case 'module':
      return fail(
        `the TDX module's SVN ${toHex(state.svns?.launch.subarray(0, 2) ?? new Uint8Array(0))} is below every level`,
        UPDATE_MODULE,
      )
    default:
      return fail(
        `the platform is below every TCB level that Intel lists: ${shortfallText(state, 'lowest')}`,
        UPDATE_PLATFORM,
      )
  }
}

function statusFinding(state: DcapState): Finding {
  const status = state.tcb?.status ?? 'Revoked'
  const advisories = matched(state.tcb?.launch)?.advisories ?? []
  const details = {
    expected: 'UpToDate',
    actual: advisories.length > 0 ? `${status} (${advisories.join(', ')})` : status,
  }
  if (status === 'UpToDate') return pass('the TCB is up to date', details)
  const exception = state.expect.acceptTcb?.find((one) => applies(one, status, advisories, state.at))
  if (exception !== undefined) {
    return pass(
      `the TCB is ${status}, which you accept until ${exception.until} by the exception ${JSON.stringify(exception.name)}`,
      details,
    )
  }
  return fail(`the TCB is ${status}`, statusRemedy(state, status, matched(state.tcb?.launch)), details)
}

function applies(one: TcbException, status: string, advisories: readonly string[], at: number): boolean {
  const until = parseIsoTime(one.until)
  return (
    until !== undefined &&
    at <= until &&
    one.statuses.some((accepted) => accepted === status) &&
    advisories.every((advisory) => one.advisories.includes(advisory))
  )
}

function statusRemedy(state: DcapState, status: string, match: TcbMatch | undefined): Remedy {
  const accept = 'or accept this state by name with `acceptTcb`'
  if (status.startsWith('TDRelaunch'))
    return { action: `the TDX module was updated after the launch: relaunch the TD; ${accept}`, by: 'workload-owner' }
  const parts: string[] = []
  if (match?.qe.status.startsWith('OutOfDate') === true) {
    parts.push(
      `the Quoting Enclave's SVN is ${match.qe.isvSvn}, the current level needs ${valueOf(state.collateral.qeIdentity.content)?.levels[0]?.isvSvn ?? 'more'}: ${UPDATE_QE.action}`,
    )
  }
  if (match?.module?.status.startsWith('OutOfDate') === true)
    parts.push(`the TDX module's level ${match.module.isvSvn} is out of date: ${UPDATE_MODULE.action}`)
  if (match?.platform.status.startsWith('OutOfDate') === true)
    parts.push(`${shortfallText(state, 'current')}: BIOS update from the platform owner`)
  if (status.includes('Configuration')) parts.push('change the BIOS configuration as the advisories say')
  if (parts.length === 0)
    return {
      action: `build the workload with the mitigations of the advisories, then accept this state with \`acceptTcb\``,
      by: 'workload-owner',
    }
  return { action: `${parts.join('; ')}; ${accept}`, by: 'platform-owner' }
}

function evaluationFinding({ collateral, expect }: DcapState): Finding {
  const numbers = [valueOf(collateral.tcbInfo.content), valueOf(collateral.qeIdentity.content)].map(
    (one) => one?.evaluationDataNumber ?? 0,
  )
  const lower = Math.min(...numbers)
  const floor = expect.minTcbEvaluationDataNumber
  if (floor === undefined) return notApplicable(`you ask for no lowest evaluation data number; it is ${lower}`)
  const details = { expected: `${floor} or more`, actual: String(lower) }
  if (lower >= floor) return pass('it was', details)
  return fail(
    `the TCB was judged by the rules of evaluation data number ${lower}`,
    { action: `fetch TCB info and QE identity of evaluation data number ${floor} or later`, by: 'relying-party' },
    details,
  )
}

function platformSteps(tee: string): readonly Step<DcapState>[] {
  const certified = [`${tee}.pck.present`, `${tee}.pck.extensions`]
  const source = 'Intel SGX PCK Certificate and CRL Profile Specification, section 1.3.5'
  const step = (name: string, title: string, check: (state: DcapState) => Finding): Step<DcapState> => ({
    id: `${tee}.platform.${name}`,
    title,
    phase: 'appraisal',
    source,
    waivable: true,
    needs: certified,
    check,
  })
  const wish = (name: string, member: keyof PckConfiguration, what: string): Step<DcapState> =>
    step(name, `${what} is as you wish`, (state) =>
      wishFinding(state.expect.platform?.[member], state.extensions?.configuration?.[member], member, what),
    )
  return [
    {
      id: `${tee}.platform.hardware`,
      title: "The root is a hardware vendor's",
      phase: 'appraisal',
      source,
      needs: [`${tee}.pck.present`, `${tee}.pck.root`],
      check: anchorFinding,
    },
    step('product', 'The platform is of a family you accept', ({ expect, extensions }) =>
      compareOneOf(
        { what: 'the FMSPC', actual: toHex(extensions?.fmspc ?? NOTHING), option: 'products' },
        expect.products,
        true,
      ),
    ),
    step('id', 'The platform is one you know', idFinding),
    wish('smt', 'smtEnabled', 'Simultaneous multithreading'),
    wish('dynamic', 'dynamicPlatform', 'Dynamic platform'),
    wish('cached-keys', 'cachedKeys', 'Caching of platform keys'),
    step('sgx-type', 'The memory protection is of a type you accept', ({ expect, extensions }) =>
      compareOneOf(
        { what: 'the SGX type', actual: SGX_TYPES[extensions?.sgxType ?? -1] ?? '', option: 'platform.sgxTypes' },
        expect.platform?.sgxTypes,
        true,
      ),
    ),
  ]
}

const NOTHING: Uint8Array = new Uint8Array(0)

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

function wishFinding(wished: boolean | undefined, actual: boolean | undefined, option: string, what: string): Finding {
  if (wished === undefined) return notApplicable('you did not say')
  if (actual === undefined) {
    return unchecked(`the PCK certificate does not say: ${what}`, {
      action: `waive this, or use a platform whose certificate says (Platform CA)`,
      by: 'relying-party',
    })
  }
  const details = { expected: String(wished), actual: String(actual) }
  if (actual === wished) return pass('it is', details)
  return fail(
    `${what} is ${actual ? 'on' : 'off'}`,
    {
      action: `turn it ${wished ? 'on' : 'off'} in the BIOS and have the platform certified anew, or drop \`platform.${option}\``,
      by: 'platform-owner',
    },
    details,
  )
}
