import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type EifEntry, type EifOptions, makeEif, makeSigner, signEif } from '@sekisho/emulator/kit'
import { EvidenceError, type EvidenceErrorCode } from '@sekisho/evidence'
import { type EifMeasurement, measureEif } from '../src/index.ts'

export const AT: Date = new Date('2026-06-15T12:00:00Z')
export const SIGNER: EifEntry = makeSigner('P-256', AT)

/** The header's bytes before the first section. */
export const HEADER = 548

const VECTORS: string =
  process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
export const IMAGES: string = join(VECTORS, 'nitro-eif')
/** False, or why tests with published images cannot run. */
export const MISSING: string | false = existsSync(IMAGES) ? false : `needs the vectors in ${IMAGES} (SEKISHO_VECTORS)`

/** A signed image. */
export function signed(entry: EifEntry = SIGNER, options: EifOptions = {}): Uint8Array {
  return makeEif({ ...options, signature: signEif(options, entry) })
}

export function measured(image: Uint8Array, at: Date = AT): Promise<EifMeasurement> {
  return measureEif(image, { at })
}

/** What an image is refused with. */
export interface Refusal {
  readonly code: EvidenceErrorCode
  readonly field: string
  readonly offset: number
  readonly expected?: RegExp
}

/** Asserts that an image is refused for exactly this reason. */
export async function refused(image: Uint8Array, { code, field, offset, expected }: Refusal): Promise<void> {
  await assert.rejects(measured(image), (error) => {
    assert.ok(error instanceof EvidenceError, String(error))
    assert.deepEqual([error.code, error.field, error.offset], [code, field, offset], error.message)
    if (expected !== undefined) assert.match(error.expected, expected)
    return true
  })
}

/** Ids of the checks that failed. */
export function failures({ signers }: EifMeasurement): readonly string[] {
  return signers.flatMap(({ checks }) => checks.filter(({ outcome }) => outcome === 'fail').map(({ id }) => id))
}
