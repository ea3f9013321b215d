import type { VerifyOptions } from '../../src/core/options.ts'
import type { Check, Claims, TrustAnchor, Verdict } from '../../src/core/verdict.ts'
import type { Story } from '../../src/crypto/story.ts'
import type { DcapCollateral, DcapCollateralInput } from '../../src/dcap/collateral.ts'
import type { TcbException } from '../../src/dcap/expectations.ts'
import type { TcbStatus } from '../../src/dcap/tcb.ts'
import { PLATFORM_STATUSES } from '../../src/dcap/tcb-info.ts'
import type { SgxClaims } from '../../src/sgx/claims.ts'
import { sgxStory, verifySgxSync } from '../../src/sgx/verify.ts'
import type { SnpCollateral, SnpCollateralInput } from '../../src/snp/collateral.ts'
import type { SnpExpectations } from '../../src/snp/expectations.ts'
import { snpStory, verifySnpSync } from '../../src/snp/verify.ts'
import type { TdxClaims } from '../../src/tdx/claims.ts'
import type { TdxExpectations } from '../../src/tdx/expectations.ts'
import { tdxStory, verifyTdxSync } from '../../src/tdx/verify.ts'

interface Common {
  /** Folder and name of a vector, or what the test kit was asked for. */
  readonly name: string
  readonly evidence: Uint8Array
  /** Undefined: the vendor's own. */
  readonly anchors: readonly TrustAnchor[] | undefined
  /** Milliseconds since 1970. */
  readonly at: number
}

/** Accepted SGX or TDX evidence with its collateral: plain data, so that it can be sent to a worker. */
export interface IntelSubject extends Common {
  readonly tee: 'sgx' | 'tdx'
  readonly collateral: DcapCollateralInput
}

/** Accepted SNP evidence with its collateral. */
export interface SnpSubject extends Common {
  readonly tee: 'snp'
  readonly collateral: SnpCollateralInput
}

export type Subject = IntelSubject | SnpSubject

/** What is expected of a subject: exactly what its undamaged evidence says. */
export interface Baseline<E> {
  readonly expect: E
  readonly waive: readonly string[]
  readonly verdict: Verdict<Claims>
}

/** Tells the story of a verification to its end. */
export type Tell = <T>(story: Story<T>) => T

/** What spares a verification work; without it, it goes through the public door. */
interface Speed extends Pick<VerifyOptions, 'memory'> {
  readonly tell?: Tell
}

function common(subject: Subject): Pick<VerifyOptions, 'at' | 'trustAnchors'> {
  return { at: new Date(subject.at), ...(subject.anchors === undefined ? {} : { trustAnchors: subject.anchors }) }
}

/** Verifies Intel evidence as `baseline` has it. */
export function judgeIntel(
  subject: IntelSubject,
  evidence: Uint8Array,
  collateral: DcapCollateralInput | DcapCollateral,
  { expect, waive }: Pick<Baseline<TdxExpectations>, 'expect' | 'waive'>,
  { tell, ...speed }: Speed = {},
): Verdict<SgxClaims | TdxClaims> {
  const options = { ...common(subject), ...speed, collateral, expect, waive }
  if (tell === undefined)
    return subject.tee === 'sgx' ? verifySgxSync(evidence, options) : verifyTdxSync(evidence, options)
  return subject.tee === 'sgx' ? tell(sgxStory(evidence, options)) : tell(tdxStory(evidence, options))
}

