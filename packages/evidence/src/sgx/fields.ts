import type { Field } from '../core/fields.ts'
import { ENCLAVE_REPORT, type EnclaveReport } from '../dcap/enclave-report.ts'
import { ENCLAVE_MEANINGS, flagFields, layoutFields, quoteFields } from '../dcap/fields.ts'
import type { Quote } from '../dcap/quote.ts'
import { decodeSgxAttributes } from './report.ts'

/** Every field of an SGX quote, in order of offset, with what it means. */
export function sgxFields(quote: Quote<EnclaveReport>): readonly Field[] {
  const { before, after } = quoteFields(quote)
  const { xfrm, ...flags } = decodeSgxAttributes(quote.body.attributes)
  return [
    ...before,
    ...layoutFields(
      'report',
      ENCLAVE_REPORT,
      quote.body,
      quote.bodyOffset,
      'Intel SDM, volume 3D, section 37.15',
      ENCLAVE_MEANINGS,
    ),
    ...flagFields('report.attributes', flags),
    ...flagFields('report.attributes.xfrm', xfrm),
    ...after,
  ]
}
