import { Reader } from '../core/bytes.ts'
import { isList, isObject, type Json, type JsonObject, memberOf, parseStrict, textOf } from '../core/json.ts'
import { parseIsoTime } from '../core/time.ts'
import { ENCLAVE_REPORT_SIZE, type EnclaveReport, parseEnclaveReport } from '../dcap/enclave-report.ts'
import { bad, base64In, textIn } from './read.ts'

/** What the service said of a quote. @see Intel, Attestation Service for EPID, API version 4, section 4.2 */
export const IAS_STATUSES = [
  'OK',
  'SW_HARDENING_NEEDED',
  'CONFIGURATION_NEEDED',
  'CONFIGURATION_AND_SW_HARDENING_NEEDED',
  'GROUP_OUT_OF_DATE',
  'SIGNATURE_INVALID',
  'GROUP_REVOKED',
  'SIGNATURE_REVOKED',
  'KEY_REVOKED',
  'SIGRL_VERSION_MISMATCH',
] as const

/** One of the service's words. */
export type IasStatus = (typeof IAS_STATUSES)[number]

/** Statuses that a relying party may accept, advisory by advisory; the ones behind them never. */
export const IAS_ACCEPTABLE: readonly IasStatus[] = IAS_STATUSES.slice(1, 5)

/** An EPID quote without its signature, 432 bytes. */
export interface EpidQuoteBody {
  readonly version: number
  /** 0: quotes of one platform cannot be linked; 1: they can. */
  readonly signType: number
  /** Bytes of the EPID group id, in their order. */
  readonly groupId: Uint8Array
  readonly qeSvn: number
  readonly pceSvn: number
  readonly basename: Uint8Array
  readonly report: EnclaveReport
}

/** The body of a report of the service, decoded. Nothing in it is believed. */
export interface IasReport {
  readonly id: string
  /** As received, and in milliseconds since 1970: the service writes UTC without saying so. */
  readonly timestamp: string
  readonly time: number
  /** 3 or 4. */
  readonly version: number
  readonly status: IasStatus
  readonly quote: EpidQuoteBody
  readonly platformInfoBlob: string | undefined
  readonly advisories: readonly string[] | undefined
  readonly nonce: string | undefined
  readonly epidPseudonym: string | undefined
  readonly revocationReason: number | undefined
}

/** Size of a quote without its signature. */
export const EPID_QUOTE_SIZE = 432
/** Longest body of a report that is read, in bytes. */
export const IAS_MAX_BODY: number = 64 * 1024
const REPORT_AT = 48

/**
 * Parses the JSON body of a report, versions 3 and 4. A member name that occurs twice is refused; unknown
 * members are ignored.
 *
 * @throws EvidenceError
 */
export function parseIasReport(body: Uint8Array): IasReport {
  if (body.length > IAS_MAX_BODY)
    throw bad('body', `${body.length} bytes`, `at most ${IAS_MAX_BODY} bytes`, 'too-large')
  const value = parseStrict(textIn(body, 'report', 'JSON in UTF-8'), 'ias.report')
  if (!isObject(value)) throw bad('report', 'another value', 'a JSON object')
  const version = memberOf(value, 'version')
  if (version !== 3 && version !== 4) throw bad('report.version', 'another version', '3 or 4', 'unsupported-version')
  const timestamp = need(value, 'timestamp')
  const time = parseIsoTime(/Z$/.test(timestamp) ? timestamp : `${timestamp}Z`)
  if (time === undefined) throw bad('report.timestamp', 'another text', 'a date and time in UTC')
  return {
    id: need(value, 'id'),
    timestamp,
    time,
    version,
    status: statusOf(need(value, 'isvEnclaveQuoteStatus')),
    quote: parseEpidQuote(base64In(need(value, 'isvEnclaveQuoteBody'), 'report.isvEnclaveQuoteBody')),
    platformInfoBlob: textOf(value, 'platformInfoBlob'),
    advisories: advisoriesOf(memberOf(value, 'advisoryIDs')),
    nonce: textOf(value, 'nonce'),
    epidPseudonym: textOf(value, 'epidPseudonym'),
    revocationReason: reasonOf(memberOf(value, 'revocationReason')),
  }
}

/** Parses an EPID quote without its signature. @throws EvidenceError */
export function parseEpidQuote(bytes: Uint8Array): EpidQuoteBody {
  if (bytes.length !== EPID_QUOTE_SIZE)
    throw bad('report.isvEnclaveQuoteBody', `${bytes.length} bytes`, `${EPID_QUOTE_SIZE} bytes`)
  const r = new Reader(bytes)
  const version = r.u16('quote.version')
  if (version !== 1 && version !== 2) throw bad('quote.version', `version ${version}`, '1 or 2', 'unsupported-version')
  return {
    version,
    signType: r.u16('quote.signType'),
    groupId: r.bytes(4, 'quote.epidGroupId'),
    qeSvn: r.u16('quote.qeSvn'),
    pceSvn: r.u16('quote.pceSvn'),
    basename: bytes.subarray(16, REPORT_AT),
    report: parseEnclaveReport(bytes.subarray(REPORT_AT, REPORT_AT + ENCLAVE_REPORT_SIZE)),
  }
}

function need(value: JsonObject, name: string): string {
  const text = textOf(value, name)
  if (text === undefined || text === '') throw bad(`report.${name}`, 'nothing', 'text')
  return text
}

function statusOf(text: string): IasStatus {
  const status = IAS_STATUSES.find((one) => one === text)
  if (status === undefined) throw bad('report.isvEnclaveQuoteStatus', 'another word', IAS_STATUSES.join(', '))
  return status
}

function advisoriesOf(value: Json | undefined): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined
  const texts = isList(value) ? value.filter((one): one is string => typeof one === 'string') : []
  if (!isList(value) || texts.length !== value.length || texts.length > 256)
    throw bad('report.advisoryIDs', 'another value', 'a list of at most 256 texts')
  return texts
}

function reasonOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined
}
