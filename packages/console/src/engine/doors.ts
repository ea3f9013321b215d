import type { Tee } from '@sekisho/evidence'
import { attempt } from './collateral.ts'
import type { Door } from './door.ts'
import type { EndorsementNeed } from './messages.ts'

/** The door of a TEE; only that TEE's code is loaded. */
export function doorOf(tee: Tee): Promise<Door> {
  return DOORS[tee]()
}

/** What to ask a checkpoint for a piece of evidence, in a list of its own; an empty list where there is nothing to ask. */
export function needsOf(door: Door, evidence: Uint8Array): readonly (readonly EndorsementNeed[])[] {
  const needs = attempt(() => door.needs?.(evidence)) ?? []
  return needs.length === 0 ? [] : [needs]
}

const DOORS: Readonly<Record<Tee, () => Promise<Door>>> = {
  snp: async () => (await import('./doors/snp.ts')).snpDoor,
  sgx: async () => (await import('./doors/sgx.ts')).sgxDoor,
  tdx: async () => (await import('./doors/tdx.ts')).tdxDoor,
  sev: async () => (await import('./doors/sev.ts')).sevDoor,
  nitro: async () => (await import('./doors/nitro.ts')).nitroDoor,
  cca: async () => (await import('./doors/cca.ts')).ccaDoor,
  psa: async () => (await import('./doors/psa.ts')).psaDoor,
  tpm: async () => (await import('./doors/tpm.ts')).tpmDoor,
  'azure-vtpm': async () => (await import('./doors/azure.ts')).azureDoor,
  'nvidia-gpu': async () => (await import('./doors/nvidia.ts')).nvidiaDoor,
  'ibm-se': async () => (await import('./doors/ibm-se.ts')).ibmSeDoor,
  token: async () => (await import('./doors/token.ts')).tokenDoor,
  'sgx-epid': async () => (await import('./doors/ias.ts')).iasDoor,
}
