import { settle, settleNow } from '#crypto'
import { type EventLog, logJobs } from './event-log/index.ts'

/** Does the cryptography of an event log, so that it can be compared, explained and searched for oddities. */
export async function settleEventLog(log: EventLog): Promise<EventLog> {
  await settle(logJobs(log))
  return log
}

/** As {@link settleEventLog}, where cryptography is synchronous (Node.js). @throws TypeError elsewhere */
export function settleEventLogSync(log: EventLog): EventLog {
  settleNow(logJobs(log))
  return log
}
