import { toHex } from '../core/bytes.ts'
import type { Skeleton } from '../core/skeleton.ts'
import { parseAttest, quotedPcrs } from '../tpm-structures/attest.ts'
import type { TpmEvidence } from './evidence.ts'

/**
 * Expectations that a quote would meet: the PCRs that boot extends, where their values came along, and the digest
 * over all of them otherwise.
 *
 * @throws EvidenceError for a message that cannot be read
 */
export function tpmSkeleton({ message, pcrs }: Pick<TpmEvidence, 'message' | 'pcrs'>): Skeleton {
  const { extraData, quote } = parseAttest(message)
  const selection = quote?.selections.find(({ bank }) => bank === 'sha256') ?? quote?.selections[0]
  const values = selection === undefined ? undefined : pcrs?.[selection.bank]
  const named = (selection === undefined ? [] : quotedPcrs(quote, selection.bank)).filter(
    (index) => index < FIRST_PCR_OF_APPLICATIONS && /[^0]/.test(values?.[String(index)] ?? ''),
  )
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

/**
 * What reference values are compared with: as {@link tpmSkeleton}, but with the digest over all that is quoted, and with every PCR
 * that is quoted and came with its value, those of applications and of zeros too, bank by bank: a set may pin them.
 *
 * @throws EvidenceError for a message that cannot be read
 */
export function tpmComparable(evidence: Pick<TpmEvidence, 'message' | 'pcrs'>): Skeleton {
  const { pcrs: _, bank: __, ...skeleton } = tpmSkeleton(evidence)
  const { quote } = parseAttest(evidence.message)
  if (quote === undefined) return skeleton
  const banks = quote.selections.map(({ bank }) => bank)
  // The bank that values go by which name none.
  const bank = ['sha256', ...banks.filter((one) => one !== 'sha1'), 'sha1'].find((one) =>
    banks.some((own) => own === one),
  )
  return {
    ...skeleton,
    measurement: [toHex(quote.pcrDigest)],
    ...(bank === undefined ? {} : { bank }),
    banks: Object.fromEntries(
      banks.map((one) => {
        const values = evidence.pcrs?.[one]
        const quoted = quotedPcrs(quote, one).filter((index) => values?.[String(index)] !== undefined)
        return [one, Object.fromEntries(quoted.map((index) => [String(index), [values?.[String(index)] ?? '']]))]
      }),
    ),
  }
}

const FIRST_PCR_OF_APPLICATIONS = 16
