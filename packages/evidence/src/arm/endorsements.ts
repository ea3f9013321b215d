import { EvidenceError } from '../core/errors.ts'
import {
  assertWindow,
  type CorimContent,
  type CorimWindow,
  type EndorsedKey,
  type EndorsementPart,
  type PlatformReference,
  type RealmReference,
} from './endorsed.ts'
import { readKeys, readReferenceValues } from './endorsements-json.ts'

/**
 * What the caller knows of platforms of Arm's architecture. There is no global root: whoever supplies
 * these decides which devices are believed. Nothing here comes from the evidence.
 */
export interface ArmEndorsementsInput {
  /**
   * Verification keys, as JSON: one JWK, or a list of objects with `pkey` (a JWK), and optionally
   * `implementation-id` and `instance-id` in hex, for which alone the key counts.
   */
  readonly keys?: string
  /** Reference values, as JSON with the members `platform` and `realm`. */
  readonly referenceValues?: string
  /** CoRIM documents, as `readCorim` gives them, or of signed ones `verifyCorim`. */
  readonly corims?: readonly CorimContent[]
}

/** Endorsements as read; what could not be read is named. */
export interface ArmEndorsements {
  readonly keys: readonly EndorsedKey[]
  readonly platforms: readonly PlatformReference[]
  readonly realms: readonly RealmReference[]
  /** Name of the first part that cannot be read, and why. */
  readonly error: { readonly part: string; readonly error: EvidenceError } | undefined
}

/** Endorsements that were read once and can be used for many verifications; their keys stay imported. */
export class PreparedArmEndorsements implements ArmEndorsements {
  readonly keys: readonly EndorsedKey[]
  readonly platforms: readonly PlatformReference[]
  readonly realms: readonly RealmReference[]
  readonly error: ArmEndorsements['error']
  readonly #windows: readonly (readonly [part: string, window: CorimWindow])[]

  constructor(input: ArmEndorsementsInput) {
    const read: EndorsementPart[] = []
    let failed: ArmEndorsements['error']
    const take = (part: string, reader: () => EndorsementPart): void => {
      try {
        read.push(reader())
      } catch (error) {
        if (!(error instanceof EvidenceError)) throw error
        failed ??= { part, error }
      }
    }
    const { keys, referenceValues, corims = [] } = input
    if (keys !== undefined) take('the keys', () => ({ keys: readKeys(keys) }))
    if (referenceValues !== undefined) take('the reference values', () => readReferenceValues(referenceValues))
    const windows: (readonly [string, CorimWindow])[] = []
    for (const [i, { error, unsigned: _unsigned, from, until, ...part }] of corims.entries()) {
      read.push(part)
      const name = `CoRIM ${i + 1}`
      if (error !== undefined) failed ??= { part: name, error }
      if (from !== undefined || until !== undefined)
        windows.push([name, { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) }])
    }
    this.keys = read.flatMap((part) => part.keys ?? [])
    this.platforms = read.flatMap((part) => part.platforms ?? [])
    this.realms = read.flatMap((part) => part.realms ?? [])
    this.error = failed
    this.#windows = windows
  }

  /** The endorsements as they count at a time, in milliseconds since 1970: a CoRIM that is not in date is an error. */
  countingAt(at: number): ArmEndorsements {
    for (const [part, window] of this.#windows) {
      try {
        assertWindow(window, 'corim.rim-validity', at)
      } catch (error) {
        if (!(error instanceof EvidenceError)) throw error
        const { keys, platforms, realms } = this
        return { keys, platforms, realms, error: this.error ?? { part, error } }
      }
    }
    return this
  }
}

/** Reads endorsements once, for many verifications. Never throws for what they hold: a part that cannot be read fails a check. */
export function prepareArmEndorsements(input: ArmEndorsementsInput): PreparedArmEndorsements {
  return new PreparedArmEndorsements(input)
}

/**
 * The keys that count for a device: of those that fit, the ones that name it most closely. A device may have several,
 * from before and after its key was changed, say. None when endorsements could not be read.
 */
export function keysFor(
  { keys, error }: ArmEndorsements,
  implementationId: string,
  instanceId: string,
): readonly EndorsedKey[] {
  if (error !== undefined) return []
  const fitting = keys.filter(
    (one) =>
      (one.implementationId ?? implementationId) === implementationId && (one.instanceId ?? instanceId) === instanceId,
  )
  const named = (one: EndorsedKey): number =>
    (one.instanceId === undefined ? 0 : 2) + (one.implementationId === undefined ? 0 : 1)
  const closest = Math.max(...fitting.map(named))
  return fitting.filter((one) => named(one) === closest)
}

/** What is given with a token, read unless it was, as it counts at a time in milliseconds since 1970. */
export function endorsementsAt(
  given: ArmEndorsementsInput | PreparedArmEndorsements | undefined,
  at: number,
): ArmEndorsements {
  const prepared = given instanceof PreparedArmEndorsements ? given : new PreparedArmEndorsements(given ?? {})
  return prepared.countingAt(at)
}
