import { toHex } from '../core/bytes.ts'
import { type Detail, detailsOf, plain } from './details.ts'
import { eventType } from './event-types.ts'
import { coverOf, type LoggedEvent } from './events.ts'
import { quoted } from './text.ts'

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
 * Says what an event measured, as far as its digest bears it out.
 *
 * @throws Error when a job of `preimages` is not settled
 */
export function explainEvent(event: LoggedEvent): ExplainedEvent {
  const covers = coverOf(event)
  const details = decode(event)
  const facts = details.filter((detail) => covers === 'all' || (covers === 'core' && detail.core === true))
  const claims = details.filter((detail) => !facts.includes(detail))
  const bound = covers === undefined || covers === 'none' ? 'unbound' : 'digest recomputed'
  const { name: typeName, meaning } = eventType(event.type)
  const { number, register, type } = event
  const text = sentence(event, meaning, facts, claims)
  return { number, register, type, typeName, digest: toHex(event.digest), bound, facts, claims, text }
}

// What dstack measures has no form of its own: a name, and any bytes.
function decode(event: LoggedEvent): readonly Detail[] {
  if (event.name === undefined) return detailsOf(event.type, event.data)
  return [{ name: 'event', value: quoted(event.name, 256) }, ...plain(event.data)]
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
