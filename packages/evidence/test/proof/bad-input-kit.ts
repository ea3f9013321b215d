import { makeSgx, makeSnp, makeTdx, patched, type SgxOptions, type SnpOptions } from '@sekisho/emulator/kit'
import type { EvidenceErrorCode } from '../../src/core/errors.ts'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { judgeSgx, judgeSnp, judgeTdx } from '../soundness/kit.ts'

/** One bad input, and what must be said about it: an error of this code about this field, or this failing check. */
export interface BadInput {
  readonly what: string
  readonly says:
    | { readonly code: EvidenceErrorCode; readonly field: string }
    | { readonly check: string; readonly reason: RegExp }
  run(): Verdict<Claims> | unknown
}

export const sgx: ReturnType<typeof makeSgx> = makeSgx()
export const tdx: ReturnType<typeof makeTdx> = makeTdx()
export const snp: ReturnType<typeof makeSnp> = makeSnp()
export const SIGNATURE: number = 48 + 384 + 4
export const QE_SIGNATURE: number = SIGNATURE + 128 + 384

export const error = (what: string, code: EvidenceErrorCode, field: string, run: () => unknown): BadInput => ({
  what,
  says: { code, field },
  run,
})
export const check = (what: string, id: string, run: () => Verdict<Claims>, reason: RegExp = /./): BadInput => ({
  what,
  says: { check: id, reason },
  run,
})
export const sgxWith = (options: SgxOptions) => (): Verdict<Claims> => judgeSgx(makeSgx(options))
export const snpWith = (options: SnpOptions) => (): Verdict<Claims> => judgeSnp(makeSnp(options))
export const sgxBytes = (evidence: Uint8Array) => (): Verdict<Claims> => judgeSgx(sgx, {}, evidence)
export const tdxBytes = (evidence: Uint8Array) => (): Verdict<Claims> => judgeTdx(tdx, {}, evidence)
export const snpBytes = (evidence: Uint8Array) => (): Verdict<Claims> => judgeSnp(snp, {}, evidence)
export const sgxPart = (name: string, value: string) => (): Verdict<Claims> =>
  judgeSgx(sgx, { collateral: { ...sgx.collateral, [name]: value } })
export const snpPart = (name: string, value: Uint8Array) => (): Verdict<Claims> =>
  judgeSnp(snp, { collateral: { ...snp.collateral, [name]: value } })
export const word = (bytes: Uint8Array, at: number, ...value: readonly number[]): Uint8Array =>
  patched(bytes, at, Uint8Array.from(value))
