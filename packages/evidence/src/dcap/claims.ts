import { allZero, toHex } from '../core/bytes.ts'
import type { Assumption, Note, TcbClaim } from '../core/verdict.ts'
import { valueOf } from './part.ts'
import { type PckConfiguration, SGX_TYPES } from './pck.ts'
import type { DcapState } from './state.ts'
import { matched } from './tcb.ts'

/** State of the TCB, with what it was computed from. */
export interface DcapTcbClaim extends TcbClaim {
  /** Statuses of the parts, before they were put together. */
  readonly platformStatus?: string
  readonly qeStatus?: string
  readonly moduleStatus?: string
  /** TDX 1.5: judged with the SVNs of the TDX module that runs now, not those at launch of the TD. */
  readonly current?: { readonly status: string; readonly date: string; readonly advisories: readonly string[] }
  readonly evaluationDataNumbers: { readonly tcbInfo?: number; readonly qeIdentity?: number }
}

/** What the PCK certificate says about the platform; byte strings are hex. */
export interface PlatformClaim {
  /** `processor` or `platform`: which CA issued it. */
  readonly ca?: string
  readonly fmspc: string
  readonly pceId: string
  readonly ppid: string
  readonly cpuSvn: string
  readonly sgxType: string
  readonly platformInstanceId?: string
  readonly configuration?: { readonly [K in keyof PckConfiguration]?: boolean }
}

/** What the Quoting Enclave's report says; byte strings are hex. */
export interface QeClaim {
  readonly mrEnclave: string
  readonly mrSigner: string
  readonly isvProdId: number
  readonly isvSvn: number
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

// Optional members are set afterwards: copying with a spread costs more than the rest.
function platformClaim({ extensions, pck }: DcapState): PlatformClaim | undefined {
  if (extensions === undefined) return undefined
  const { configuration, platformInstanceId, fmspc, pceId, ppid, cpuSvn, sgxType } = extensions
  const claim: Mutable<PlatformClaim> = {
    fmspc: toHex(fmspc),
    pceId: toHex(pceId),
    ppid: toHex(ppid),
    cpuSvn: toHex(cpuSvn),
    sgxType: SGX_TYPES[sgxType] ?? `${sgxType}`,
  }
  const ca = caWord(valueOf(pck)?.first.issuer.commonName ?? '')
  if (ca !== undefined) claim.ca = ca
  if (platformInstanceId !== undefined) claim.platformInstanceId = toHex(platformInstanceId)
  if (configuration !== undefined) claim.configuration = known(configuration)
  return claim
}

function known(configuration: PckConfiguration): NonNullable<PlatformClaim['configuration']> {
  const said: { -readonly [K in keyof PckConfiguration]?: boolean } = {}
  for (const name of ['dynamicPlatform', 'cachedKeys', 'smtEnabled'] as const) {
    const value = configuration[name]
    if (value !== undefined) said[name] = value
  }
  return said
}

function caWord(issuer: string): string | undefined {
  return issuer.includes('Platform') ? 'platform' : issuer.includes('Processor') ? 'processor' : undefined
}

/** Claims of any Intel evidence about the platform and its Quoting Enclave. */
export interface VendorClaims {
  readonly vendor: 'intel'
  readonly product?: string
  readonly hardwareId?: string
  readonly platform?: PlatformClaim
  readonly qe: QeClaim
}

/** What certificate and QE report of the evidence claim. */
export function vendorClaims(state: DcapState): VendorClaims {
  const { mrEnclave, mrSigner, isvProdId, isvSvn } = state.quote.qe
  const qe = { mrEnclave: toHex(mrEnclave), mrSigner: toHex(mrSigner), isvProdId, isvSvn }
  const platform = platformClaim(state)
  if (platform === undefined) return { vendor: 'intel', qe }
  const hardwareId = platform.platformInstanceId ?? platform.ppid
  return { vendor: 'intel', product: platform.fmspc, hardwareId, platform, qe }
}

/** TCB claim of the evidence. `found` says whether the level was found by trusted rules. */
export function tcbClaim(state: DcapState, found: boolean): DcapTcbClaim {
  const { tcbInfo, qeIdentity } = state.collateral
  const tcb = found ? state.tcb : undefined
  const launch = matched(tcb?.launch)
  const current = matched(tcb?.current)
  const numbers: Mutable<DcapTcbClaim['evaluationDataNumbers']> = {}
  const info = valueOf(tcbInfo.content)
  const identity = valueOf(qeIdentity.content)
  if (info !== undefined) numbers.tcbInfo = info.evaluationDataNumber
  if (identity !== undefined) numbers.qeIdentity = identity.evaluationDataNumber
  const claim: Mutable<DcapTcbClaim> = { evaluationDataNumbers: numbers, components: components(state) }
  if (launch !== undefined && tcb?.status !== undefined) {
    claim.status = tcb.status
    claim.date = launch.date
    claim.advisories = launch.advisories
    claim.platformStatus = launch.platform.status
    claim.qeStatus = launch.qe.status
    if (launch.module !== undefined) claim.moduleStatus = launch.module.status
  }
  if (current !== undefined)
    claim.current = { status: current.status, date: current.date, advisories: current.advisories }
  return claim
}

function components({ extensions, svns, quote }: DcapState): Readonly<Record<string, number>> {
  // A copy has the names already: adding three dozen of them takes longer.
  const named: Record<string, number> =
    extensions === undefined ? {} : { ...(svns === undefined ? SGX_ZERO : TDX_ZERO) }
  named['qe'] = quote.qe.isvSvn
  if (extensions !== undefined) {
    named['pce'] = extensions.pceSvn
    for (let i = 0; i < 16; i++) named[SGX_NAMES[i] as string] = extensions.tcbComponents[i] as number
  }
  if (svns !== undefined) for (let i = 0; i < 16; i++) named[TDX_NAMES[i] as string] = svns.launch[i] as number
  return named
}

const SGX_NAMES: readonly string[] = Array.from({ length: 16 }, (_, i) => `sgx${i + 1}`)
const TDX_NAMES: readonly string[] = Array.from({ length: 16 }, (_, i) => `tdx${i + 1}`)
const SGX_ZERO = zeros(['qe', 'pce', ...SGX_NAMES])
const TDX_ZERO = zeros(['qe', 'pce', ...SGX_NAMES, ...TDX_NAMES])

function zeros(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name) => [name, 0]))
}

