import { fail, notApplicable, pass, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding, Note, Remedy } from '../core/verdict.ts'
import type { Job } from '../crypto/jobs.ts'
import { type Part, readPart, valueOf } from '../dcap/part.ts'
import type { DcapState } from '../dcap/state.ts'
import {
  compareRegisters,
  type EventLog,
  eventLogFindings,
  logJobs,
  parseEventLog,
  type RegisterComparison,
} from './event-log/index.ts'
import type { TdReport } from './report.ts'

/** The event log on the table, where the caller brought one. */
export interface LogState {
  readonly log: Part<EventLog>
}

/** Reads the log that a caller brought; one that cannot be read becomes a failing check. */
export function readLog(input: Uint8Array | EventLog | undefined): LogState & { readonly jobs: readonly Job[] } {
  const log = readPart(input, (given) => (given instanceof Uint8Array ? parseEventLog(given) : given))
  return { log, jobs: log.state === 'present' ? logJobs(log.value) : [] }
}

type State = DcapState<TdReport> & LogState

const SOURCE = 'Intel TDX Virtual Firmware Design Guide, section 8; TCG PC Client Platform Firmware Profile, section 10'

const OTHER_LOG: Remedy = { action: 'send the log of the boot that the quote is of, unchanged', by: 'workload-owner' }

const ABSENT = 'you gave no event log'

/** Steps that compare an event log with the registers of the quote. */
export const EVENT_LOG: StepGroup<State> = {
  id: 'tdx.event-log',
  title: 'Event log',
  steps: [
    step('format', 'The event log can be read', [], ({ log }) => {
      if (log.state === 'absent') return notApplicable(ABSENT)
      return log.state === 'present'
        ? pass(`it has ${log.value.events.length} events`)
        : fail(`the event log cannot be read: ${log.reason}`, OTHER_LOG)
    }),
    ...(['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const).map((name) =>
      step(
        name,
        `The event log replays to ${name.toUpperCase()}`,
        ['tdx.event-log.format', 'tdx.quote.signature'],
        (state) => {
          const compared = comparisons(state).find((one) => one.register === name)
          return compared === undefined ? notApplicable(ABSENT) : registerFinding(compared)
        },
      ),
    ),
    step('findings', 'Nothing in the event log is arranged to mislead', ['tdx.event-log.format'], ({ log }) => {
      const found =
        log.state === 'present' ? eventLogFindings(log.value).filter((one) => one.severity === 'suspicious') : []
      if (log.state !== 'present') return notApplicable(ABSENT)
      const [first] = found
      return first === undefined
        ? pass('nothing is')
        : fail(`${first.text}${found.length > 1 ? ` (and ${found.length - 1} more)` : ''}`, OTHER_LOG)
    }),
  ],
}

function step(name: string, title: string, needs: readonly string[], check: (state: State) => Finding): Step<State> {
  return { id: `tdx.event-log.${name}`, title, phase: 'appraisal', source: SOURCE, needs, check }
}

function comparisons({ log, quote }: State): readonly RegisterComparison[] {
  return log.state === 'present' ? compareRegisters(log.value, quote.body) : []
}

function registerFinding({ register, replayed, quoted, agreement, explanation }: RegisterComparison): Finding {
  const details = { expected: quoted, actual: replayed }
  if (agreement === 'equal') return pass(explanation, details)
  // Kernels extend RTMR3 without writing to the firmware's log.
  if (register === 'rtmr3' && agreement === 'not-logged') return notApplicable(explanation)
  return fail(`the event log does not replay to ${register.toUpperCase()}: ${explanation}`, OTHER_LOG, details)
}

/** What is worth knowing about the log. */
export function logNotes(state: State): readonly Note[] {
  const log = valueOf(state.log)
  if (log === undefined) return []
  const notes = comparisons(state).filter((one) => one.register === 'rtmr3' && one.agreement === 'not-logged')
  return [
    ...notes.map(
      (one): Note => ({ id: 'rtmr3-not-logged', text: `RTMR3 is not in the event log: ${one.explanation}` }),
    ),
    ...eventLogFindings(log)
      .filter((one) => one.severity === 'note')
      .slice(0, 8)
      .map((one): Note => ({ id: `event-log-${one.id}`, text: one.text })),
  ]
}
