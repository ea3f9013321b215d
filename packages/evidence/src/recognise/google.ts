import { encodeBase64 } from '../core/base64url.ts'
import { concatBytes, toHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { encodeSnpReport } from '../snp/report.ts'
import { TPM_HASHES } from '../tpm-structures/algorithms.ts'
import { SNP_ATTESTATION, SNP_REPORT, TPM_ATTESTATION } from './google-messages.ts'
import { QUOTE_V4, QUOTE_V5, tdQuoteOf } from './google-tdx.ts'
import type { Opened, Part } from './model.ts'
import { jsonName, readProtoJson } from './proto-json.ts'
import { bytesListOf, bytesOf, lacks, messageOf, messagesOf, numberOf, once } from './proto-values.ts'
import { type ProtoMessage, type ProtoSchema, readProto, readTextProto } from './protobuf.ts'
import { isMembers } from './snp-structure.ts'

const FIRST = 0x0a
const VARINT_OF_1 = 0x08
const QUOTE_VERSION_5 = 5
// A comment ends with its line: were that left open, each of its number signs could begin another.
const TEXT = /^(?:\s|#[^\n]*\n)*([a-z][a-z0-9_]{1,40})\s*[:{<]/

/** One message that is known: how to tell it, what its fields are, and what to make of them. */
interface Kind {
  readonly schema: ProtoSchema
  readonly open: (message: ProtoMessage) => Opened
}

const REPORT: Kind = { schema: SNP_REPORT, open: (message) => openReport(new Map([['report', [message]]])) }
const ATTESTED_REPORT: Kind = { schema: SNP_ATTESTATION, open: openReport }
const TPM: Kind = { schema: TPM_ATTESTATION, open: openQuotes }
const TD_4: Kind = { schema: QUOTE_V4, open: openTdQuote }
const TD_5: Kind = { schema: QUOTE_V5, open: openTdQuote }

/**
 * Takes off the messages in which Google's libraries hand evidence on, in the wire format: the quotes of a TPM with
 * what came with them, an SEV-SNP report field by field, with its certificates or alone, or a TD quote field by field.
 *
 * @returns undefined when the bytes begin like none
 * @throws EvidenceError for a message that lacks what it is about
 */
export function openGoogle(bytes: Uint8Array): Opened | undefined {
  const kind = kindOfWire(bytes)
  const message = kind === undefined ? undefined : tried(bytes, kind.schema)
  return message === undefined ? undefined : kind?.open(message)
}

function kindOfWire(bytes: Uint8Array): Kind | undefined {
  if (bytes[0] === VARINT_OF_1) return isAloneReport(bytes) ? REPORT : undefined
  const inner = bytes[0] === FIRST ? innerStart(bytes) : undefined
  if (inner === undefined) return undefined
  // The first field is a TPM's public area, or a message that begins with a version: of a report, which is long, or of
  // a quote's header, which is short.
  if (bytes[inner] === 0 && (bytes[inner + 1] === 0x01 || bytes[inner + 1] === 0x23)) return TPM
  if (bytes[inner] !== VARINT_OF_1) return undefined
  if (inner > 2) return ATTESTED_REPORT
  return bytes[inner + 1] === QUOTE_VERSION_5 ? TD_5 : TD_4
}

// Much begins so: what is a report has a signature of its size.
function isAloneReport(bytes: Uint8Array): boolean {
  const version = bytes[1] ?? 0
  if (version < 2 || version > 5 || bytes.length < MIN_REPORT || bytes.length > MAX_REPORT) return false
  const message = tried(bytes, SNP_REPORT)
  return message?.get('signature')?.length === 1 && message.has('measurement')
}

const MIN_REPORT = 900
const MAX_REPORT = 2048

/** As {@link openGoogle}, of the text format. */
export function openGoogleText(text: string): Opened | undefined {
  const name = TEXT.exec(text.slice(0, 4096))?.[1]
  const kind = name === undefined ? undefined : kindOfText(name, text)
  return kind?.open(readTextProto(text, kind.schema))
}

const MESSAGE = /(?:report|certificate_chain)[\s:]*[{<]/

function kindOfText(name: string, text: string): Kind | undefined {
  if (/^(?:ak_pub|quotes|event_log|ak_cert)$/.test(name)) return TPM
  // Both are messages: settings in YAML have text behind these names.
  if (/^(?:report|certificate_chain)$/.test(name))
    return MESSAGE.test(text.slice(0, 4096)) ? ATTESTED_REPORT : undefined
  if (/^(?:header|td_quote_body|td_quote_body_descriptor|signed_data_size|signed_data)$/.test(name))
    return text.includes('td_quote_body_descriptor') ? TD_5 : TD_4
  return name === 'version' && text.includes('report_id_ma') ? REPORT : undefined
}

/**
 * As {@link openGoogle}, of the JSON form. @returns undefined when the members are those of no such message
 * @throws EvidenceError for a message that lacks what it is about
 */
export function openGoogleJson(json: unknown): Opened | undefined {
  const kind = isMembers(json) ? kindOfJson(json) : undefined
  if (kind === undefined) return undefined
  const opened = kind.open(readProtoJson(json, kind.schema))
  return { ...opened, name: `JSON: ${opened.name}` }
}

function kindOfJson(json: Readonly<Record<string, unknown>>): Kind | undefined {
  if (isMembers(member(json, 'header')) && isMembers(member(json, 'signed_data')))
    return isMembers(member(json, 'td_quote_body_descriptor')) ? TD_5 : TD_4
  if (isGoogleTpm(json)) return TPM
  if (isReportInJson(member(json, 'report'))) return ATTESTED_REPORT
  return isReportInJson(json) ? REPORT : undefined
}

/** Whether an object is an attestation of go-tpm-tools, whose quotes, log and certificates belong together. */
export function isGoogleTpm(json: Readonly<Record<string, unknown>>): boolean {
  return typeof member(json, 'ak_pub') === 'string' && Array.isArray(member(json, 'quotes'))
}

// Other forms of a report have byte strings as arrays, and the signature in parts.
function isReportInJson(value: unknown): boolean {
  return (
    isMembers(value) &&
    ['measurement', 'signature', 'chip_id'].every((name) => typeof member(value, name) === 'string') &&
    ['number', 'string'].includes(typeof member(value, 'reported_tcb'))
  )
}

function member(object: Readonly<Record<string, unknown>>, name: string): unknown {
  return [name, jsonName(name)].filter((one) => Object.hasOwn(object, one)).map((one) => object[one])[0]
}

// Where the content of the first field begins: behind its length of at most three bytes.
function innerStart(bytes: Uint8Array): number | undefined {
  for (let at = 1; at <= 3; at++) if ((bytes[at] ?? 0x80) < 0x80) return at + 1
  return undefined
}

// Other binary may begin alike: what is no message at all is for others to tell.
function tried(bytes: Uint8Array, schema: ProtoSchema): ProtoMessage | undefined {
  try {
    return readProto(bytes, schema)
  } catch (error) {
    if (error instanceof EvidenceError && error.code !== 'too-large') return undefined
    throw error
  }
}

function openReport(message: ProtoMessage): Opened {
  return { name: 'attestation of go-sev-guest', inner: { bytes: reportOf(message) }, path: 'report' }
}

function openTdQuote(message: ProtoMessage): Opened {
  return { name: 'quote of go-tdx-guest', inner: { bytes: tdQuoteOf(message) }, path: 'quote', tees: ['tdx'] }
}

function openQuotes(message: ProtoMessage): Opened {
  const quotes = messagesOf(message, 'quotes').map((one) => ({ quote: one, bank: bankOf(one) }))
  const chosen = BANKS.map((bank) => quotes.find((one) => one.bank === bank)).find((one) => one !== undefined)
  if (chosen === undefined) throw lacks('quotes', 'a quote of a bank that is known')
  const others = quotes.filter((one) => one !== chosen).map(({ bank }) => bank ?? 'unknown')
  const unused = [
    ...(others.length === 0 ? [] : [`the quotes of other banks: ${others.slice(0, 8).join(', ')}`]),
    ...(message.has('canonical_event_log') ? ['the canonical event log'] : []),
    ...(message.has('instance_info') ? ['what the sender says of its instance'] : []),
  ]
  const json = { tpm: tpmOf(message, chosen.quote, chosen.bank ?? '') }
  return {
    name: 'attestation of go-tpm-tools',
    inner: { bytes: new TextEncoder().encode(JSON.stringify(json)) },
    path: `quotes.${chosen.bank ?? ''}`,
    unused,
    beside: hardwareOf(message),
  }
}

/** The bank judged by goes first, as a verification prefers them. */
const BANKS: readonly string[] = ['sha256', 'sha384', 'sha512', 'sha1']
const BANK_OF: ReadonlyMap<bigint, string> = new Map(TPM_HASHES.map(({ id, name }) => [BigInt(id), name]))

function bankOf(quote: ProtoMessage): string | undefined {
  return BANK_OF.get(numberOf(messageOf(quote, 'pcrs'), 'hash'))
}

function tpmOf(message: ProtoMessage, quote: ProtoMessage, bank: string): object {
  const certificates = [...bytesListOf(message, 'ak_cert'), ...bytesListOf(message, 'intermediate_certs')]
  const values = messagesOf(messageOf(quote, 'pcrs'), 'pcrs')
  const akPublic = once(bytesListOf(message, 'ak_pub'), 'ak_pub')
  const eventLog = once(bytesListOf(message, 'event_log'), 'event_log')
  return {
    message: encodeBase64(bytesOf(quote, 'quote')),
    signature: encodeBase64(bytesOf(quote, 'raw_sig')),
    pcrs: {
      [bank]: Object.fromEntries(values.map((one) => [String(numberOf(one, 'key')), toHex(bytesOf(one, 'value'))])),
    },
    ...(akPublic === undefined ? {} : { akPublic: encodeBase64(akPublic) }),
    // A field of proto3 without bytes is one that is not there.
    ...(eventLog === undefined || eventLog.length === 0 ? {} : { eventLog: encodeBase64(eventLog) }),
    ...(certificates.length === 0 ? {} : { certificates: certificates.map(encodeBase64) }),
  }
}

function hardwareOf(message: ProtoMessage): readonly Part[] {
  return [
    ...messagesOf(message, 'sev_snp_attestation').map(
      (one): Part => ({ label: 'sev_snp_attestation', inner: { bytes: reportOf(one) }, tees: ['snp'] }),
    ),
    ...messagesOf(message, 'tdx_attestation').map(
      (one): Part => ({ label: 'tdx_attestation', inner: { bytes: tdQuoteOf(one) }, tees: ['tdx'] }),
    ),
  ]
}

const TABLE_GUIDS: readonly (readonly [string, string])[] = [
  ['vcek_cert', '63da758de6644564adc5f4b93be8accd'],
  ['vlek_cert', 'a8074bc2a25a483eaae639c045a0b8a1'],
  ['ask_cert', '4ab7b379bbac4fe4a02f05aef327c782'],
  ['ark_cert', 'c0b406a4a803495297433fb6014cd0ae'],
]

/** The report's bytes, with its certificates behind it as hosts deliver them. */
function reportOf(message: ProtoMessage): Uint8Array {
  const report = once(messagesOf(message, 'report'), 'report')
  if (report === undefined) throw lacks('report', 'the report')
  const chain = messageOf(message, 'certificate_chain')
  const found = TABLE_GUIDS.map(([name, guid]) => ({
    guid,
    data: once(bytesListOf(chain, name), name),
  }))
  return concatBytes(encodeReport(report), tableOf(found))
}

function tableOf(all: readonly { readonly guid: string; readonly data: Uint8Array | undefined }[]): Uint8Array {
  const entries = all.filter(({ data }) => data !== undefined && data.length > 0)
  if (entries.length === 0) return new Uint8Array(0)
  const header = new Uint8Array(24 * (entries.length + 1))
  const view = new DataView(header.buffer)
  let end = header.length
  for (const [i, { guid, data }] of entries.entries()) {
    for (let at = 0; at < 16; at++) header[24 * i + at] = Number.parseInt(guid.slice(2 * at, 2 * at + 2), 16)
    view.setUint32(24 * i + 16, end, true)
    view.setUint32(24 * i + 20, data?.length ?? 0, true)
    end += data?.length ?? 0
  }
  return concatBytes(header, ...entries.map(({ data }) => data ?? new Uint8Array(0)))
}

// Reserved bytes are not in the message: where the signed report had others than zeros, its signature will not verify.
function encodeReport(report: ProtoMessage): Uint8Array {
  const number = (name: string): number => Number(numberOf(report, name, 0xffffffffn))
  const word = (name: string): bigint => numberOf(report, name)
  const exactly = (name: string, size: number): Uint8Array => {
    const bytes = bytesOf(report, name)
    if (bytes.length !== size) throw lacks(`report.${name}`, `${size} bytes`)
    return bytes
  }
  const version = number('version')
  const signature = exactly('signature', 512)
  const build = (name: string): { major: number; minor: number; build: number } => ({
    major: Number(numberOf(report, `${name}_major`, 0xffn)),
    minor: Number(numberOf(report, `${name}_minor`, 0xffn)),
    build: Number(numberOf(report, `${name}_build`, 0xffn)),
  })
  if (version < 2 || version > 5) throw lacks('report.version', 'version 2 to 5')
  return encodeSnpReport({
    version,
    guestSvn: number('guest_svn'),
    policy: word('policy'),
    familyId: exactly('family_id', 16),
    imageId: exactly('image_id', 16),
    vmpl: number('vmpl'),
    signatureAlgo: number('signature_algo'),
    currentTcb: littleEndian(word('current_tcb')),
    platformInfo: word('platform_info'),
    keyInfo: number('signer_info'),
    reserved4c: new Uint8Array(4),
    reportData: exactly('report_data', 64),
    measurement: exactly('measurement', 48),
    hostData: exactly('host_data', 32),
    idKeyDigest: exactly('id_key_digest', 48),
    authorKeyDigest: exactly('author_key_digest', 48),
    reportId: exactly('report_id', 32),
    reportIdMa: exactly('report_id_ma', 32),
    reportedTcb: littleEndian(word('reported_tcb')),
    ...(version < 3 ? {} : cpuid(number('cpuid1eax_fms'))),
    reserved18b: new Uint8Array(version < 3 ? 24 : 21),
    chipId: exactly('chip_id', 64),
    committedTcb: littleEndian(word('committed_tcb')),
    current: build('current'),
    reserved1eb: new Uint8Array(1),
    committed: build('committed'),
    reserved1ef: new Uint8Array(1),
    launchTcb: littleEndian(word('launch_tcb')),
    ...(version < 5
      ? {}
      : { launchMitVector: word('launch_mit_vector'), currentMitVector: word('current_mit_vector') }),
    reserved208: new Uint8Array(version < 5 ? 168 : 152),
    signatureR: signature.subarray(0, 72),
    signatureS: signature.subarray(72, 144),
    reserved330: signature.subarray(144),
  })
}

// CPUID leaf 1, EAX: stepping, model, family, then the extended model and family.
function cpuid(eax: number): { cpuidFamily: number; cpuidModel: number; cpuidStepping: number } {
  const nibble = (at: number): number => (eax >>> at) & 0xf
  return {
    cpuidFamily: nibble(8) + ((eax >>> 20) & 0xff),
    cpuidModel: (nibble(16) << 4) | nibble(4),
    cpuidStepping: nibble(0),
  }
}

function littleEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return bytes
}