/** Expectations of an Intel subject, out of its own evidence, and the verdict about it under them. */
export function intelBaseline(subject: IntelSubject): Baseline<TdxExpectations> {
  const { claims } = judgeIntel(subject, subject.evidence, subject.collateral, { expect: {}, waive: [] })
  const { status, advisories = [] } = claims.tcb
  const acceptTcb: readonly TcbException[] | undefined =
    status === undefined || status === 'UpToDate' || status === 'Revoked'
      ? undefined
      : [{ name: 'this one', statuses: [statusOf(status)], advisories, until: '2100-01-01T00:00:00Z' }]
  const expect: TdxExpectations = {
    measurement: [claims.launchMeasurement],
    reportData: claims.userData,
    reportDataIsFresh: true,
    allowDebug: true,
    allowEmulated: true,
    ...(claims.hostData === undefined ? {} : { hostData: [claims.hostData] }),
    ...(acceptTcb === undefined ? {} : { acceptTcb }),
    ...(claims.tee === 'tdx' ? tdxOnly(claims) : {}),
  }
  const waive = subject.tee === 'tdx' ? ['tdx.td.reserved-attributes'] : []
  return { expect, waive, verdict: judgeIntel(subject, subject.evidence, subject.collateral, { expect, waive }) }
}

function statusOf(word: string): TcbStatus {
  const status = STATUSES.find((one) => one === word)
  if (status === undefined) throw new Error(`there is no TCB status ${word}`)
  return status
}

const STATUSES: readonly TcbStatus[] = [
  ...PLATFORM_STATUSES,
  'TDRelaunchAdvised',
  'TDRelaunchAdvisedConfigurationNeeded',
]

function tdxOnly(claims: TdxClaims): TdxExpectations {
  const { rtmr0 = '', rtmr1 = '', rtmr2 = '', rtmr3 = '' } = claims.runtimeMeasurements
  return {
    rtmr0: [rtmr0],
    rtmr1: [rtmr1],
    rtmr2: [rtmr2],
    rtmr3: [rtmr3],
    mrOwner: [claims.mrOwner],
    mrOwnerConfig: [claims.mrOwnerConfig],
    allowSeptVeDisableOff: true,
    ...(claims.mrServiceTd === undefined ? {} : { mrServiceTd: [claims.mrServiceTd] }),
  }
}

/** Verifies SNP evidence as `baseline` has it. */
export function judgeSnp(
  subject: SnpSubject,
  evidence: Uint8Array,
  collateral: SnpCollateralInput | SnpCollateral,
  { expect, waive }: Pick<Baseline<SnpExpectations>, 'expect' | 'waive'>,
  { tell }: Pick<Speed, 'tell'> = {},
): Verdict<Claims> {
  const options = { ...common(subject), collateral, expect, waive }
  return tell === undefined ? verifySnpSync(evidence, options) : tell(snpStory(evidence, options))
}

/** Expectations of an SNP subject, out of its own evidence, and the verdict about it under them. */
export function snpBaseline(subject: SnpSubject): Baseline<SnpExpectations> {
  const first = judgeSnp(subject, subject.evidence, subject.collateral, { expect: {}, waive: [] })
  const { claims } = first
  const expect: SnpExpectations = {
    measurement: [claims.launchMeasurement],
    reportData: claims.userData,
    reportDataIsFresh: true,
    vmpl: [0, 1, 2, 3],
    minTcb: { microcode: 0 },
    allowDebug: true,
    allowEmulated: true,
    allowMigrationAgent: true,
    allowHostRequested: true,
    ...(claims.hostData === undefined ? {} : { hostData: [claims.hostData] }),
  }
  const waive = allChecks(first).some((check) => check.id === 'snp.crl.present' && check.outcome === 'unchecked')
    ? ['snp.crl.present']
    : []
  return { expect, waive, verdict: judgeSnp(subject, subject.evidence, subject.collateral, { expect, waive }) }
}

/** All checks of a verdict. */
export function allChecks(verdict: Verdict<Claims>): readonly Check[] {
  return verdict.checks.flatMap((group) => group.checks)
}

/** Ids of the checks that speak against the evidence by themselves: they failed, or could not be made for want of something. */
export function objections(verdict: Verdict<Claims>): readonly string[] {
  const ids: string[] = []
  // Asked of every damaged byte: no lists in between.
  for (const { checks } of verdict.checks) for (const check of checks) if (objects(check)) ids.push(check.id)
  return ids
}

function objects({ outcome, blockedBy, waived }: Check): boolean {
  return outcome === 'fail' || (outcome === 'unchecked' && blockedBy === undefined && waived !== true)
}
