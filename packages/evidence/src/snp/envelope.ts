import { refuse } from '../core/errors.ts'
import { parseCertificateTable, type TableEntry } from './certificate-table.ts'
import { SNP_REPORT_SIZE } from './report.ts'

/** What came in one piece from a guest: the report, and the certificates that its host passed along. */
export interface SnpEnvelope {
  /** How the report was wrapped. `response` is MSG_REPORT_RSP as the guest driver returns it. */
  readonly kind: 'report' | 'response' | 'report-and-table'
  /** 1184 bytes, a view. */
  readonly report: Uint8Array
  /** Entries of the certificate table behind the report. */
  readonly table: readonly TableEntry[]
}

const RESPONSE_HEADER = 0x20

/**
 * Splits what hosts and drivers deliver: a bare report (`outblob` of configfs-tsm), a MSG_REPORT_RSP
 * (status, size, 24 reserved bytes, report, zeros), or a report with a certificate table behind it.
 *
 * @throws EvidenceError for anything else; a bare report of another length is one of these
 * @see AMD 56860, MSG_REPORT_RSP; AMD 56421 (GHCB), SNP extended guest request
 */
export function splitSnpEvidence(bytes: Uint8Array): SnpEnvelope {
  if (bytes.length > SNP_REPORT_SIZE && isResponse(bytes)) return splitResponse(bytes)
  if (bytes.length >= SNP_REPORT_SIZE + 24) {
    return {
      kind: 'report-and-table',
      report: bytes.subarray(0, SNP_REPORT_SIZE),
      table: parseCertificateTable(bytes.subarray(SNP_REPORT_SIZE)),
    }
  }
  return { kind: 'report', report: bytes, table: [] }
}

// A bare report begins with its version, 2 or more, where a response has its status, 0 for success;
// a failed response carries no report, so that it is told apart by its size field.
function isResponse(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(4, true) === SNP_REPORT_SIZE && (view.getUint32(0, true) === 0 || bytes.length === 4000)
}

function splitResponse(bytes: Uint8Array): SnpEnvelope {
  const status = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true)
  if (status !== 0) {
    throw refuse('response.status', `status ${status}`, '0, success')
  }
  const end = RESPONSE_HEADER + SNP_REPORT_SIZE
  if (bytes.length < end) {
    throw refuse('response', `${bytes.length} bytes`, `at least ${end} bytes`, bytes.length, 'truncated')
  }
  const rest = bytes.subarray(end)
  const stray = rest.findIndex((byte) => byte !== 0)
  if (stray >= 0) {
    throw refuse('response', 'a byte that is not zero', 'zeros behind the report', end + stray, 'trailing-bytes')
  }
  return { kind: 'response', report: bytes.subarray(RESPONSE_HEADER, end), table: [] }
}
