import { concatBytes, toHex } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { encodeSnpReport } from '../snp/report.ts'
import { TPM_HASHES } from '../tpm-structures/algorithms.ts'
import { SNP_ATTESTATION, TPM_ATTESTATION } from './google-messages.ts'
import type { Opened, Part } from './model.ts'
import { type ProtoMessage, type ProtoSchema, readProto, readTextProto } from './protobuf.ts'

const FIRST = 0x0a
const VARINT_OF_1 = 0x08
// A comment ends with its line: were that left open, each of its number signs could begin another.
const TEXT = /^(?:\s|#[^\n]*\n)*(ak_pub|quotes|event_log|ak_cert|report|certificate_chain)\s*[:{<]/
const OF_REPORT = /^(?:report|certificate_chain)$/

/**
 * Takes off the messages in which Google's libraries hand evidence on, in the wire format: the quotes of a TPM with
 * what came with them, or an SEV-SNP report field by field with its certificates.
 *
 * @returns undefined when the bytes begin like neither
 * @throws EvidenceError for a message that lacks what it is about
 */
export function openGoogle(bytes: Uint8Array): Opened | undefined {
  if (bytes[0] !== FIRST) return undefined
  const inner = innerStart(bytes)
  if (inner === undefined) return undefined
  // The first field of either is a message that begins with the report's version, or a TPM's public area.
  if (bytes[inner] === VARINT_OF_1) return openReport(tried(bytes, SNP_ATTESTATION))
  if (bytes[inner] === 0 && (bytes[inner + 1] === 0x01 || bytes[inner + 1] === 0x23))
    return openQuotes(tried(bytes, TPM_ATTESTATION))
  return undefined
}

/** As {@link openGoogle}, of the text format. */
export function openGoogleText(text: string): Opened | undefined {
  const name = TEXT.exec(text.slice(0, 4096))?.[1]
  if (name === undefined) return undefined
  return OF_REPORT.test(name)
    ? openReport(readTextProto(text, SNP_ATTESTATION))
    : openQuotes(readTextProto(text, TPM_ATTESTATION))
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

function openReport(message: ProtoMessage | undefined): Opened | undefined {
  if (message === undefined) return undefined
  return { name: 'attestation of go-sev-guest', inner: { bytes: reportOf(message) }, path: 'report' }
}

function openQuotes(message: ProtoMessage | undefined): Opened | undefined {
  if (message === undefined) return undefined
  const quotes = messagesOf(message, 'quotes').map((one) => ({ quote: one, bank: bankOf(one) }))
  const chosen = BANKS.map((bank) => quotes.find((one) => one.bank === bank)).find((one) => one !== undefined)
  if (chosen === undefined) throw lacks('quotes', 'a quote of a bank that is known')
  const others = quotes.filter((one) => one !== chosen).map(({ bank }) => bank ?? 'unknown')
  const unused = [
    ...(others.length === 0 ? [] : [`the quotes of other banks: ${others.slice(0, 8).join(', ')}`]),
    ...(message.has('canonical_event_log') ? ['the canonical event log'] : []),
    ...(message.has('instance_info') ? ['what the sender says of its instance'] : []),
    ...(message.has('tdx_attestation')
      ? ['the TD quote, which is taken apart into fields: pass the quote itself']
      : []),
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
    message: base64(bytesOf(quote, 'quote')),
    signature: base64(bytesOf(quote, 'raw_sig')),
    pcrs: {
      [bank]: Object.fromEntries(values.map((one) => [String(numberOf(one, 'key')), toHex(bytesOf(one, 'value'))])),
    },
    ...(akPublic === undefined ? {} : { akPublic: base64(akPublic) }),
    ...(eventLog === undefined ? {} : { eventLog: base64(eventLog) }),
    ...(certificates.length === 0 ? {} : { certificates: certificates.map(base64) }),
  }
}

function hardwareOf(message: ProtoMessage): readonly Part[] {
  return messagesOf(message, 'sev_snp_attestation').map((one) => ({
    label: 'sev_snp_attestation',
    inner: { bytes: reportOf(one) },
    tees: ['snp'],
  }))
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

function messagesOf(message: ProtoMessage, name: string): readonly ProtoMessage[] {
  return (message.get(name) ?? []).filter((one): one is ProtoMessage => one instanceof Map)
}

function bytesListOf(message: ProtoMessage, name: string): readonly Uint8Array[] {
  return (message.get(name) ?? []).filter((one) => one instanceof Uint8Array)
}

// Readers join what occurs again, or take the last: which one would count is anybody's guess.
function once<T>(list: readonly T[], name: string): T | undefined {
  if (list.length > 1) throw lacks(name, 'the field once')
  return list[0]
}

function bytesOf(message: ProtoMessage, name: string): Uint8Array {
  return once(bytesListOf(message, name), name) ?? new Uint8Array(0)
}

function messageOf(message: ProtoMessage, name: string): ProtoMessage {
  return once(messagesOf(message, name), name) ?? NOTHING
}

const NOTHING: ProtoMessage = new Map()

// Zero is what is not written.
function numberOf(message: ProtoMessage, name: string, most: bigint = 0xffffffffffffffffn): bigint {
  const value = once(message.get(name) ?? [], name) ?? 0n
  if (typeof value === 'bigint' && value <= most) return value
  throw lacks(name, `a number of at most ${most}`)
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

function lacks(field: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', 'another value', { field: `protobuf.${field}`, offset: 0, expected })
}
