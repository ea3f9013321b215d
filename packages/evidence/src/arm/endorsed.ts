import { type EvidenceError, refuse } from '../core/errors.ts'
import { isoTime } from '../core/time.ts'
import { ecSpki } from '../crypto/ec-key.ts'
import { type DigestJob, type EcKey, sha256 } from '../crypto/jobs.ts'

/** A platform's verification key (IAK). */
export interface EndorsedKey {
  readonly key: EcKey
  readonly spki: DigestJob
  /** Lower-case hex; undefined where the key counts for all. */
  readonly implementationId: string | undefined
  readonly instanceId: string | undefined
}

// ASCII "EMULATED".
const EMULATED_MARK = '454d554c41544544'

/**
 * Whether an implementation id, lower-case hex, is of an emulator: those of this project begin with ASCII "EMULATED". The
 * platform signs it, so that evidence says this of itself whatever its key was endorsed as.
 */
export function isEmulatedImplementation(implementationId: string): boolean {
  return implementationId.startsWith(EMULATED_MARK)
}

/** What an accepted component may be; undefined members are not compared. Lower-case hex. */
export interface ReferenceComponent {
  readonly type: string | undefined
  readonly version: string | undefined
  readonly signerId: string | undefined
  /** Any of these. */
  readonly measurements: readonly string[]
}

/** Accepted firmware of one implementation, or of one instance of it. */
export interface PlatformReference {
  readonly implementationId: string
  /** Lower-case hex; undefined where the values count for all instances. */
  readonly instanceId: string | undefined
  readonly components: readonly ReferenceComponent[]
  /** Value and mask of the platform's configuration, lower-case hex; a missing mask compares every bit. */
  readonly configuration: { readonly value: string; readonly mask: string | undefined } | undefined
}

/** One accepted realm; undefined members are not compared. Lower-case hex. */
export interface RealmReference {
  readonly initialMeasurement: string
  /** Of the device that the realm must be on. */
  readonly instanceId: string | undefined
  /** By number. */
  readonly extensibleMeasurements: readonly (string | undefined)[]
  readonly personalizationValue: string | undefined
}

/** What one part of the endorsements holds. */
export interface EndorsementPart {
  readonly keys?: readonly EndorsedKey[]
  readonly platforms?: readonly PlatformReference[]
  readonly realms?: readonly RealmReference[]
}

/** A CoRIM as read: what it holds, or why it cannot be read. */
export interface CorimContent extends EndorsementPart {
  /** From when it counts, where it or its signer says so. Milliseconds since 1970. */
  readonly from?: number
  /** Up to when it counts, where it or its signer says so. Milliseconds since 1970. */
  readonly until?: number
  /** The CoRIM without the signature that was around it. */
  readonly unsigned?: Uint8Array
  readonly error?: EvidenceError
}

/** The time that a CoRIM counts in, where it says so. */
export type CorimWindow = Pick<CorimContent, 'from' | 'until'>

/** @throws EvidenceError unless `at`, in milliseconds since 1970, lies within; its ends do */
export function assertWindow({ from, until }: CorimWindow, field: string, at: number): void {
  if (from !== undefined && at < from) throw refuse(field, `valid from ${isoTime(from)}`, `a CoRIM of ${isoTime(at)}`)
  if (until !== undefined && at > until)
    throw refuse(field, `valid until ${isoTime(until)}`, `a CoRIM of ${isoTime(at)}`)
}

/** An endorsed key with its digest yet to be computed. */
export function endorsedKey(
  key: EcKey,
  implementationId: string | undefined,
  instanceId: string | undefined,
): EndorsedKey {
  return { key, spki: sha256(ecSpki(key)), implementationId, instanceId }
}
