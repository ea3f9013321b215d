import { equalBytes, toHex } from '../core/bytes.ts'
import type { Window } from './certificates.ts'
import type { EnclaveReport } from './enclave-report.ts'
import { equalUnderMask } from './flags.ts'
import { parseJson } from './json.ts'
import { readSvnLevels, readWindow, type SvnLevel } from './tcb-info.ts'

/** What Intel's Quoting Enclave must look like. */
export interface QeIdentity {
  readonly id: string
  readonly version: number
  readonly window: Window
  readonly evaluationDataNumber: number
  readonly miscSelect: Uint8Array
  readonly miscSelectMask: Uint8Array
  readonly attributes: Uint8Array
  readonly attributesMask: Uint8Array
  readonly mrSigner: Uint8Array
  readonly isvProdId: number
  /** Highest first. */
  readonly levels: readonly SvnLevel[]
}

/**
 * Parses an enclave identity of version 2: the exact text that Intel signed.
 * @throws EvidenceError
 * @see Intel PCS API documentation version 4, "Get Quoting Enclave Identity"
 */
export function parseQeIdentity(text: string): QeIdentity {
  const json = parseJson(text, 'enclaveIdentity')
  const version = json.integer('version', 2)
  if (version !== 2) throw json.error('version', '2')
  return {
    id: json.word('id', ['QE', 'TD_QE', 'QVE', 'QAE']),
    version,
    window: readWindow(json),
    evaluationDataNumber: json.integer('tcbEvaluationDataNumber', 0xffffffff),
    miscSelect: json.hex('miscselect', 4),
    miscSelectMask: json.hex('miscselectMask', 4),
    attributes: json.hex('attributes', 16),
    attributesMask: json.hex('attributesMask', 16),
    mrSigner: json.hex('mrsigner', 32),
    isvProdId: json.integer('isvprodid', 0xffff),
    levels: readSvnLevels(json),
  }
}

/** What differs between a QE report and the identity. */
export interface QeDifference {
  readonly field: string
  readonly expected: string
  readonly actual: string
}

/** The first difference, or undefined. MRENCLAVE is not compared: it changes with every version. */
export function qeDifference(qe: EnclaveReport, identity: QeIdentity): QeDifference | undefined {
  if (!equalUnderMask(qe.miscSelect, identity.miscSelectMask, identity.miscSelect))
    return { field: 'MISCSELECT', expected: toHex(identity.miscSelect), actual: toHex(qe.miscSelect) }
  if (!equalUnderMask(qe.attributes, identity.attributesMask, identity.attributes))
    return { field: 'ATTRIBUTES', expected: toHex(identity.attributes), actual: toHex(qe.attributes) }
  if (!equalBytes(qe.mrSigner, identity.mrSigner))
    return { field: 'MRSIGNER', expected: toHex(identity.mrSigner), actual: toHex(qe.mrSigner) }
  return qe.isvProdId === identity.isvProdId
    ? undefined
    : { field: 'ISVPRODID', expected: `${identity.isvProdId}`, actual: `${qe.isvProdId}` }
}