/** What any Intel evidence relies on without proof. */
export function commonAssumptions({ extensions, collateral }: DcapState): readonly Assumption[] {
  const assumed: Assumption[] = []
  const assume = (id: string, statement: string, because: string): void => {
    assumed.push({ id, statement, because })
  }
  assume(
    'vendor-keys',
    "nobody else knows Intel's signing keys and the platform's certified key",
    'every signature rests on them',
  )
  if (collateral.rootCrl.state === 'absent' || collateral.pckCrl.state === 'absent')
    assume('not-revoked', 'Intel has not revoked the platform or its CA', 'a revocation list is missing')
  const certified = (words: string): string => `the PCK certificate ${words}`
  const type = SGX_TYPES[extensions?.sgxType ?? -1]
  const { smtEnabled, dynamicPlatform } = extensions?.configuration ?? {}
  if (type !== undefined && type !== 'standard')
    assume(
      'no-physical-access',
      'nobody with physical access reads or replays memory on its bus',
      certified(`says SGX type ${type}: memory is encrypted, and may be replayed`),
    )
  if (smtEnabled !== false)
    assume(
      'smt',
      'no side channel leads over SMT to other workloads',
      certified(smtEnabled === true ? 'says that SMT is on' : 'does not say whether SMT is on'),
    )
  if (dynamicPlatform === true)
    assume(
      'dynamic-platform',
      'processors added to the platform later are genuine',
      certified('says that the platform is dynamic'),
    )
  return assumed
}

/** Facts about any Intel evidence that change no outcome. */
export function commonNotes({ quote, collateral }: DcapState): readonly Note[] {
  const { padding, header, qe } = quote
  const notes: Note[] = []
  const note = (id: string, text: string): void => {
    notes.push({ id, text })
  }
  if (padding.length > 0) {
    const zero = allZero(padding) ? 'all zero' : 'not all zero'
    note('padding', `${padding.length} bytes, ${zero}, follow the signature section: unsigned, and ignored`)
  }
  const numbers: number[] = []
  for (const one of [valueOf(collateral.tcbInfo.content), valueOf(collateral.qeIdentity.content)])
    if (one !== undefined) numbers.push(one.evaluationDataNumber)
  if (numbers.length > 0)
    note('tcb-evaluation-data-number', `the TCB was judged by evaluation data number ${Math.min(...numbers)}`)
  if (header.version > 3 && (header.qeSvn !== 0 || header.pceSvn !== 0))
    note('header-reserved', 'reserved bytes of the header are not zero')
  if (!allZero(qe.reportData.subarray(32)))
    note('qe-report-data', "the second half of the QE report's REPORTDATA is not zero")
  return notes
}
