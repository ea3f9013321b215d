import {
  GOOGLE_TPM_ROOTS,
  parseAttest,
  parseTpmJson,
  type TpmEvidence,
  type TpmExpectations,
  tpmFields,
  verifyTpm,
} from '@sekisho/evidence/tpm'
import { toHex } from '../bytes.ts'
import { commonOptions, type Door } from '../door.ts'

/** TPM 2.0 quotes behind the page. Certificates come with them; roots of TPM makers as trust anchors. */
export const tpmDoor: Door = {
  roots: () => GOOGLE_TPM_ROOTS,
  titles: {},
  fields: (evidence) => tpmFields(parseTpmJson(evidence)),
  skeleton: (evidence) => tpmSkeleton(parseTpmJson(evidence)),
  verify(request) {
    const parts = parseTpmJson(request.evidence)
    const whole = request.eventLog === undefined ? parts : { ...parts, eventLog: request.eventLog }
    return verifyTpm(whole, commonOptions<TpmExpectations>(request))
  },
}

/** Expectations that a quote would meet: the PCRs that boot extends, where their values came along. */
export function tpmSkeleton({
  message,
  pcrs,
}: Pick<TpmEvidence, 'message' | 'pcrs'>): Readonly<Record<string, unknown>> {
  const { extraData, quote } = parseAttest(message)
  const selection = quote?.selections.find(({ bank }) => bank === 'sha256') ?? quote?.selections[0]
  const values = selection === undefined ? undefined : pcrs?.[selection.bank]
  const named = (selection?.pcrs ?? []).filter((index) => index < 16 && /[^0]/.test(values?.[String(index)] ?? ''))
  return {
    ...(selection === undefined || selection.bank === 'sha256' ? {} : { bank: selection.bank }),
    ...(named.length > 0
      ? { pcrs: Object.fromEntries(named.map((index) => [String(index), [values?.[String(index)] ?? '']])) }
      : quote === undefined
        ? {}
        : { measurement: [toHex(quote.pcrDigest)] }),
    ...(extraData.length === 0 ? {} : { reportData: toHex(extraData) }),
  }
}
