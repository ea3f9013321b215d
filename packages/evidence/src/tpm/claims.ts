import { toHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import type { Assumption, Claims, Note } from '../core/verdict.ts'
import type { Attest } from '../tpm-structures/attest.ts'
import { attributeNames } from '../tpm-structures/public-area.ts'
import { akSpki } from './ak-steps.ts'
import type { BootFile, BootProgram, BootText, SecureBootKeys } from './boot/facts.ts'
import type { WindowsClaims } from './boot/windows.ts'
import type { TpmCertificateFacts } from './certificates.ts'
import type { GoogleInstance } from './instance.ts'
import { quotedValues, selectionText } from './quote-steps.ts'
import type { TpmState } from './state.ts'

/** What an event log proves of a boot: only of PCRs that are quoted and replay. */
export interface BootClaims {
  readonly bank: string
  /** PCRs that are quoted and replay; nothing else of the log counts. */
  readonly provenPcrs: readonly number[]
  readonly startupLocality: number
  readonly secureBoot?: boolean
  readonly secureBootKeys: Readonly<Record<string, SecureBootKeys>>
  readonly programs: readonly BootProgram[]
  /** The first 256, and how many more there are. */
  readonly texts: readonly BootText[]
  readonly textsLeftOut?: number
  /** What PCR 9 has of files that the boot loader read, kernel and initrd among them. */
  readonly files: readonly BootFile[]
  readonly leftFirmware: boolean
  /** Said by Google's firmware; no hardware vouches for it. */
  readonly googleTechnology?: string
  readonly windows?: WindowsClaims
}

/** What a quote claims, beside what all evidence does. 64-bit numbers are hex. */
export interface TpmClaims extends Claims {
  readonly tee: 'tpm'
  /** Quoted PCRs, e.g. `sha256:0,1,7`. */
  readonly selection: string
  readonly bank: string
  /** Values of the quoted PCRs of that bank, by number. */
  readonly pcrs: Readonly<Record<string, string>>
  readonly qualifiedSigner: string
  readonly extraData: string
  readonly clock: string
  readonly clockSafe: boolean
  readonly resetCount: number
  readonly restartCount: number
  readonly firmwareVersion: string
  readonly akSpkiSha256?: string
  readonly akName?: string
  readonly akAttributes?: readonly string[]
  /** Hierarchy that the AK is a primary key of: `endorsement`, `owner`, `platform`. */
  readonly akHierarchy?: string
  readonly tpm?: TpmCertificateFacts['tpm']
  readonly instance?: GoogleInstance
  readonly boot?: BootClaims
}

/** Claims of a quote; believable only as far as the verdict goes. */
export function tpmClaims(state: TpmState): TpmClaims {
  const { attest, anchor, ak, hex, bank, bound } = state
  const values = quotedValues(state) ?? {}
  const runtime: Record<string, string> = {}
  for (const [index, value] of Object.entries(values))
    if (/[^0]/.test(value) && /[^f]/.test(value)) runtime[`PCR${index}`] = value
  const facts = state.chain?.facts instanceof EvidenceError ? undefined : state.chain?.facts
  const spki = akSpki(state)
  const boot = bootClaims(state)
  return {
    tee: 'tpm',
    vendor: anchor?.vendor.toLowerCase().split(' ')[0] ?? 'unknown',
    ...(facts?.tpm.model === undefined ? {} : { product: facts.tpm.model }),
    isolation: 'none',
    hardware: bound?.holds === true || (anchor !== undefined && anchor.emulated !== true && anchor.vendor !== 'Google'),
    debug: false,
    launchMeasurement: hex.pcrDigest,
    runtimeMeasurements: runtime,
    tcb: { components: {} },
    selection: selectionText(state),
    bank,
    pcrs: values,
    qualifiedSigner: toHex(attest.qualifiedSigner),
    clockSafe: attest.clockInfo.safe,
    ...momentClaims(attest, hex.extraData),
    firmwareVersion: attest.firmwareVersion.toString(16).padStart(16, '0'),
    ...(spki === undefined ? {} : { akSpkiSha256: spki }),
    ...(ak?.name === undefined ? {} : { akName: ak.name }),
    ...(ak?.area === undefined ? {} : { akAttributes: attributeNames(ak.area) }),
    ...(ak?.hierarchy === undefined ? {} : { akHierarchy: ak.hierarchy }),
    ...(facts === undefined ? {} : { tpm: { ...facts.tpm } }),
    ...(facts?.instance === undefined ? {} : { instance: instanceClaim(facts.instance) }),
    ...(boot === undefined ? {} : { boot }),
  }
}

// A copy: what is remembered must not be changed through a verdict.
function instanceClaim({ security, ...instance }: GoogleInstance): GoogleInstance {
  return security === undefined ? instance : { ...instance, security: { ...security } }
}

/** Those claims that differ from one quote of a boot to the next. */
export function momentClaims(
  { clockInfo }: Pick<Attest, 'clockInfo'>,
  extraData: string,
): Pick<TpmClaims, 'userData' | 'extraData' | 'clock' | 'resetCount' | 'restartCount'> {
  const { clock, resetCount, restartCount } = clockInfo
  return { userData: extraData, extraData, clock: clock.toString(16), resetCount, restartCount }
}

function bootClaims({ log, bank }: TpmState): BootClaims | undefined {
  if (log?.explained === undefined) return undefined
  const { facts, windows } = log.explained
  const { secureBoot } = facts
  return {
    bank,
    provenPcrs: log.proven,
    startupLocality: log.measured.startupLocality,
    ...(secureBoot.enabled === undefined ? {} : { secureBoot: secureBoot.enabled }),
    secureBootKeys: secureBoot.keys,
    programs: facts.programs,
    texts: facts.texts,
    ...(facts.textsLeftOut === undefined ? {} : { textsLeftOut: facts.textsLeftOut }),
    files: facts.files,
    leftFirmware: facts.leftFirmware,
    ...(facts.googleTechnology === undefined ? {} : { googleTechnology: facts.googleTechnology }),
    ...(windows === undefined ? {} : { windows }),
  }
}

/** What a verdict about this quote relies on without evidence. */
export function tpmAssumptions(state: TpmState): readonly Assumption[] {
  const { ak, bound, anchor, role, akIsAnchor, log, expect } = state
  const assumed: Assumption[] = [
    {
      id: 'after-boot',
      statement: 'nobody with access to the running system changed it after its boot was measured',
      because: 'a TPM measures a boot and isolates nothing',
    },
  ]
  if (ak?.area === undefined) {
    assumed.push({
      id: 'ak-attributes',
      statement: 'the attestation key signs only what its TPM states',
      because: 'the evidence has the bare key, without its attributes',
    })
  }
  if (bound === undefined && anchor?.vendor === 'Google') {
    assumed.push({
      id: 'cloud-operator',
      statement: 'Google, whose software the virtual TPM is, does not turn against its customer',
      because: `the chain ends at ${anchor.name}`,
    })
  } else if (bound === undefined) {
    assumed.push({
      id: 'physical-attack',
      statement: 'nobody tapped or reset the TPM and fed it measurements of another boot',
      because: 'a discrete TPM believes what comes over its bus',
    })
  }
  if (bound === undefined && !akIsAnchor && state.chain !== undefined) {
    assumed.push({
      id: 'no-revocation',
      statement: 'none of the certificates was revoked',
      because: 'no revocation lists are looked at for TPMs',
    })
  }
  if (log?.explained?.windows !== undefined && expect.measurement === undefined && expect.pcrs?.['4'] === undefined) {
    assumed.push({
      id: 'windows-loader',
      statement: 'the entries of Windows in the log were written by its own boot manager',
      because: 'any system can extend PCR 11 to 14, and PCR 4, which tells what booted, is compared with nothing',
    })
  }
  if (role === 'ek' && state.chain !== undefined) {
    assumed.push({
      id: 'activation',
      statement: 'your credential activation was made as it should be, with a fresh secret',
      because: 'you passed its outcome',
    })
  }
  return assumed
}

/** Facts that change no outcome. */
export function tpmNotes({ log, attest }: TpmState): readonly Note[] {
  const notes: Note[] = []
  for (const { bank, differing } of log?.otherBanks ?? []) {
    notes.push({
      id: 'tpm.other-bank',
      text: `the log does not replay to PCR ${differing.join(', ')} of the ${bank} bank, which is not the one judged by`,
    })
  }
  const unlogged = log?.explained?.replay?.unlogged ?? []
  if (unlogged.length > 0)
    notes.push({
      id: 'tpm.unlogged',
      text: `by something that is not in the log these were extended: PCR ${unlogged.join(', ')}`,
    })
  if (!attest.clockInfo.safe) notes.push({ id: 'tpm.clock', text: 'the clock may have gone back' })
  if (log?.explained?.facts.leftFirmware === false)
    notes.push({
      id: 'tpm.log.no-exit',
      text: 'the log has no event of leaving the firmware: it was cut, or is of an old form',
    })
  return notes
}
