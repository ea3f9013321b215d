import { EvidenceError } from '@sekisho/evidence'
import { readSevFirmware, type SevFirmware } from './firmware/sev.ts'
import { readTdvf } from './firmware/tdvf.ts'

/** Kinds of images that begin with a magic number. */
export type ImageKind = 'eif'

/** TEEs that a firmware is measured for. */
export type FirmwareTee = 'snp' | 'sev-es' | 'sev' | 'tdx'

/** Bytes that {@link recogniseImage} wants to see, as far as there are any. */
export const IMAGE_HEAD = 16

const MAGICS: readonly (readonly [ImageKind, string])[] = [['eif', '.eif']]

/** What kind of image begins like this; undefined for one that this version does not measure. */
export function recogniseImage(head: Uint8Array): ImageKind | undefined {
  const start = Array.from(head.subarray(0, IMAGE_HEAD), (byte) => String.fromCharCode(byte)).join('')
  return MAGICS.find(([, magic]) => start.startsWith(magic))?.[0]
}

/**
 * The TEEs that a firmware was built for; none for what is no such firmware. One for SEV-SNP also starts guests of SEV-ES
 * and SEV, which nobody asks for who can have SNP.
 *
 * @throws EvidenceError for a damaged firmware, with the byte offset and what was expected there
 */
export function recogniseFirmware(firmware: Uint8Array): readonly FirmwareTee[] {
  const sev = attempt(() => readSevFirmware(firmware))
  const tdx = attempt(() => readTdvf(firmware))
  const tees = [...amdTees(sev.read), ...(tdx.read === undefined ? [] : (['tdx'] as const))]
  // A build for both may be whole for one of them only: a code file has no variable store, which TDX needs.
  const damage = sev.damage ?? tdx.damage
  if (tees.length === 0 && damage !== undefined) throw damage
  return tees
}

function amdTees(firmware: SevFirmware | undefined): readonly FirmwareTee[] {
  if (firmware === undefined) return []
  if (firmware.sections.length > 0) return ['snp']
  return firmware.resetEip === undefined ? [] : ['sev-es']
}

interface Attempt<T> {
  readonly read?: T
  readonly damage?: EvidenceError
}

function attempt<T>(reading: () => T): Attempt<T> {
  try {
    return { read: reading() }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return error.code === 'unsupported-kind' ? {} : { damage: error }
  }
}
