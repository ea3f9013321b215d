import type { Part } from '../core/part.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import type { SignatureJob } from '../crypto/jobs.ts'
import type { Chain, NvidiaArchitecture } from './certificates.ts'
import type { NvidiaExpectations } from './expectations.ts'
import { namesIssuer, type OcspCandidate, type OcspResponse } from './ocsp.ts'
import type { NvidiaReport } from './report.ts'
import type { MeasurementComparison } from './rim/compare.ts'
import type { NvidiaRim } from './rim/manifest.ts'

/** The two manifests that a GPU has; a switch has only that of its VBIOS. */
export type RimKind = 'driver' | 'vbios'

/** A chain on the table, with its cryptography settled. */
export interface ChainView {
  readonly chain: Chain
  /** The anchor that the last certificate's key is; undefined when it is none. */
  readonly anchor: TrustAnchor | undefined
  /** Answers whose serial number is that of a certificate, in no order. */
  readonly candidates: readonly OcspCandidate[]
}

/** What the checks of chains, revocation and manifests read. */
export interface TrustState {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly expect: NvidiaExpectations
  readonly ocsp: readonly Part<OcspResponse>[]
  readonly rims: Readonly<Record<RimKind, Part<NvidiaRim>>>
  readonly rimViews: Readonly<Record<RimKind, ChainView | undefined>>
  /** What the manifests are compared with; undefined for a manifest that is judged alone. */
  readonly device: DeviceFacts | undefined
}

/** What a report says of its device. */
export interface DeviceFacts {
  readonly architecture: NvidiaArchitecture | undefined
  readonly isSwitch: boolean
  readonly versions: Readonly<Record<RimKind, string | undefined>>
  /** Names of the manifests in NVIDIA's service. */
  readonly rimIds: Readonly<Record<RimKind, string | undefined>>
}

/** What the checks of a device's chain read. */
export interface DeviceChainState extends TrustState {
  readonly chain: Part<Chain>
  readonly chainView: ChainView | undefined
}

/** Everything that the steps of a verification read. */
export interface NvidiaState extends DeviceChainState {
  readonly report: NvidiaReport
  readonly device: DeviceFacts
  /** Undefined when the signature cannot verify under any circumstances. */
  readonly signature: SignatureJob | undefined
  /** Hex of the requester's nonce. */
  readonly nonce: string
  /** Digest of the measurement record. */
  readonly measurement: string
  readonly fwid: Part<Uint8Array>
  readonly comparison: MeasurementComparison
  /** True when the device is judged as one of several, whose topology is judged with them. */
  readonly inNode: boolean
}

/** The latest answer for each certificate, by its place in the chain, that names its issuer. */
export function latestAnswers(view: ChainView): ReadonlyMap<number, OcspCandidate> {
  const known = LATEST.get(view)
  if (known !== undefined) return known
  const latest = new Map<number, OcspCandidate>()
  for (let position = 0; position < view.chain.certificates.length - 1; position++) {
    for (const one of view.candidates) {
      if (one.position !== position || !namesIssuer(one)) continue
      const other = latest.get(position)
      const later = one.answer.thisUpdate - (other?.answer.thisUpdate ?? 0)
      // Of two of one moment the worse counts, whichever was given first.
      if (other === undefined || later > 0 || (later === 0 && other.answer.status === 'good')) latest.set(position, one)
    }
  }
  LATEST.set(view, latest)
  return latest
}

// Each check of revocation asks, of views whose jobs are settled.
const LATEST: WeakMap<ChainView, ReadonlyMap<number, OcspCandidate>> = new WeakMap()
