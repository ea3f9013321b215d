import { allZero } from '../core/bytes.ts'
import { notApplicable } from '../core/engine.ts'
import type { Assumption, Note, Verdict } from '../core/verdict.ts'
import type { KeptChecks } from '../crypto/kept-checks.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import { commonAssumptions, commonNotes } from '../dcap/claims.ts'
import { DOCUMENT_GROUPS, QUOTE_GROUP } from '../dcap/document-groups.ts'
import { hasBit } from '../dcap/flags.ts'
import { PLATFORM_GROUPS } from '../dcap/platform-groups.ts'
import type { DcapState } from '../dcap/state.ts'
import { appraised, ofTee, QVL } from '../dcap/steps.ts'
import { TCB_GROUPS } from '../dcap/tcb-groups.ts'
import { type DcapOptions, type DcapTee, verifyDcap } from '../dcap/verify.ts'
import { type TdxClaims, tdxClaims } from './claims.ts'
import { readTdxExpectations, type TdxExpectations } from './expectations.ts'
import { PreparedEventLog } from './prepared-log.ts'
import { RTMRS, TD_ATTRIBUTES, TDX_QUOTES, type TdReport } from './report.ts'
import { EXPECTED, MODULE, TD } from './steps.ts'

/** Everything beside the evidence. */
export interface TdxOptions extends DcapOptions<TdxExpectations> {
  /** The TD's event log, to be replayed against the registers: what `prepareEventLog` makes of it. */
  readonly eventLog?: PreparedEventLog
}

type Tee = DcapTee<TdReport, TdxExpectations, TdxClaims>
type State = DcapState<TdReport, TdxExpectations>

const GROUPS: Tee['groups'] = ofTee('tdx', [
  ...PLATFORM_GROUPS,
  ...DOCUMENT_GROUPS,
  MODULE,
  QUOTE_GROUP,
  ...TCB_GROUPS,
  TD,
  EXPECTED,
])

const NO_LOG: Tee['groups'][number] = {
  id: 'tdx.event-log',
  steps: [appraised('tdx.event-log.format', QVL, [], () => notApplicable('you gave no event log'))],
}

function assumed(state: State): readonly Assumption[] {
  const { quote, expect } = state
  const { tdAttributes, mrServiceTd } = quote.body
  const all = [...commonAssumptions(state)]
  const assume = (when: boolean, id: string, statement: string, because: string): void => {
    if (when) all.push({ id, statement, because })
  }
  assume(
    !hasBit(tdAttributes, TD_ATTRIBUTES.septVeDisable),
    'paravisor',
    'the paravisor below the guest does what it should',
    'SEPT_VE_DISABLE is off in TDATTRIBUTES, as it is under paravisors',
  )
  assume(
    hasBit(tdAttributes, TD_ATTRIBUTES.migratable),
    'migration',
    'a migration TD moves this TD to genuine platforms only',
    'MIGRATABLE is on in TDATTRIBUTES',
  )
  assume(
    mrServiceTd !== undefined && !allZero(mrServiceTd),
    'service-td',
    'the bound service TD does what it should',
    'MRSERVICETD is not zero',
  )
  const open = RTMRS.filter((name) => expect[name] === undefined && !allZero(quote.body[name]))
  assume(
    open.length > 0,
    'open-registers',
    'whatever ran after the firmware is what you want',
    `nobody compared ${open.join(', ')}`,
  )
  return all
}

function notes(state: State): readonly Note[] {
  const common = commonNotes(state)
  const { launch, current } = state.tcb ?? {}
  if (typeof current !== 'object' || typeof launch !== 'object') return common
  const text = `judged by the TDX module that runs now, the TCB is ${current.status}; by that at launch of the TD, ${launch.status}`
  return [...common, { id: 'current-tcb', text }]
}

const TDX: Tee = {
  kind: TDX_QUOTES,
  groups: [...GROUPS, NO_LOG],
  readExpectations: readTdxExpectations,
  svns: ({ teeTcbSvn, teeTcbSvn2 }) => ({ launch: teeTcbSvn, current: teeTcbSvn2 }),
  claims: tdxClaims,
  assumed,
  notes,
}

/**
 * Verifies a TDX quote of format 4 or 5.
 *
 * @throws EvidenceError when the quote cannot be read; TypeError when an option is wrong
 */
export async function verifyTdx(evidence: Uint8Array, options: TdxOptions): Promise<Verdict<TdxClaims>> {
  return tell(tdxStory(evidence, options))
}

/** As {@link verifyTdx}, where cryptography is synchronous (Node.js). @throws TypeError elsewhere */
export function verifyTdxSync(evidence: Uint8Array, options: TdxOptions): Verdict<TdxClaims> {
  return tellNow(tdxStory(evidence, options))
}

/** One verification, told in turns. `kept`, for a quote that is verified again and again: the check of its signature is taken from there. */
export function tdxStory(evidence: Uint8Array, options: TdxOptions, kept?: KeptChecks): Story<Verdict<TdxClaims>> {
  return verifyDcap(teeFor(options), evidence, options, options.eventLog, kept)
}

function teeFor({ eventLog }: TdxOptions): Tee {
  if (eventLog === undefined) return TDX
  if (eventLog instanceof PreparedEventLog) return { ...TDX, groups: [...GROUPS, eventLog.group] }
  throw new TypeError('eventLog: expected what prepareEventLog makes')
}
