import { parseAttest, parseTpmJson, type TpmEvidence, tpmFields, verifyTpmSync } from '@sekisho/evidence/tpm'
import type { Expectations, TeeDoor } from './door.ts'
import { toHex } from './shared.ts'

/** TPM 2.0 quotes behind the commands. Certificates come with them, or the outcome of an enrolment is given. */
export const tpmDoor: TeeDoor = {
  async verify({ evidence, at, expect, waive, trustAnchors, eventLog, files }) {
    const parts = parseTpmJson(evidence)
    return verifyTpmSync(eventLog === undefined ? parts : { ...parts, eventLog }, {
      at,
      expect,
      waive,
      ...(trustAnchors === undefined ? {} : { trustAnchors }),
      ...(files.tpm.activation === undefined ? {} : { activation: files.tpm.activation }),
    })
  },
  fields: (evidence) => tpmFields(parseTpmJson(evidence)),
  skeleton: (evidence) => tpmSkeleton(parseTpmJson(evidence)),
}

/** Expectations that a quote would meet: the PCRs that boot extends, where their values came along. */
export function tpmSkeleton({ message, pcrs }: Pick<TpmEvidence, 'message' | 'pcrs'>): Expectations {
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
