import { settle, settleNow } from '#crypto'
import { allZero } from '../core/bytes.ts'
import type { Assumption, Note, Verdict } from '../core/verdict.ts'
import { commonAssumptions, commonNotes } from '../dcap/claims.ts'
import { documentGroups, quoteGroup } from '../dcap/document-groups.ts'
import { hasBit } from '../dcap/flags.ts'
import { platformGroups } from '../dcap/platform-groups.ts'
import type { DcapState } from '../dcap/state.ts'
import { tcbGroups } from '../dcap/tcb-groups.ts'
import { type DcapOptions, type DcapTee, run, runNow, verifyDcap } from '../dcap/verify.ts'
import { type TdxClaims, tdxClaims } from './claims.ts'
import type { EventLog } from './event-log/index.ts'
import { readTdxExpectations, type TdxExpectations } from './expectations.ts'
import { EVENT_LOG, type LogState, logNotes, readLog } from './log-steps.ts'
import { MODULE } from './module.ts'
import { TD_ATTRIBUTES, TDX_QUOTES, type TdReport } from './report.ts'
import { EXPECTED, TD } from './steps.ts'

/** Everything beside the evidence. */
export interface TdxOptions extends DcapOptions<TdxExpectations> {
  /** The TD's event log (CCEL data area, or dstack's JSON), to be replayed against the registers. */
  readonly eventLog?: Uint8Array | EventLog
}

type State = DcapState<TdReport, TdxExpectations> & LogState

/**
 * Verifies a TDX quote of format 4 or 5.
 *
 * @throws EvidenceError when the quote cannot be read; TypeError when an option is wrong
 */
export function verifyTdx(evidence: Uint8Array, options: TdxOptions): Promise<Verdict<TdxClaims>> {
  return run(story(evidence, options), settle)
}

/** As {@link verifyTdx}, where cryptography is synchronous (Node.js). @throws TypeError elsewhere */
export function verifyTdxSync(evidence: Uint8Array, options: TdxOptions): Verdict<TdxClaims> {
  return runNow(story(evidence, options), settleNow)
}

function* story(
  evidence: Uint8Array,
  options: TdxOptions,
): ReturnType<typeof verifyDcap<TdReport, TdxExpectations, TdxClaims, LogState>> {
  const { jobs, log } = readLog(options.eventLog)
  return yield* verifyDcap(TDX, evidence, options, readTdxExpectations(options.expect), { own: { log }, jobs })
}

function assumed(state: State): readonly Assumption[] {
  const { tdAttributes, mrServiceTd } = state.quote.body
  const own: Assumption[] = []
  if (!hasBit(tdAttributes, TD_ATTRIBUTES.septVeDisable)) {
    own.push({
      id: 'paravisor',
      statement: 'the paravisor below the guest does what it should',
      because: 'SEPT_VE_DISABLE is off in TDATTRIBUTES, as it is under paravisors',
    })
  }
  if (hasBit(tdAttributes, TD_ATTRIBUTES.migratable)) {
    own.push({
      id: 'migration',
      statement: 'a migration TD moves this TD to genuine platforms only',
      because: 'MIGRATABLE is on in TDATTRIBUTES',
    })
  }
  if (mrServiceTd !== undefined && !allZero(mrServiceTd)) {
    own.push({
      id: 'service-td',
      statement: 'the bound service TD does what it should',
      because: 'MRSERVICETD is not zero',
    })
  }
  const open = (['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const).filter(
    (name) => state.expect[name] === undefined && !allZero(state.quote.body[name]),
  )
  if (open.length > 0) {
    own.push({
      id: 'open-registers',
      statement: 'whatever ran after the firmware is what you want',
      because: `nobody compared ${open.join(', ')}`,
    })
  }
  return [...commonAssumptions(state), ...own]
}

function notes(state: State): readonly Note[] {
  const plain = [...commonNotes(state), ...logNotes(state)]
  const current = state.tcb?.current
  if (typeof current !== 'object' || typeof state.tcb?.launch !== 'object') return plain
  const text = `judged by the TDX module that runs now, the TCB is ${current.status}; by that at launch of the TD, ${state.tcb.launch.status}`
  return [...plain, { id: 'current-tcb', text }]
}

const TDX: DcapTee<TdReport, TdxExpectations, TdxClaims, LogState> = {
  kind: TDX_QUOTES,
  groups: [
    ...platformGroups('tdx'),
    ...documentGroups('tdx'),
    MODULE,
    quoteGroup('tdx'),
    ...tcbGroups('tdx'),
    TD,
    EXPECTED,
    EVENT_LOG,
  ],
  svns: ({ teeTcbSvn, teeTcbSvn2 }) => ({ launch: teeTcbSvn, current: teeTcbSvn2 }),
  claims: tdxClaims,
  assumed,
  notes,
}
