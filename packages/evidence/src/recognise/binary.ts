import { beginsLikeHcl } from '../azure/hcl.ts'
import { allZero } from '../core/bytes.ts'
import { EvidenceError } from '../core/errors.ts'
import { gunzip } from '../core/inflate.ts'
import { identifyCose, openNsmAnswer } from './cose.ts'
import { openGoogle } from './google.ts'
import { identifyIas } from './ias.ts'
import { looksLikeQuote, looksLikeReport, REPORT_SIZE, u16, u32, u32be } from './looks.ts'
import type { Identified, Opened } from './model.ts'
import { identifyNvidia } from './nvidia.ts'
import { openPrefixed } from './prefixed.ts'
import { openRaTls } from './ra-tls.ts'
import { identifyIbmSe, identifySev } from './sev-ibm.ts'
import { tpmStranger } from './strangers.ts'
import { identifyToken } from './token.ts'
import { identifyTpm } from './tpm.ts'

const RESPONSE_HEADER = 32
const TDX_TEE_TYPE = 0x81

/** Tells a report or quote by its first fields, even when it is cut short, so that its parser can say where. */
export function identify(bytes: Uint8Array): Identified | undefined {
  const other = identifyIas(bytes) ?? identifyIbmSe(bytes) ?? identifySev(bytes)
  if (other !== undefined) return other
  if (looksLikeQuote(bytes)) return identifyQuote(bytes)
  if (looksLikeReport(bytes)) return identifyReport(bytes)
  if (beginsLikeHcl(bytes)) return { tee: 'azure-vtpm', form: 'HCL report of an Azure confidential VM', bytes }
  return identifyNvidia(bytes) ?? identifyTpm(bytes) ?? identifyCose(bytes) ?? identifyToken(bytes)
}

/** Takes off a binary wrapper. @returns undefined when the bytes begin like none */
export function openBinary(bytes: Uint8Array): Opened | undefined {
  for (const open of [
    openGzip,
    openUtf16,
    openResponse,
    openEnclaveReport,
    openEnclaveEvidence,
    openNsmAnswer,
    openGoogle,
    openRaTls,
    openPrefixed,
  ]) {
    const opened = open(bytes)
    if (opened !== undefined) return opened
  }
  return undefined
}

function identifyQuote(bytes: Uint8Array): Identified {
  const tdx = u16(bytes, 0) > 3 && u32(bytes, 4) === TDX_TEE_TYPE
  return tdx ? { tee: 'tdx', form: 'TDX quote', bytes } : { tee: 'sgx', form: 'SGX quote', bytes }
}

const TABLE_GUID_STARTS: readonly number[] = [0x63da758d, 0xa8074bc2, 0x4ab7b379, 0xc0b406a4, 0x92f81bc3, 0xecae0c0f]

/** Whether bytes begin like the certificate table that SEV-SNP hosts deliver. */
export function isCertificateTable(bytes: Uint8Array): boolean {
  return bytes.length >= 24 && TABLE_GUID_STARTS.includes(u32be(bytes, 0))
}

// Buffers of guest devices have a page at most beside the report (4000 bytes of a response, 4096 of a page).
const MAX_PADDING = 4096

// An extended report as some tools write it: the report, and the certificate table right behind it.
function identifyReport(bytes: Uint8Array): Identified {
  const form = 'SEV-SNP report'
  const table = bytes.subarray(REPORT_SIZE)
  if (table.length > 0 && table.length <= MAX_PADDING && allZero(table))
    return {
      tee: 'snp',
      form,
      bytes: bytes.subarray(0, REPORT_SIZE),
      unused: [`${table.length} zero bytes behind the report, which nobody signed`],
    }
  if (!isCertificateTable(table)) return { tee: 'snp', form, bytes }
  return {
    tee: 'snp',
    form,
    bytes: bytes.subarray(0, REPORT_SIZE),
    companions: [{ kind: 'certificate-table', from: `the bytes behind the report`, bytes: table }],
  }
}

// What evidence and its log can be; packed data grows a thousandfold.
const MAX_UNPACKED = 2_000_000

function openGzip(bytes: Uint8Array): Opened | undefined {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return undefined
  return { name: 'gzip', inner: { bytes: gunzip(bytes, MAX_UNPACKED) }, path: '' }
}

// What PowerShell's `>` makes of a text that a program prints.
function openUtf16(bytes: Uint8Array): Opened | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== 0xfe) return undefined
  const text = new TextDecoder('utf-16le').decode(bytes)
  return { name: 'UTF-16', inner: { bytes: new TextEncoder().encode(text) }, path: '' }
}

// MSG_REPORT_RSP, as /dev/sev-guest answers: status, size, 24 reserved bytes, report; the buffer is 4000 bytes.
function openResponse(bytes: Uint8Array): Opened | undefined {
  if (bytes.length < RESPONSE_HEADER || u32(bytes, 4) !== REPORT_SIZE || !allZero(bytes.subarray(8, RESPONSE_HEADER)))
    return undefined
  const status = u32(bytes, 0)
  if (status !== 0) {
    throw new EvidenceError('malformed', `the firmware refused the request with status ${status}`, {
      field: 'MSG_REPORT_RSP.status',
      offset: 0,
      expected: 'status 0 and a report',
    })
  }
  const end = RESPONSE_HEADER + REPORT_SIZE
  const behind = bytes.subarray(end)
  if (!allZero(behind)) {
    throw new EvidenceError('trailing-bytes', `${behind.length} bytes behind the report that are not zero`, {
      field: 'MSG_REPORT_RSP',
      offset: end,
      expected: 'the end, or zeros',
    })
  }
  return {
    name: 'MSG_REPORT_RSP of the SEV guest device',
    inner: { bytes: bytes.subarray(RESPONSE_HEADER, end) },
    path: 'report',
  }
}

