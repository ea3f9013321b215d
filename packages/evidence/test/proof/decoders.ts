import {
  concat,
  generateKey,
  makeEventLog,
  makeSgx,
  makeSnp,
  makeTdx,
  pemChain,
  reportResponse,
  toPem,
  utf8,
} from '@sekisho/emulator/kit'
import { settleNow } from '#crypto'
import { decodeCmw } from '../../src/cmw/index.ts'
import { fromHex } from '../../src/core/bytes.ts'
import { type CorimReference, readCorimReferences } from '../../src/corim/index.ts'
import { DcapCollateral } from '../../src/dcap/collateral.ts'
import { parsePckExtensions } from '../../src/dcap/pck.ts'
import { parseQeIdentity } from '../../src/dcap/qe-identity.ts'
import { parseTcbInfo } from '../../src/dcap/tcb-info.ts'
import { parseIas } from '../../src/ias/index.ts'
import { parseNsmResponse } from '../../src/nitro/nsm.ts'
import { recognise, recogniseParts } from '../../src/recognise/index.ts'
import { readSgxExpectations } from '../../src/sgx/expectations.ts'
import { parseSgxQuote } from '../../src/sgx/report.ts'
import { parseCertificateTable } from '../../src/snp/certificate-table.ts'
import { readLeafExtensions } from '../../src/snp/certificates.ts'
import { prepareSnpCollateral } from '../../src/snp/collateral.ts'
import { splitSnpEvidence } from '../../src/snp/envelope.ts'
import { readSnpExpectations } from '../../src/snp/expectations.ts'
import { parseIdAuth, parseIdBlock } from '../../src/snp/id-block.ts'
import { parseSnpJson } from '../../src/snp/json-report.ts'
import { decodeSnpReport, encodeSnpReport, parseSnpReport } from '../../src/snp/report.ts'
import {
  eventLogFindings,
  explainEventLog,
  logJobs,
  parseCcelTable,
  parseEventLog,
  secureBootState,
} from '../../src/tdx/event-log/index.ts'
import { readTdxExpectations } from '../../src/tdx/expectations.ts'
import { parseTdxQuote } from '../../src/tdx/report.ts'
import { parseToken, readCoseKeySet } from '../../src/token/index.ts'
import { parseBer } from '../../src/x509/ber.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { parseCrl } from '../../src/x509/crl.ts'
import { decodeBase64, decodePem } from '../../src/x509/pem.ts'
import { ccelTable, corims, coseKey, iasBody, nsmAnswers, webTokens, wrappers } from './samples.ts'

interface Common {
  readonly name: string
  /** Errors it may throw: EvidenceError always, TypeError where what it reads is a caller's option. */
  readonly throwsTypeError?: true
}

/** A decoder with well-formed input to start from. */
export type Decoder = Common &
  (
    | { readonly form: 'bytes'; readonly samples: readonly Uint8Array[]; decode(input: Uint8Array): unknown }
    | { readonly form: 'text'; readonly samples: readonly string[]; decode(input: string): unknown }
  )

const authorKey = generateKey('P-384')
const sgx = [makeSgx(), makeSgx({ version: 4 }), makeSgx({ version: 5 }), makeSgx({ quote: { certificationType: 3 } })]
const tdx = [
  makeTdx(),
  makeTdx({ version: 5, bodyType: 2 }),
  makeTdx({ version: 5, bodyType: 3 }),
  makeTdx({ version: 5, bodyType: 4 }),
]
const snp = [
  makeSnp({ version: 2 }),
  makeSnp({ role: 'vlek' }),
  makeSnp({ version: 5, idBlock: { idKey: authorKey, authorKey } }),
]
const [sgx3] = sgx
const [td10] = tdx
if (sgx3 === undefined || td10 === undefined) throw new Error('the test kit made nothing')
const signed = snp.flatMap(({ idBlock, idAuth }) =>
  idBlock === undefined || idAuth === undefined ? [] : [{ idBlock, idAuth }],
)
const ders = [
  sgx3.pck.der,
  sgx3.authority.root.der,
  ...snp.flatMap(({ leaf, certificates }) => [leaf.der, certificates.ark]),
]
const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const crls = [hex(sgx3.collateral.root_ca_crl), hex(td10.collateral.pck_crl), ...snp.map(({ crl }) => crl)]
const tcbInfos = [
  sgx3.collateral.tcb_info,
  td10.collateral.tcb_info,
  makeSgx({ tcbInfo: { version: 2 } }).collateral.tcb_info,
]
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const DSTACK = JSON.stringify([
  { imr: 0, event_type: 2147483659, digest: 'ab'.repeat(48), event: '', event_payload: '' },
  { imr: 3, event_type: 134217729, digest: 'cd'.repeat(48), event: 'app-id', event_payload: '0102' },
])

