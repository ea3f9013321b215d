import { allZero } from '../core/bytes.ts'
import { EV_NO_ACTION, parseTcgLog, type TcgEvent, type TcgLog, TPM_ALG } from '../eventlog/tcg.ts'
import { latin1, startsWith } from '../eventlog/text.ts'
import { tried } from './tried.ts'

/** Whose measured-boot log bytes are: a TPM's, or that of a TD, whose registers have other numbers. */
export type BootLogKind = 'tpm' | 'td'

const SPEC_ID = 'Spec ID Event'
/** Data of the first event begin here: PCR, type, digest of 20 bytes and length come before. */
const FIRST_DATA = 32

/**
 * Tells a measured-boot log as firmware hands it over: crypto-agile by its first event, even when the rest is damaged;
 * of SHA-1 alone, which begins with no mark, only when all of it is a log from the first byte to the last.
 * Nothing is verified: a log proves nothing without the quote of its machine.
 *
 * @param bytes raw, in no wrapper
 * @returns undefined for anything else
 * @see TCG PC Client Platform Firmware Profile 1.06, section 10
 */
export function bootLogKind(bytes: Uint8Array): BootLogKind | undefined {
  if (latin1(bytes.subarray(FIRST_DATA, FIRST_DATA + SPEC_ID.length)) === SPEC_ID) {
    const log = tried(() => parseTcgLog(bytes, { zeroEntry: 'end' }))
    return log !== undefined && isOfTd(log) ? 'td' : 'tpm'
  }
  if (!beginsLikeSha1Log(bytes)) return undefined
  const log = tried(() => parseTcgLog(bytes, { zeroEntry: 'event' }))
  return log?.events.every(isPlausible) === true ? 'tpm' : undefined
}

// CCEL: SHA-384 alone, and measurements in indices 1 to 4, RTMR0 to RTMR3. A TPM's firmware measures itself into PCR 0.
function isOfTd({ specId, events }: TcgLog): boolean {
  const [only, second] = specId?.algorithms ?? []
  if (only?.id !== TPM_ALG.sha384 || second !== undefined) return false
  return events.every(({ type, index }) => type === EV_NO_ACTION || (index >= 1 && index <= 4))
}

// EV_POST_CODE, EV_S_CRTM_CONTENTS, EV_S_CRTM_VERSION: what the code that measures first measures of itself.
const FIRST: readonly number[] = [1, 7, 8]

// In PCR 0, and of a type that comes first; or the locality, which is told and not measured.
function beginsLikeSha1Log(bytes: Uint8Array): boolean {
  if (bytes.length < FIRST_DATA || !allZero(bytes.subarray(0, 4)) || !allZero(bytes.subarray(5, 8))) return false
  const unmeasured = allZero(bytes.subarray(8, 28))
  if (bytes[4] === EV_NO_ACTION) return unmeasured && startsWith(bytes.subarray(FIRST_DATA), 'StartupLocality\0')
  return !unmeasured && FIRST.includes(bytes[4] as number)
}

// Firmware logs 0xffffffff for no register.
function isPlausible({ index, type }: TcgEvent): boolean {
  return (index < 24 || (index === 0xffffffff && type === EV_NO_ACTION)) && isType(type)
}

// Section 10.4.1: those of a PC Client, of UEFI, and of what UEFI measures since.
function isType(type: number): boolean {
  return type <= 0x12 || (type > 0x80000000 && type <= 0x80000010) || (type >= 0x800000e0 && type <= 0x800000e2)
}
