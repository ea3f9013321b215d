import { createHash } from 'node:crypto'
import { type Tee, toHex } from '@sekisho/evidence'
import { isRecord } from '../json.ts'
import type { Expectations } from '../verifier/model.ts'

/** Bytes of the field that holds the digest of init-data. KBS protocol, section 5. */
const HOST_DATA: Readonly<Partial<Record<Tee, number>>> = { snp: 32, tdx: 48, sgx: 64, cca: 64 }
/** The register that a guest extends once with it, where the platform has no such field. */
const REGISTER = '8'

/**
 * What evidence meets when it was launched with init-data of this digest: the host data, padded or cut to the field;
 * for a TPM, PCR 8 of the SHA-256 bank, extended with the digest cut to the bank. Undefined for evidence that has no place for it.
 *
 * @see the init-data specification of Confidential Containers; KBS protocol, section 5
 */
export function initDataExpectation(tee: Tee, digest: Uint8Array): Expectations | undefined {
  if (tee === 'tpm') return { pcrs: { [REGISTER]: [extendedOnce(digest)] } }
  if (tee === 'azure-vtpm') return { vtpm: { pcrs: { [REGISTER]: [extendedOnce(digest)] } } }
  const length = HOST_DATA[tee]
  return length === undefined ? undefined : { hostData: [toHex(fitted(digest, length))] }
}

/**
 * What is wrong with init-data beside evidence, in a sentence: its digest is another than the evidence carries, or the
 * evidence carries none. Undefined when the evidence binds it. What reference values pin does not matter here.
 *
 * @param carried expectations that the evidence would meet
 * @param wanted of {@link initDataExpectation}
 */
export function initDataFault(carried: Expectations, wanted: Expectations): string | undefined {
  const [found, expected] = [valueOf(carried), valueOf(wanted)]
  if (found === undefined)
    return `init-data: nothing in the evidence binds it; launched with it, the machine would carry ${expected}`
  return found === expected ? undefined : `init-data: it stands for ${expected}, and the evidence carries ${found}`
}

/** The one value in the place of init-data. */
function valueOf({ hostData, pcrs, vtpm }: Expectations): string | undefined {
  const registers = isRecord(vtpm) ? vtpm['pcrs'] : pcrs
  const values: unknown = isRecord(registers) ? registers[REGISTER] : hostData
  const first: unknown = Array.isArray(values) ? values[0] : undefined
  return typeof first === 'string' ? first : undefined
}

/**
 * Reference values together with what binds the evidence. Values that pin the same field or register win: what the
 * workload says it was launched with cannot widen them.
 */
export function boundExpectations(reference: Expectations, bound: Expectations): Expectations {
  const pinned = Object.entries(bound).flatMap(([name, wanted]) => {
    const given = reference[name]
    if (given === undefined || !MERGED.has(name)) return []
    return [[name, isRecord(wanted) && isRecord(given) ? boundMembers(given, wanted) : given] as const]
  })
  return { ...reference, ...bound, ...Object.fromEntries(pinned) }
}

/** Members of a binding that reference values may have as well. */
const MERGED: ReadonlySet<string> = new Set(['hostData', 'pcrs', 'vtpm'])

function boundMembers(given: Expectations, wanted: Expectations): Expectations {
  const { pcrs } = wanted
  if (!isRecord(pcrs)) return { ...wanted, ...given }
  return { ...given, pcrs: { ...pcrs, ...(isRecord(given['pcrs']) ? given['pcrs'] : {}) } }
}

function fitted(digest: Uint8Array, length: number): Uint8Array {
  const field = new Uint8Array(length)
  field.set(digest.subarray(0, length))
  return field
}

// TPM 2.0 Library, Part 1, PCR extend: the register begins with zeros, and takes digests of its own length only.
const BANK_BYTES = 32

function extendedOnce(digest: Uint8Array): string {
  return createHash('sha256').update(new Uint8Array(BANK_BYTES)).update(fitted(digest, BANK_BYTES)).digest('hex')
}
