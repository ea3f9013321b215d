import { refuse } from '../../core/errors.ts'
import { type LoggedEvent, loggedEvent } from '../../eventlog/events.ts'
import { EV_NO_ACTION, parseTcgLog, type TcgEvent, TPM_ALG } from '../../eventlog/tcg.ts'
import { type EventLog, eventLog } from './log.ts'

// Measurement register indices of a CCEL log. Intel TDX Virtual Firmware Design Guide, section 8.
const REGISTERS: ReadonlyMap<number, string> = new Map([
  [0, 'mrtd'],
  [1, 'rtmr0'],
  [2, 'rtmr1'],
  [3, 'rtmr2'],
  [4, 'rtmr3'],
])

/**
 * Reads the log area that TDX firmware shows the guest (Linux: /sys/firmware/acpi/tables/data/CCEL), filled or not.
 * Only SHA-384 digests count. Events of type EV_NO_ACTION, of MRTD and of indices that name no register
 * are kept, and extend nothing.
 *
 * @see Intel TDX Virtual Firmware Design Guide, section 8 (measurement and the CC event log)
 * @throws EvidenceError when the bytes are no crypto-agile TCG log, or a measured event has no SHA-384 digest
 */
export function parseCcel(bytes: Uint8Array): EventLog {
  const log = parseTcgLog(bytes, { zeroEntry: 'end' })
  if (log.specId === undefined) {
    throw refuse(
      'TCG_EfiSpecIdEvent.signature',
      'there is no Spec ID event',
      'a crypto-agile log that begins with "Spec ID Event03"',
    )
  }
  if (!log.specId.algorithms.some((algorithm) => algorithm.id === TPM_ALG.sha384)) {
    throw refuse(
      'TCG_EfiSpecIdEvent.digestSizes',
      'the log has no SHA-384 digests',
      'algorithm 0x000c',
      0,
      'unsupported-algorithm',
    )
  }
  return eventLog('tcg-ccel', log.events.map(ccelEvent), log.bytesUsed, log.totalBytes)
}

const NO_DIGEST: Uint8Array = new Uint8Array(0)

function ccelEvent(event: TcgEvent): LoggedEvent {
  const { number, type, data } = event
  const register = REGISTERS.get(event.index)
  const extendsIt = type !== EV_NO_ACTION && register !== undefined && register !== 'mrtd'
  const digest = event.digests.find((one) => one.algorithm === TPM_ALG.sha384)?.digest
  if (extendsIt && digest === undefined) {
    throw refuse(
      'TCG_PCR_EVENT2.digests',
      'a measured event has no SHA-384 digest',
      'a digest of algorithm 0x000c',
      event.offset,
    )
  }
  return loggedEvent({ number, register, extends: extendsIt, type, digest: digest ?? NO_DIGEST, data }, 'sha384')
}