/** Every decoder that reads what others wrote. */
export const DECODERS: readonly Decoder[] = [
  { name: 'SGX quote', form: 'bytes', samples: sgx.map(({ evidence }) => evidence), decode: parseSgxQuote },
  { name: 'TDX quote', form: 'bytes', samples: tdx.map(({ evidence }) => evidence), decode: parseTdxQuote },
  { name: 'SNP report', form: 'bytes', samples: snp.map(({ evidence }) => evidence), decode: roundTrip },
  {
    name: 'SNP envelope',
    form: 'bytes',
    samples: snp.flatMap((one) => [concat(one.evidence, one.certificateTable), reportResponse(one.evidence)]),
    decode: splitSnpEvidence,
  },
  {
    name: 'certificate table',
    form: 'bytes',
    samples: snp.map(({ certificateTable }) => certificateTable),
    decode: parseCertificateTable,
  },
  { name: 'ID block', form: 'bytes', samples: signed.map(({ idBlock }) => idBlock), decode: parseIdBlock },
  { name: 'ID authentication', form: 'bytes', samples: signed.map(({ idAuth }) => idAuth), decode: parseIdAuth },
  { name: 'certificate', form: 'bytes', samples: ders, decode: (der) => readAll(der) },
  { name: 'CRL', form: 'bytes', samples: crls, decode: parseCrl },
  { name: 'TCB info', form: 'text', samples: tcbInfos, decode: parseTcbInfo },
  {
    name: 'QE identity',
    form: 'text',
    samples: [sgx3.collateral.qe_identity, td10.collateral.qe_identity],
    decode: parseQeIdentity,
  },
  {
    name: 'PEM',
    form: 'text',
    samples: [pemChain(...ders.slice(0, 2)), ders.map((der) => toPem(der)).join('\r\n\0')],
    decode: (text) => decodePem(text, 'CERTIFICATE', 'chain'),
  },
  { name: 'base64', form: 'text', samples: ders.map(base64), decode: decodeBase64 },
  { name: 'hexadecimal', form: 'text', samples: [sgx3.collateral.pck_crl, 'AbCdEf'], decode: fromHex },
  {
    name: 'CCEL event log',
    form: 'bytes',
    samples: [td10.eventLog, makeEventLog({ secureBoot: false, tail: new Uint8Array(9) }).bytes],
    decode: parseEventLog,
  },
  { name: 'CCEL event log, explained', form: 'bytes', samples: [td10.eventLog], decode: readLog },
  {
    name: 'dstack event log',
    form: 'text',
    samples: [DSTACK, JSON.stringify({ event_log: DSTACK })],
    decode: (text) => readLog(utf8(text)),
  },
  { name: 'CCEL table', form: 'bytes', samples: [ccelTable()], decode: parseCcelTable },
  {
    name: 'recognise, bytes',
    form: 'bytes',
    samples: [...sgx, ...tdx, ...snp].map(({ evidence }) => evidence),
    decode: recognise,
  },
  { name: 'conceptual message wrapper', form: 'bytes', samples: wrappers(), decode: (bytes) => decodeCmw(bytes) },
  {
    name: 'recognise, several',
    form: 'bytes',
    samples: wrappers(snp[0]?.evidence),
    decode: (bytes) => recogniseParts(bytes),
  },
  { name: 'CBOR Web Token', form: 'bytes', samples: webTokens(), decode: (bytes) => parseToken(bytes) },
  { name: 'COSE keys', form: 'bytes', samples: [coseKey()], decode: (bytes) => readCoseKeySet(bytes) },
  {
    name: 'CoRIM',
    form: 'bytes',
    samples: corims(),
    decode: (bytes) => readCorimReferences(bytes, { tdClass: '1.2.3' }).references.map(readReference),
  },
  { name: 'IAS report', form: 'bytes', samples: [iasBody()], decode: (bytes) => parseIas(bytes) },
  { name: 'NSM answer', form: 'bytes', samples: nsmAnswers(), decode: (bytes) => parseNsmResponse(bytes) },
  {
    name: 'BER',
    form: 'bytes',
    samples: [fromHex('30803080020100000004021234a0800401ff00000000') ?? new Uint8Array()],
    decode: (bytes) => parseBer(bytes, 'ber'),
  },
  { name: 'recognise, text', form: 'text', samples: envelopes(), decode: (text) => recognise(utf8(text)) },
  { name: 'JSON report', form: 'text', samples: [jsonReport()], decode: parseSnpJson },
  { name: 'DCAP collateral', form: 'text', samples: [...ders.map((der) => toPem(der)), ...tcbInfos], decode: readDcap },
  {
    name: 'SNP collateral',
    form: 'bytes',
    samples: [...ders, ...crls, ...snp.map((one) => one.certificateTable)],
    decode: readSnp,
  },
  {
    name: 'expectations',
    form: 'text',
    samples: [
      JSON.stringify({
        ...td10.expectations,
        acceptTcb: [{ name: 'a', statuses: ['OutOfDate'], advisories: [], until: '2030-01-01T00:00:00Z' }],
      }),
      JSON.stringify(snp[0]?.expectations),
    ],
    decode: readExpected,
    throwsTypeError: true,
  },
]

