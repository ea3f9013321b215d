import { fail, mend, notApplicable, pass, type Step } from '../core/engine.ts'
import type { Finding, Note, Remedy } from '../core/verdict.ts'
import { readPart, valueOf } from '../dcap/part.ts'
import type { DcapState } from '../dcap/state.ts'
import { appraised } from '../dcap/steps.ts'
import {
  compareRegisters,
  type EventLog,
  eventLogFindings,
  logJobs,
  parseEventLog,
  type RegisterComparison,
} from './event-log/index.ts'
import { PreparedEventLog } from './prepared-log.ts'
import { RTMRS, type TdReport } from './report.ts'

type State = DcapState<TdReport>

const SOURCE = 'Intel TDX Virtual Firmware Design Guide, section 8; TCG PC Client Platform Firmware Profile, section 10'

const OTHER_LOG: Remedy = mend('send the log of the boot that the quote is of, unchanged', 'workload-owner')

const FORMAT = 'tdx.event-log.format'

/**
 * Makes a TD's event log (CCEL data area, or dstack's JSON; or one parsed before) ready to be judged
 * with quotes: pass it to `verifyTdx` as `eventLog`. The bytes are copied. A log that cannot be read
 * is a failing check of the verdict, not an error here.
 */
export function prepareEventLog(input: Uint8Array | EventLog): PreparedEventLog {
  const part = readPart(input, (given) => (given instanceof Uint8Array ? parseEventLog(given) : given))
  const log = valueOf(part)
  const steps: Step<State>[] = [
    appraised(FORMAT, SOURCE, [], () =>
      part.state === 'broken'
        ? fail(`the event log cannot be read: ${part.reason}`, OTHER_LOG)
        : pass(`it has ${log?.events.length ?? 0} events`),
    ),
    ...RTMRS.map((name) =>
      appraised(`tdx.event-log.${name}`, SOURCE, [FORMAT, 'tdx.quote.signature'], (state: State) => {
        const compared = comparisons(log, state).find((one) => one.register === name)
        return compared === undefined ? notApplicable('there is no log') : registerFinding(compared)
      }),
    ),
    appraised('tdx.event-log.findings', SOURCE, [FORMAT], () => oddFinding(log)),
  ]
  return new PreparedEventLog(log === undefined ? [] : logJobs(log), { id: 'tdx.event-log', steps }, (state) =>
    logNotes(log, state),
  )
}

function comparisons(log: EventLog | undefined, { quote }: State): readonly RegisterComparison[] {
  return log === undefined ? [] : compareRegisters(log, quote.body)
}

function registerFinding({ register, replayed, quoted, agreement, explanation }: RegisterComparison): Finding {
  const details = { expected: quoted, actual: replayed }
  if (agreement === 'equal') return pass(explanation, details)
  // Kernels extend RTMR3 without writing to the firmware's log.
  if (register === 'rtmr3' && agreement === 'not-logged') return notApplicable(explanation)
  return fail(`the event log does not replay to ${register.toUpperCase()}: ${explanation}`, OTHER_LOG, details)
}

function oddFinding(log: EventLog | undefined): Finding {
  const found = log === undefined ? [] : eventLogFindings(log).filter((one) => one.severity === 'suspicious')
  const [first] = found
  if (first === undefined) return pass()
  return fail(`${first.text}${found.length > 1 ? ` (and ${found.length - 1} more)` : ''}`, OTHER_LOG)
}

/** What is worth knowing about the log. */
function logNotes(log: EventLog | undefined, state: State): readonly Note[] {
  if (log === undefined) return []
  const notes = comparisons(log, state).filter((one) => one.register === 'rtmr3' && one.agreement === 'not-logged')
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
