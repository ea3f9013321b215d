import { toHex } from '@sekisho/evidence'
import { readSnpExpectations, type SnpExpectations } from '@sekisho/evidence/snp'
import { readSevFirmware } from '../firmware/sev.ts'
import { checkSize, missing, PAGE_SIZE } from '../firmware/table.ts'
import type { DirectBoot } from './kernel-hashes.ts'
import { type CheckedMachine, checkMachine, type Machine, statePages } from './machine.ts'
import { SnpLaunchDigest, type SnpPage } from './snp-digest.ts'
import { readSnpFirmware, type SnpFirmware } from './snp-firmware.ts'
import { addSections, hashesPage } from './snp-memory.ts'
import { svsmVmsaPage } from './vmsa.ts'

/** What a launch measurement is computed from, beside the firmware. */
export interface SnpLaunch extends Machine {
  /** What the hypervisor boots directly; without it the firmware finds its boot loader by itself, unmeasured. */
  readonly boot?: DirectBoot
  /** Told of each page behind the firmware's own, in order: where two computations part is where they differ. */
  readonly onPage?: (page: SnpPage) => void
}

const FOUR_GIB = 2 ** 32

/**
 * Computes the launch digest of an SEV-SNP guest: MEASUREMENT of its reports.
 *
 * @param firmware an OVMF build whole, as QEMU maps it, or what was read of it before
 * @returns 48 bytes
 * @throws EvidenceError when the firmware is none for SNP, or takes no kernel hashes and a kernel is given
 * @throws TypeError for a machine that makes no sense
 * @see AMD 56860, sections 8.15 to 8.18 (launch); AMD64 Architecture Programmer's Manual, volume 2, section 15.36
 */
export async function measureSnp(firmware: Uint8Array | SnpFirmware, launch: SnpLaunch): Promise<Uint8Array> {
  const machine = checkMachine(launch)
  const read = firmware instanceof Uint8Array ? await readSnpFirmware(firmware) : checkRead(firmware)
  const digest = new SnpLaunchDigest(read.digest, launch.onPage)
  await addSections(digest, read.sections, machine.hypervisor, await hashesPage(read, launch.boot))
  const { boot, further } = statePages(machine, read.resetEip)
  for (let i = 0; i < machine.vcpus; i++) await digest.addState(i === 0 ? boot : further)
  return digest.value
}

// Kept as JSON or copied in part it may lack its digest, and the launch would begin without the firmware's own pages.
function checkRead(read: SnpFirmware): SnpFirmware {
  if (!((read.digest as unknown) instanceof Uint8Array)) throw new TypeError('firmware.digest: expected 48 bytes')
  if (read.sections.length === 0) throw new TypeError('firmware.sections: expected one at least')
  return read
}

/** Expectations of an SNP guest with this launch digest, for `verifySnp` or a reference set. */
export function snpExpectationsFrom(measurement: Uint8Array): SnpExpectations {
  return readSnpExpectations({ measurement: [toHex(measurement)] })
}

/** A guest under COCONUT-SVSM: the firmware runs below a service module, which is what begins. */
export interface SvsmLaunch extends Pick<Machine, 'vcpus' | 'cpu'> {
  /** The SVSM image whole. */
  readonly svsm: Uint8Array
  /** Bytes of the firmware's variable store, below which the SVSM image ends. */
  readonly variableStoreSize: number
}

/**
 * Computes the launch digest of an SEV-SNP guest that COCONUT-SVSM serves.
 *
 * @param firmware the code of OVMF, as QEMU maps it below 4 GiB
 * @returns 48 bytes
 * @throws EvidenceError, TypeError as {@link measureSnp}
 */
export async function measureSnpSvsm(
  firmware: Uint8Array,
  { svsm, variableStoreSize, ...rest }: SvsmLaunch,
): Promise<Uint8Array> {
  const { vcpus, cpuSignature }: CheckedMachine = checkMachine(rest)
  if (!Number.isSafeInteger(variableStoreSize) || variableStoreSize < 0 || variableStoreSize % PAGE_SIZE !== 0)
    throw new TypeError('variableStoreSize: expected whole pages of 4096 bytes')
  checkSize(firmware)
  const { sections, entry } = readSevFirmware(svsm)
  if (entry === undefined) throw missing('svsm.svsm-info', 'the entry of an SVSM image')
  if (sections.length === 0)
    throw missing('svsm.sev-metadata', 'SEV metadata with sections: no guest of SNP begins without its CPUID page')
  const gpa = FOUR_GIB - firmware.length
  const start = gpa - variableStoreSize - svsm.length
  if (start < 0)
    throw new TypeError('variableStoreSize: expected less: firmware, variable store and SVSM are larger than 4 GiB')
  const digest = new SnpLaunchDigest()
  await digest.addImage(firmware, gpa)
  await digest.addImage(svsm, start)
  await addSections(digest, sections, 'qemu', undefined)
  const state = svsmVmsaPage(start + entry, cpuSignature)
  for (let i = 0; i < vcpus; i++) await digest.addState(state)
  return digest.value
}