// Parsing twice, once strictly: whatever parses is written back as the same bytes.
function roundTrip(bytes: Uint8Array): void {
  decodeSnpReport(bytes)
  const again = encodeSnpReport(parseSnpReport(bytes))
  if (Buffer.compare(again, bytes) !== 0) throw new Error('a report is not written as it was read')
}

// What a CoRIM is read as, the verifier of its TEE takes.
function readReference({ tee, values }: CorimReference): object {
  return tee === 'snp'
    ? readSnpExpectations(values)
    : tee === 'sgx'
      ? readSgxExpectations(values)
      : readTdxExpectations(values)
}

function readAll(der: Uint8Array): void {
  const certificate = parseCertificate(der)
  for (const read of [parsePckExtensions, readLeafExtensions]) {
    try {
      read(certificate)
    } catch (error) {
      if (!(error instanceof Error && error.name === 'EvidenceError')) throw error
    }
  }
}

// Collateral never throws: what cannot be read becomes a part that says so.
function readDcap(text: string): void {
  new DcapCollateral({
    pck_crl_issuer_chain: text,
    root_ca_crl: text,
    pck_crl: utf8(text),
    tcb_info: text,
    tcb_info_issuer_chain: text,
    tcb_info_signature: text,
    qe_identity: text,
    qe_identity_issuer_chain: text,
    qe_identity_signature: utf8(text),
  })
}

function readSnp(bytes: Uint8Array): void {
  prepareSnpCollateral({
    vcek: bytes,
    ask: bytes,
    ark: bytes,
    certChain: bytes,
    crl: bytes,
    certificateTable: bytes,
    idBlock: bytes,
    idAuth: bytes,
  })
}

function readExpected(text: string): void {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // Whoever reads a file parses the JSON; only values come here.
    return
  }
  const readers: readonly ((input: never) => unknown)[] = [
    readSgxExpectations,
    readTdxExpectations,
    readSnpExpectations,
  ]
  for (const read of readers) {
    try {
      // Callers without types pass anything.
      read(value as never)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
    }
  }
}

function envelopes(): readonly string[] {
  return [...sgx, ...tdx, ...snp].flatMap(({ evidence }) => [
    base64(evidence),
    Buffer.from(evidence).toString('hex'),
    toPem(evidence, 'QUOTE'),
    JSON.stringify({ quote: base64(evidence) }),
    JSON.stringify({ evidence: { quote: Buffer.from(evidence).toString('hex'), cc_eventlog: null } }),
  ])
}

function jsonReport(): string {
  const report = parseSnpReport((snp[1] ?? makeSnp()).evidence)
  const bytes = (value: Uint8Array): readonly number[] => [...value]
  const tcb = { bootloader: 10, tee: 0, snp: 24, microcode: 84 }
  const firmware = { major: 1, minor: 55, build: 40 }
  const attestation_report = {
    version: report.version,
    guest_svn: report.guestSvn,
    policy: Number(report.policy),
    family_id: bytes(report.familyId),
    image_id: bytes(report.imageId),
    vmpl: report.vmpl,
    sig_algo: report.signatureAlgo,
    current_tcb: tcb,
    plat_info: Number(report.platformInfo),
    key_info: report.keyInfo,
    report_data: bytes(report.reportData),
    measurement: bytes(report.measurement),
    host_data: bytes(report.hostData),
    id_key_digest: bytes(report.idKeyDigest),
    author_key_digest: bytes(report.authorKeyDigest),
    report_id: bytes(report.reportId),
    report_id_ma: bytes(report.reportIdMa),
    reported_tcb: tcb,
    cpuid_fam_id: report.cpuidFamily,
    cpuid_mod_id: report.cpuidModel,
    cpuid_step: report.cpuidStepping,
    chip_id: bytes(report.chipId),
    committed_tcb: tcb,
    current: firmware,
    committed: firmware,
    launch_tcb: tcb,
    signature: { r: bytes(report.signatureR), s: bytes(report.signatureS) },
  }
  return JSON.stringify({
    attestation_report,
    cert_chain: [{ cert_type: 'VLEK', data: bytes(ders[0] ?? new Uint8Array(1)) }],
  })
}

// As a person looks at a log: replayed, explained, and searched for what is odd.
function readLog(bytes: Uint8Array): void {
  const log = parseEventLog(bytes)
  settleNow(logJobs(log))
  explainEventLog(log)
  eventLogFindings(log)
  secureBootState(log)
}
