import { digestHex } from '../core/assemble.ts'
import type { Memory, Remembered } from '../core/memory.ts'
import type { DigestJob } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import { readChain, type TpmChain } from './certificates.ts'
import { chainKey, type PlannedKey, readKey } from './plan.ts'

/**
 * What of a TPM is the same from quote to quote: its attestation key, and its certificates with the checks of their
 * signatures. All of it follows from the bytes alone; dates and anchors are judged anew on each use.
 */
export class TpmPlatform implements Remembered {
  readonly given: PlannedKey | undefined
  readonly chain: TpmChain | undefined
  readonly certificates: readonly Certificate[]
  readonly jobs: readonly [] = []

  /** @throws EvidenceError when the key cannot be read */
  constructor(akPublic: Uint8Array | undefined, ders: readonly Uint8Array[]) {
    const pool: Certificate[] = []
    this.given = akPublic === undefined ? undefined : readKey(akPublic)
    this.chain = ders.length === 0 ? undefined : readChain(ders, pool)
    this.certificates = pool
  }
}

/** The digest that a memory knows a TPM by: over every byte of its key and certificates. */
export function platformKey(akPublic: Uint8Array | undefined, ders: readonly Uint8Array[]): DigestJob {
  return chainKey([akPublic ?? new Uint8Array(0), ...ders])
}

/** Looks a TPM up by its settled key. */
export function recallPlatform(memory: Memory, key: DigestJob): TpmPlatform | undefined {
  const found = memory.get(`tpm:${digestHex(key)}`)
  return found instanceof TpmPlatform ? found : undefined
}

/** Keeps a TPM whose quote was proven. */
export function rememberPlatform(memory: Memory, key: DigestJob, platform: TpmPlatform): void {
  memory.set(`tpm:${digestHex(key)}`, platform, key.data.length)
}
