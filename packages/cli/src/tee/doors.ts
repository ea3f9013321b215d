import type { Tee } from '@sekisho/evidence'
import type { TeeDoor } from './door.ts'

/** The door of a TEE; only that TEE's code is loaded. */
export function doorOf(tee: Tee): Promise<TeeDoor> {
  return DOORS[tee]()
}

const DOORS: Readonly<Record<Tee, () => Promise<TeeDoor>>> = {
  snp: async () => (await import('./snp.ts')).snpDoor,
  sgx: async () => (await import('./sgx.ts')).sgxDoor,
  tdx: async () => (await import('./tdx.ts')).tdxDoor,
}
