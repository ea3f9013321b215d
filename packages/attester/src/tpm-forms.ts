import type { PcrValues, TpmHash } from '@sekisho/evidence/tpm'
import { base64 } from './base64.ts'
import type { AttestationKey } from './tpm/attestation-key.ts'
import { PCR_COUNT, type Quoted } from './tpm/pcr.ts'

/** Everything that was collected from a TPM. */
export interface CollectedTpm {
  readonly quoted: Quoted
  /** Values of all active PCRs of the bank. */
  readonly pcrs: PcrValues
  readonly bank: TpmHash
  readonly ak: Pick<AttestationKey, 'area' | 'certificates'>
  readonly eventLog: Uint8Array | undefined
}

/** The JSON form that `parseTpmJson` of `@sekisho/evidence/tpm` reads, and so `sekisho verify`. */
export function tpmJson({ quoted, pcrs, ak, eventLog }: CollectedTpm): Uint8Array {
  const tpm = {
    message: base64(quoted.message),
    signature: base64(quoted.signature),
    akPublic: base64(ak.area.bytes),
    pcrs,
    ...(eventLog === undefined ? {} : { eventLog: base64(eventLog) }),
    ...(ak.certificates.length === 0 ? {} : { certificates: ak.certificates.map(base64) }),
  }
  return new TextEncoder().encode(JSON.stringify({ tpm }))
}

/**
 * The `tpm` evidence of the KBS protocol: TPMS_ATTEST, TPMT_SIGNATURE and TPMT_PUBLIC in base64, and the values of all
 * 24 PCRs of the SHA-256 bank in hex, by position; of another bank as an object from bank to number to hex.
 * `event_log` and `ak_certificates` (base64) are members of ours, which others pass over.
 */
export function kbsTpmEvidence({ quoted, pcrs, bank, ak, eventLog }: CollectedTpm): unknown {
  const unread = '00'.repeat(32)
  const values =
    bank === 'sha256' ? Array.from({ length: PCR_COUNT }, (_, i) => pcrs[bank]?.[String(i)] ?? unread) : pcrs
  return {
    tpm_quote: { signature: base64(quoted.signature), message: base64(quoted.message), pcrs: values },
    ak_public: base64(ak.area.bytes),
    ...(eventLog === undefined ? {} : { event_log: base64(eventLog) }),
    ...(ak.certificates.length === 0 ? {} : { ak_certificates: ak.certificates.map(base64) }),
  }
}
