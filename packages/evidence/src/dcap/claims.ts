import { toHex } from '../core/bytes.ts'
import type { Assumption, Note, TcbClaim } from '../core/verdict.ts'
import { valueOf } from './part.ts'
import { type PckConfiguration, type PckExtensions, SGX_TYPES } from './pck.ts'
import { isZeroPadded } from './quote.ts'
import type { DcapState } from './state.ts'
import { matched, type TcbMatch } from './tcb.ts'

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

/** Platform claim of the evidence; undefined when the PCK certificate cannot be read. */
export function platformClaim(state: DcapState): PlatformClaim | undefined {
  const { extensions } = state
  if (extensions === undefined) return undefined
  const { configuration, platformInstanceId } = extensions
  const ca = caWord(valueOf(state.pck)?.first.issuer.commonName ?? '')
  return {
    ...(ca === undefined ? {} : { ca }),
    fmspc: toHex(extensions.fmspc),
    pceId: toHex(extensions.pceId),
    ppid: toHex(extensions.ppid),
    cpuSvn: toHex(extensions.cpuSvn),
    sgxType: SGX_TYPES[extensions.sgxType] ?? String(extensions.sgxType),
    ...(platformInstanceId === undefined ? {} : { platformInstanceId: toHex(platformInstanceId) }),
    ...(configuration === undefined ? {} : { configuration: known(configuration) }),
  }
}

function caWord(issuer: string): string | undefined {
  return issuer.includes('Platform') ? 'platform' : issuer.includes('Processor') ? 'processor' : undefined
}

function known(configuration: PckConfiguration): NonNullable<PlatformClaim['configuration']> {
  const { dynamicPlatform, cachedKeys, smtEnabled } = configuration
  return {
    ...(dynamicPlatform === undefined ? {} : { dynamicPlatform }),
    ...(cachedKeys === undefined ? {} : { cachedKeys }),
    ...(smtEnabled === undefined ? {} : { smtEnabled }),
  }
}

/** Quoting Enclave claim of the evidence. */
export function qeClaim({ quote }: DcapState): QeClaim {
  const { mrEnclave, mrSigner, isvProdId, isvSvn } = quote.qe
  return { mrEnclave: toHex(mrEnclave), mrSigner: toHex(mrSigner), isvProdId, isvSvn }
}

/** TCB claim of the evidence. `found` says whether the level was found by trusted rules. */
export function tcbClaim(state: DcapState, found: boolean): DcapTcbClaim {
  const tcbInfo = valueOf(state.collateral.tcbInfo.content)?.evaluationDataNumber
  const qeIdentity = valueOf(state.collateral.qeIdentity.content)?.evaluationDataNumber
  const launch = found ? matched(state.tcb?.launch) : undefined
  const current = found ? matched(state.tcb?.current) : undefined
  const status = found ? state.tcb?.status : undefined
  return {
    ...(status === undefined || launch === undefined ? {} : launchClaim(launch, status)),
    ...(current === undefined
      ? {}
      : { current: { status: current.status, date: current.date, advisories: current.advisories } }),
    evaluationDataNumbers: {
      ...(tcbInfo === undefined ? {} : { tcbInfo }),
      ...(qeIdentity === undefined ? {} : { qeIdentity }),
    },
    components: components(state),
  }
}

function launchClaim(launch: TcbMatch, status: string): Partial<DcapTcbClaim> {
  const { date, advisories, platform, qe, module } = launch
  return {
    status,
    date,
    advisories,
    platformStatus: platform.status,
    qeStatus: qe.status,
    ...(module === undefined ? {} : { moduleStatus: module.status }),
  }
}

function components({ extensions, svns, quote }: DcapState): Readonly<Record<string, number>> {
  const named: Record<string, number> = { qe: quote.qe.isvSvn }
  if (extensions !== undefined) nameSgx(named, extensions)
  for (let i = 0; svns !== undefined && i < svns.launch.length; i++)
    named[TDX_NAMES[i] as string] = svns.launch[i] as number
  return named
}

function nameSgx(named: Record<string, number>, extensions: PckExtensions): void {
  named.pce = extensions.pceSvn
  for (let i = 0; i < extensions.tcbComponents.length; i++)
    named[SGX_NAMES[i] as string] = extensions.tcbComponents[i] as number
}

const SGX_NAMES: readonly string[] = Array.from({ length: 16 }, (_, i) => `sgx${i + 1}`)
const TDX_NAMES: readonly string[] = Array.from({ length: 16 }, (_, i) => `tdx${i + 1}`)

/** What any Intel evidence relies on without proof. */
export function commonAssumptions({ extensions }: DcapState): readonly Assumption[] {
  const assumed: Assumption[] = [
    {
      id: 'vendor-keys',
      statement: "Intel's signing keys, and the platform's certified key, are known to nobody else",
      because: 'every signature of the evidence rests on them',
    },
  ]
  const type = SGX_TYPES[extensions?.sgxType ?? -1]
  if (type !== undefined && type !== 'standard') {
    assumed.push({
      id: 'no-physical-access',
      statement: 'nobody with physical access reads or replays memory on its bus',
      because: `the PCK certificate's SGX type is ${type}: memory is encrypted without protection from replay`,
    })
  }
  if (extensions?.configuration?.smtEnabled !== false) {
    assumed.push({
      id: 'smt',
      statement: 'no side channel leads over simultaneous multithreading to other workloads',
      because:
        extensions?.configuration?.smtEnabled === true
          ? "the PCK certificate's configuration says that SMT is enabled"
          : "the PCK certificate's configuration does not tell whether SMT is enabled",
    })
  }
  if (extensions?.configuration?.dynamicPlatform === true) {
    assumed.push({
      id: 'dynamic-platform',
      statement: 'processors added to the platform later are genuine',
      because: "the PCK certificate's configuration says that the platform is dynamic",
    })
  }
  return assumed
}

/** Facts about any Intel evidence that change no outcome. */
export function commonNotes(state: DcapState): readonly Note[] {
  const { quote } = state
  const notes: Note[] = []
  if (quote.padding.length > 0) {
    const zero = isZeroPadded(quote) ? 'all zero' : 'not all zero'
    notes.push({
      id: 'padding',
      text: `${quote.padding.length} bytes follow the signature section, ${zero}: nobody signed them, and they were ignored`,
    })
  }
  const early = valueOf(state.collateral.tcbInfo.content)?.evaluationDataNumber
  if (early !== undefined)
    notes.push({ id: 'tcb-evaluation-data-number', text: `the TCB was judged by evaluation data number ${early}` })
  if (quote.header.version > 3 && (quote.header.qeSvn !== 0 || quote.header.pceSvn !== 0)) {
    notes.push({ id: 'header-reserved', text: 'reserved bytes of the header are not zero' })
  }
  if (quote.qe.reportData.subarray(32).some((byte) => byte !== 0)) {
    notes.push({
      id: 'qe-report-data',
      text: "the second half of the QE report's REPORTDATA is not zero, as it is by convention",
    })
  }
  return notes
}
