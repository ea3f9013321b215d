import { equalBytes, toHex } from '../core/bytes.ts'
import type { DigestAlgorithm, DigestJob } from '../crypto/jobs.ts'
import { type Detail, detailsOf, grubLabel } from './details.ts'
import { EV, eventType } from './event-types.ts'
import { readVariable } from './uefi.ts'

/** Bytes whose digest an event's digest may be, found in the event itself. */
export interface Preimage {
  readonly job: DigestJob
  /** `all`: every detail is covered. `core`: only the details marked so. */
  readonly covers: 'all' | 'core'
}

/** One event of a log in any format, with what is needed to explain it. */
export interface LoggedEvent {
  /** Position in the log, from 0. */
  readonly number: number
  /** Name of the register, e.g. `rtmr1` or `pcr7`; undefined when the event belongs to none. */
  readonly register: string | undefined
  /** Whether a replay extends the register with the digest. */
  readonly extends: boolean
  readonly type: number
  /** Empty when the event has none in the algorithm looked at. */
  readonly digest: Uint8Array
  readonly data: Uint8Array
  /** Name that a JSON log gives the event. */
  readonly name?: string
  /** Settle their jobs before the event is explained. */
  readonly preimages: readonly Preimage[]
  readonly details: readonly Detail[]
}

/** What is known of one event, for people and for policies. */
export interface ExplainedEvent {
  readonly number: number
  readonly register: string | undefined
  readonly type: number
  /** e.g. `EV_EFI_ACTION`. The log says so; no register covers an event's type. */
  readonly typeName: string
  /** Lower-case hex. */
  readonly digest: string
  /**
   * `digest recomputed`: `facts` were measured, as their digest is the event's. `unbound`: the digest
   * is over something that is not in the log, or the data was changed; there are no facts.
   */
  readonly bound: 'digest recomputed' | 'unbound'
  /** What the measurement covers: as believable as the register it was extended into. */
  readonly facts: readonly Detail[]
  /** What the log says and no digest covers: anybody who handled the log can have changed it. */
  readonly claims: readonly Detail[]
  /** One plain sentence. Says `the log claims` before everything that nothing covers. */
  readonly text: string
}

/**
 * The byte strings of an event that its digest may be over, each with the job that finds out.
 *
 * @see TCG PC Client Platform Firmware Profile 1.06, section 10.4; the GNU GRUB manual, section "Measured Boot"
 */
export function preimagesOf(type: number, data: Uint8Array, algorithm: DigestAlgorithm): readonly Preimage[] {
  const over = (bytes: Uint8Array, covers: 'all' | 'core'): Preimage => ({
    job: { kind: 'digest', algorithm, data: bytes },
    covers,
  })
  switch (eventType(type).rule) {
    case 'data':
      return [over(data, 'all')]
    case 'variable': {
      const variable = readVariable(data)
      return variable === undefined ? [over(data, 'all')] : [over(variable.value, 'core'), over(data, 'all')]
    }
    case 'text': {
      const label = grubLabel(data)
      if (label !== undefined) return [over(withoutNul(data.subarray(label.length)), 'core')]
      const text = withoutNul(data)
      return text.length === data.length ? [over(data, 'all')] : [over(data, 'all'), over(text, 'all')]
    }
    case 'else':
      return []
  }
}

function withoutNul(data: Uint8Array): Uint8Array {
  return data.at(-1) === 0 ? data.subarray(0, -1) : data
}

/**
 * Says what an event measured, as far as its digest bears it out.
 *
 * @throws Error when a job of `preimages` is not settled
 */
export function explainEvent(event: LoggedEvent): ExplainedEvent {
  const covers = coverOf(event)
  const facts = event.details.filter((detail) => covers === 'all' || (covers === 'core' && detail.core === true))
  const claims = event.details.filter((detail) => !facts.includes(detail))
  const bound = covers === undefined ? 'unbound' : 'digest recomputed'
  const { name: typeName, meaning } = eventType(event.type)
  const { number, register, type } = event
  const text = sentence(event, meaning, facts, claims)
  return { number, register, type, typeName, digest: toHex(event.digest), bound, facts, claims, text }
}

/** What of an event's data its digest covers; undefined when nothing. Needs settled jobs. */
export function coverOf(event: LoggedEvent): 'all' | 'core' | undefined {
  if (!event.extends) return undefined
  for (const preimage of event.preimages) {
    if (preimage.job.result === undefined) throw new Error('a digest was not computed before it was needed')
    if (equalBytes(preimage.job.result, event.digest)) return preimage.covers
  }
  return undefined
}

function sentence(event: LoggedEvent, meaning: string, facts: readonly Detail[], claims: readonly Detail[]): string {
  const claimed = claims.length === 0 ? '' : `the log claims ${list(claims)}`
  if (!event.extends) return [`not measured: ${meaning}`, claimed].filter((part) => part !== '').join('; ')
  const measured = facts.length === 0 ? '' : list(facts)
  const parts = [measured, claimed].filter((part) => part !== '')
  return parts.length === 0 ? meaning : `${meaning}: ${parts.join('; ')}`
}

function list(details: readonly Detail[]): string {
  return details.map((detail) => `${detail.name} ${detail.value}`).join(', ')
}

/** Decodes an event's data and names the digests to compare. Of an event that is not extended nothing is covered. */
export function loggedEvent(
  event: Omit<LoggedEvent, 'preimages' | 'details'>,
  algorithm: DigestAlgorithm,
): LoggedEvent {
  const { type, data } = event
  return {
    ...event,
    details: detailsOf(type, data),
    preimages: event.extends ? preimagesOf(type, data, algorithm) : [],
  }
}

/** Whether an event calls itself a separator, or has the digest of one: a type can be renamed, a digest cannot. */
export function isSeparator(event: LoggedEvent, separatorDigests: readonly Uint8Array[]): boolean {
  if (!event.extends) return false
  return event.type === EV.separator || separatorDigests.some((digest) => equalBytes(digest, event.digest))
}