// Open Enclave's older report header: version 1, type 2 (remote), size u64.
function openEnclaveReport(bytes: Uint8Array): Opened | undefined {
  if (bytes.length < 44 || u32(bytes, 0) !== 1 || u32(bytes, 4) !== 2 || u32(bytes, 12) !== 0) return undefined
  const size = u32(bytes, 8)
  if (size > bytes.length - 16 || !looksLikeQuote(bytes.subarray(16))) return undefined
  return enclaveQuote('Open Enclave report', bytes.subarray(16, 16 + size))
}

// Open Enclave's evidence header: version 1, format UUID, size u64.
function openEnclaveEvidence(bytes: Uint8Array): Opened | undefined {
  if (bytes.length < 56 || u32(bytes, 0) !== 1 || u32(bytes, 24) !== 0) return undefined
  const size = u32(bytes, 20)
  if (size > bytes.length - 28 || !looksLikeQuote(bytes.subarray(28))) return undefined
  return enclaveQuote('Open Enclave evidence', bytes.subarray(28, 28 + size))
}

// Behind the quote lie the enclave's custom claims: the quote's own lengths say where it ends.
function enclaveQuote(name: string, data: Uint8Array): Opened {
  const version = u16(data, 0)
  const body =
    version === 5
      ? 6 + (data.length >= 54 ? u32(data, 50) : 0)
      : version === 4 && u32(data, 4) === TDX_TEE_TYPE
        ? 584
        : 384
  const at = 48 + body
  const end = data.length >= at + 4 ? at + 4 + u32(data, at) : data.length
  if (end >= data.length) return { name, inner: { bytes: data }, path: 'quote' }
  return {
    name,
    inner: { bytes: data.subarray(0, end) },
    path: 'quote',
    companions: [{ kind: 'runtime-data', from: 'the custom claims behind the quote', bytes: data.subarray(end) }],
  }
}

// Tag 17 around a list of four, perhaps as a CBOR Web Token. RFC 9052, section 6.2; PSA tokens may be that, RFC 9783.
function isMac0(bytes: Uint8Array): boolean {
  const at = bytes[0] === 0xd8 && bytes[1] === 0x3d ? 2 : 0
  return bytes[at] === 0xd1 && bytes[at + 1] === 0x84
}

const EPID_SIGNATURE = 432

// Version 1 or 2, linkable or not, and a signature whose length fits.
function isEpidQuote(bytes: Uint8Array): boolean {
  const [version = 0, , type = 0] = bytes
  if (bytes.length < EPID_SIGNATURE + 4 || bytes[1] !== 0 || bytes[3] !== 0) return false
  return (
    (version === 1 || version === 2) && type <= 1 && u32(bytes, EPID_SIGNATURE) === bytes.length - EPID_SIGNATURE - 4
  )
}

/** Archives and packed data, by what they begin with, or have at a place further on. */
const PACKED: readonly (readonly [name: string, start: readonly number[], at?: number])[] = [
  ['a zip archive', [0x50, 0x4b]],
  ['data packed by zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['data packed by xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
  ['data packed by bzip2', [0x42, 0x5a, 0x68]],
  ['a 7z archive', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['a tar archive', [0x75, 0x73, 0x74, 0x61, 0x72], 257],
]

/** What well-known bytes are that are not evidence we read, in words; undefined for unknown ones. */
export function strangerOf(bytes: Uint8Array): string | undefined {
  if (bytes.length === 1024 && bytes[0] === TDX_TEE_TYPE)
    return 'a TDREPORT, which only its own machine can check: have a quote made from it'
  if (isEpidQuote(bytes))
    return "an SGX quote with an EPID signature, which only Intel's attestation service could check: its report about the quote is read"
  if (bytes.length === 432)
    return 'perhaps an SGX EREPORT, which only its own machine can check: have a quote made from it'
  const tpm = tpmStranger(bytes)
  if (tpm !== undefined) return tpm
  const start = String.fromCharCode(...bytes.subarray(0, 6))
  if (start.startsWith('.eif')) return 'an enclave image, which is no evidence: `sekisho measure` says what it measures'
  if (start === 'asrcbM')
    return 'an add-secret request of IBM Secure Execution, which is no evidence: `sekisho inspect` decodes it'
  const packed = PACKED.find(([, start, at = 0]) => start.every((byte, i) => bytes[at + i] === byte))
  if (packed !== undefined) return `${packed[0]}: unpack it first`
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'UTF-16 whose high bytes come first: save it as UTF-8'
  if (bytes[0] === 0x30 && (bytes[1] === 0x82 || bytes[1] === 0x81))
    return 'DER, perhaps a certificate or CRL: that is collateral, not evidence'
  if (isMac0(bytes))
    return 'COSE_Mac0, perhaps a PSA token or a CBOR Web Token: only who has the key that made it can check it, so that it proves nothing to others'
  if (bytes[0] === 0xd2 || (bytes[0] === 0x84 && (bytes[1] as number) >> 5 === 2))
    return 'COSE whose payload begins like no Nitro document, no PSA token and no attestation result'
  if (bytes[0] === 0xd9 || bytes[0] === 0xd8)
    return 'tagged CBOR with another tag than those of Arm CCA tokens and CWTs'
  return undefined
}
