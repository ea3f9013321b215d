import { concat, filled, le, makeSgx, makeTdx, patched, utf8 } from '@sekisho/emulator/kit'
import { parseTcbInfo } from '../../src/dcap/tcb-info.ts'
import { recognise } from '../../src/recognise/index.ts'
import { parseSgxQuote } from '../../src/sgx/report.ts'
import { parseCertificateTable } from '../../src/snp/certificate-table.ts'
import { splitSnpEvidence } from '../../src/snp/envelope.ts'
import { parseSnpJson } from '../../src/snp/json-report.ts'
import { parseEventLog } from '../../src/tdx/event-log/index.ts'
import { parseTdxQuote } from '../../src/tdx/report.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { parseCrl } from '../../src/x509/crl.ts'
import { decodeBase64, decodePem } from '../../src/x509/pem.ts'

const HUGE = [0x7fffffff, 0xfffffff0, 0xffffffff]
const MILLION = 1_000_000

/** An input that must not cost more than a small multiple of its size. */
export interface Hostile {
  readonly name: string
  readonly size: number
  run(): unknown
}

const of = (name: string, input: Uint8Array, decode: (input: Uint8Array) => unknown): Hostile => ({
  name,
  size: input.length,
  run: () => decode(input),
})
const ofText = (name: string, input: string, decode: (input: string) => unknown): Hostile => ({
  name,
  size: input.length,
  run: () => decode(input),
})

const sgx = makeSgx().evidence
const tdx = makeTdx({ version: 5, bodyType: 3 }).evidence
const report = filled(1184, 2)
const log = makeTdx().eventLog
const tcbInfo = makeSgx().collateral.tcb_info
const der = (tag: number, length: number): Uint8Array => Uint8Array.of(tag, 0x84, ...[...le(length, 4)].reverse())
const deep = (open: string, times: number): string => open.repeat(times)

/** Small inputs that declare huge lengths and counts. */
export const DECLARED: readonly Hostile[] = HUGE.flatMap((huge) =>
  [
    of('SGX quote, signature length', patched(sgx, 432, le(huge, 4)), parseSgxQuote),
    of('SGX quote, authentication data', patched(sgx, 436 + 128 + 448, le(0xffff, 2)), parseSgxQuote),
    of('SGX quote, certification data', patched(sgx, 436 + 128 + 448 + 2 + 32 + 2, le(huge, 4)), parseSgxQuote),
    of('TDX quote, body size', patched(tdx, 50, le(huge, 4)), parseTdxQuote),
    of(
      'certificate table, length',
      patched(filled(96, 0), 0, concat(filled(16, 7), le(48, 4), le(huge, 4))),
      parseCertificateTable,
    ),
    of(
      'certificate table, offset',
      patched(filled(96, 0), 0, concat(filled(16, 7), le(huge, 4), le(1, 4))),
      parseCertificateTable,
    ),
    of('SNP response, size', concat(le(0, 4), le(huge, 4), filled(24), report), splitSnpEvidence),
    of('certificate, length of DER', concat(der(0x30, huge), filled(64)), parseCertificate),
    of('CRL, length of DER', concat(der(0x30, huge), filled(64)), parseCrl),
    of('event log, length of the first event', patched(log, 28, le(huge, 4)), parseEventLog),
    of('event log, number of algorithms', patched(log, 32 + 24, le(huge, 4)), parseEventLog),
    of('event log, number of digests', patched(log, 32 + 37 + 8, le(huge, 4)), parseEventLog),
  ].map((one) => ({ ...one, name: `${one.name} 0x${huge.toString(16)}` })),
)

/** Large inputs that are nothing but structure. */
export const LARGE: readonly Hostile[] = [
  ofText('TCB info of nested lists', deep('[', MILLION / 2), parseTcbInfo),
  ofText(
    'TCB info with a million levels',
    tcbInfo.replace(/"tcbLevels":\[/, `"tcbLevels":[${'{},'.repeat(200_000)}`),
    parseTcbInfo,
  ),
  ofText('JSON report of nested objects', deep('{"a":', 50_000), parseSnpJson),
  ofText(
    'JSON report with a long list',
    `{"attestation_report":{"version":3,"family_id":[${'0,'.repeat(100_000)}0]}}`,
    parseSnpJson,
  ),
  ofText(
    'PEM of many empty blocks',
    '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'.repeat(20_000),
    (text) => decodePem(text, 'CERTIFICATE', 'chain'),
  ),
  ofText('base64 of padding', '='.repeat(MILLION), decodeBase64),
  ofText('base64 of white space', ' '.repeat(MILLION), decodeBase64),
  of(
    'CRL of empty sequences',
    concat(
      Uint8Array.of(0x30, 0x83, 0x0f, 0x42, 0x40),
      new Uint8Array(MILLION).map((_, i) => (i % 2 === 0 ? 0x30 : 0)),
    ),
    parseCrl,
  ),
  of('event log of events without digests', concat(log.subarray(0, 69), filled(MILLION)), parseEventLog),
  of('recognise: nested JSON', utf8(deep('[', MILLION)), recognise),
  of(
    'recognise: nested strings',
    utf8(JSON.stringify(JSON.stringify(JSON.stringify(JSON.stringify('"'.repeat(20_000)))))),
    recognise,
  ),
  of('recognise: white space', filled(MILLION, 0x20), recognise),
  of(
    'recognise: base64 of base64',
    utf8(Buffer.from(Buffer.from('A'.repeat(MILLION / 2)).toString('base64')).toString('base64')),
    recognise,
  ),
  of('recognise: hexadecimal', utf8('ab,'.repeat(300_000)), recognise),
  of('recognise: half of a PEM', utf8(`-----BEGIN QUOTE-----\n${'A'.repeat(MILLION)}`), recognise),
]
