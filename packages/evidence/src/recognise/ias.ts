import { carriesIasReport } from './carriers.ts'
import type { Identified } from './model.ts'

const MOST = 128 * 1024
const BODY = '"isvEnclaveQuoteBody"'

// The body in base64, under a name that nothing else has.
const ENCODED = /"(raReport|ra_report|iasReport|ias_report)"\s*:\s*"eyJ/

/** Tells an archived report of Intel's attestation service: in a certificate, with its signature, or alone. */
export function identifyIas(bytes: Uint8Array): Identified | undefined {
  if (carriesIasReport(bytes)) return { tee: 'sgx-epid', form: 'IAS report in a certificate', bytes }
  if (bytes[0] !== 0x7b || bytes.length > MOST) return undefined
  // Inside of a JSON string its quotes are escaped.
  const text = new TextDecoder('latin1').decode(bytes)
  return ENCODED.test(text) || text.includes(BODY) || text.includes(BODY.replaceAll('"', '\\"'))
    ? { tee: 'sgx-epid', form: 'IAS report', bytes }
    : undefined
}
