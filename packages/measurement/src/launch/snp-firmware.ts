import { readSevFirmware, type SevSection } from '../firmware/sev.ts'
import { missing } from '../firmware/table.ts'
import { SnpLaunchDigest } from './snp-digest.ts'

/** As much of a firmware as an SNP launch measurement needs: with it, the firmware's bytes are needed no more. */
export interface SnpFirmware {
  /** Launch digest after the firmware's own pages, 48 bytes. */
  readonly digest: Uint8Array
  readonly sections: readonly SevSection[]
  /** Where all processors but the first begin. */
  readonly resetEip: number
  /** Guest physical address of the table of the kernel's hashes; undefined in a build that takes none. */
  readonly hashesTable?: number
}

const FOUR_GIB = 2 ** 32

/**
 * Reads an OVMF build for SNP guests and measures its own pages, which end at 4 GiB.
 *
 * @throws EvidenceError when it is none, with the byte offset and what was expected there
 */
export async function readSnpFirmware(firmware: Uint8Array): Promise<SnpFirmware> {
  const { sections, resetEip, hashesTable } = readSevFirmware(firmware)
  if (sections.length === 0)
    throw missing('firmware.sev-metadata', 'SEV metadata: a build of OVMF that knows SEV-SNP (2022 or later)')
  if (resetEip === undefined) throw missing('firmware.reset-block', 'the entry of the processors’ reset address')
  const launch = new SnpLaunchDigest()
  await launch.addImage(firmware, FOUR_GIB - firmware.length)
  return { digest: launch.value, sections, resetEip, ...(hashesTable ? { hashesTable } : {}) }
}
