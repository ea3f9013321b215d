import type { Tee } from '@sekisho/evidence'
import { unreadable } from '../exit.ts'
import type { TeeDoor } from './door.ts'

/** The door of a TEE; only that TEE's code is loaded. @throws CliError for one that has none */
export async function doorOf(tee: Tee): Promise<TeeDoor> {
  const door = DOORS[tee]
  if (door === undefined) throw unreadable(`evidence of the kind ${tee} has no command yet`)
  return door()
}

const DOORS: Readonly<Partial<Record<Tee, () => Promise<TeeDoor>>>> = {
  snp: async () => (await import('./snp.ts')).snpDoor,
  'ibm-se': async () => (await import('./ibm-se.ts')).ibmSeDoor,
  sev: async () => (await import('./sev.ts')).sevDoor,
  sgx: async () => (await import('./sgx.ts')).sgxDoor,
  cca: async () => (await import('./cca.ts')).ccaDoor,
  psa: async () => (await import('./psa.ts')).psaDoor,
  nitro: async () => (await import('./nitro.ts')).nitroDoor,
  'nvidia-gpu': async () => (await import('./nvidia.ts')).nvidiaDoor,
  tpm: async () => (await import('./tpm.ts')).tpmDoor,
  'azure-vtpm': async () => (await import('./azure.ts')).azureDoor,
  token: async () => (await import('./token.ts')).tokenDoor,
  'sgx-epid': async () => (await import('./ias.ts')).iasDoor,
  tdx: async () => (await import('./tdx.ts')).tdxDoor,
}
