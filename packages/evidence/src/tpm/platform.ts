import { equalBytes } from '../core/bytes.ts'
import { type Memory, memoryName, type Remembered } from '../core/memory.ts'
import type { Certificate } from '../x509/certificate.ts'
import { readChain, type TpmChain } from './certificates.ts'
import type { KeptQuote, QuoteKeeper } from './kept-quote.ts'
import { type PlannedKey, readKey } from './plan.ts'

/**
 * What of a TPM is the same from quote to quote: its attestation key, and its certificates with the checks of their
 * signatures. All of that follows from the bytes alone; dates and anchors are judged anew on each use.
 */
export class TpmPlatform implements Remembered, QuoteKeeper {
  readonly akPublic: Uint8Array | undefined
  readonly ders: readonly Uint8Array[]
  readonly given: PlannedKey | undefined
  readonly chain: TpmChain | undefined
  readonly certificates: readonly Certificate[]
  readonly jobs: readonly [] = []
  quote: KeptQuote | undefined

  /** @throws EvidenceError when the key cannot be read */
  constructor(akPublic: Uint8Array | undefined, ders: readonly Uint8Array[]) {
    const pool: Certificate[] = []
    this.akPublic = akPublic
    this.ders = ders
    this.given = akPublic === undefined ? undefined : readKey(akPublic)
    this.chain = ders.length === 0 ? undefined : readChain(ders, pool)
    this.certificates = pool
  }
}

/** The name that a memory knows a TPM by. */
function nameOf(akPublic: Uint8Array | undefined, ders: readonly Uint8Array[]): string {
  return memoryName('tpm', ders[0] ?? akPublic ?? NOTHING)
}

/** Looks a TPM up by its key and certificates. */
export function recallPlatform(
  memory: Memory,
  akPublic: Uint8Array | undefined,
  ders: readonly Uint8Array[],
): TpmPlatform | undefined {
  const found = memory.get(nameOf(akPublic, ders))
  if (!(found instanceof TpmPlatform) || found.ders.length !== ders.length) return undefined
  const same =
    equalBytes(found.akPublic ?? NOTHING, akPublic ?? NOTHING) &&
    ders.every((der, i) => equalBytes(der, found.ders[i] as Uint8Array))
  return same ? found : undefined
}

/** Keeps a TPM whose quote was proven. @param bytes size of the evidence that it keeps */
export function rememberPlatform(memory: Memory, platform: TpmPlatform, bytes: number): void {
  memory.set(nameOf(platform.akPublic, platform.ders), platform, bytes)
}

const NOTHING: Uint8Array = new Uint8Array(0)
