import type { Job } from '../crypto/jobs.ts'
import type { Certificate } from '../x509/certificate.ts'
import { toHex } from './bytes.ts'

/** Parsed certificates and settled signature checks of one platform. */
export interface Remembered {
  readonly certificates: readonly Certificate[]
  readonly jobs: readonly Job[]
}

/**
 * What has been verified once: certificate chains and the outcomes of their signature checks, under
 * the SHA-256 of every byte that was checked, or under a short name, when every byte is compared. Only facts that never change are kept here: validity
 * and revocation are looked at again on each use. The least recently used entries go first.
 */
export interface Memory {
  /** Bytes accounted for, at most the bound the memory was made with. */
  readonly bytes: number
  readonly entries: number
  get(key: string): Remembered | undefined
  /** `bytes` is the size of the input that `value` was parsed from. */
  set(key: string, value: Remembered, bytes: number): void
}

// Parsed certificates and imported keys weigh several times their DER.
const OVERHEAD = 4
const ENTRY_COST = 2048

/**
 * Makes an empty memory, to be passed to verify calls that should share it.
 *
 * @param maxBytes bound on what it holds, in bytes; default 32 MiB
 */
export function createMemory(maxBytes: number = 32 * 1024 * 1024): Memory {
  const held = new Map<string, { readonly value: Remembered; readonly cost: number }>()
  let total = 0
  return {
    get bytes(): number {
      return total
    },
    get entries(): number {
      return held.size
    },
    get(key: string): Remembered | undefined {
      const entry = held.get(key)
      if (entry === undefined) return undefined
      held.delete(key)
      held.set(key, entry)
      return entry.value
    },
    set(key: string, value: Remembered, bytes: number): void {
      const cost = bytes * OVERHEAD + ENTRY_COST
      if (cost > maxBytes) return
      total -= held.get(key)?.cost ?? 0
      held.delete(key)
      held.set(key, { value, cost })
      total += cost
      for (const [oldest, entry] of held) {
        if (total <= maxBytes) break
        held.delete(oldest)
        total -= entry.cost
      }
    },
  }
}

const NAMED = 24

/**
 * A short name to look bytes up by: their length and end, for which signatures and keys are good. What is found under
 * it was made from bytes that end alike, and is to be used only after all of them were compared.
 */
export function memoryName(kind: string, bytes: Uint8Array): string {
  return `${kind}:${bytes.length}:${toHex(bytes.subarray(-NAMED))}`
}
