import { GOOGLE_TPM_ROOTS, parseAttest, parseTpmJson, type TpmEvidence, verifyTpmSync } from '@sekisho/evidence/tpm'
import { fittedBinding, NOTHING_KEPT, toHex } from './bytes.ts'
import type { Door, Expectations, Surroundings } from './model.ts'

/** TPM 2.0. Certificates come with the quote, or the key was enrolled by credential activation. */
export function tpmDoor(around: Surroundings): Door {
  return {
    skeleton: ({ evidence }) => tpmSkeleton(parseTpmJson(evidence)),
    binding({ evidence }, digest) {
      return fittedBinding(digest, parseAttest(parseTpmJson(evidence).message).extraData.length)
    },
    async verify({ evidence, eventLog }, { expect, at, waive }) {
      const quote = parseTpmJson(evidence)
      const parts = eventLog === undefined || quote.eventLog !== undefined ? quote : { ...quote, eventLog }
      const { akPublic } = parts
      const activation = akPublic === undefined ? undefined : around.options.activation?.(akPublic)
      const verdict = verifyTpmSync(parts, {
        at,
        expect,
        memory: around.memory,
        ...around.anchors(GOOGLE_TPM_ROOTS),
        ...(waive === undefined ? {} : { waive }),
        ...(activation === undefined ? {} : { activation }),
      })
      return { verdict, collateral: NOTHING_KEPT }
    },
  }
}

const FIRST_PCR_OF_APPLICATIONS = 16

/** Expectations that a quote would meet: the PCRs that boot extends, where their values came along. */
export function tpmSkeleton({ message, pcrs }: Pick<TpmEvidence, 'message' | 'pcrs'>): Expectations {
  const { quote } = parseAttest(message)
  const selection = quote?.selections.find(({ bank }) => bank === 'sha256') ?? quote?.selections[0]
  const values = selection === undefined ? undefined : pcrs?.[selection.bank]
  const named = (selection?.pcrs ?? []).filter(
    (index) => index < FIRST_PCR_OF_APPLICATIONS && /[^0]/.test(values?.[String(index)] ?? ''),
  )
  return {
    ...(selection === undefined || selection.bank === 'sha256' ? {} : { bank: selection.bank }),
    ...(named.length > 0
      ? { pcrs: Object.fromEntries(named.map((index) => [String(index), [values?.[String(index)] ?? '']])) }
      : quote === undefined
        ? {}
        : { measurement: [toHex(quote.pcrDigest)] }),
  }
}
