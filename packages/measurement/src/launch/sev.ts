import { digestOf } from '../digest.ts'
import { readSevFirmware, type SevFirmware } from '../firmware/sev.ts'
import { missing } from '../firmware/table.ts'
import { type DirectBoot, kernelHashesTable } from './kernel-hashes.ts'
import { checkMachine, type Machine, statePages } from './machine.ts'
import { NO_HASHES } from './snp-memory.ts'

/** What a launch of SEV-ES covers beside the firmware. */
export interface SevEsLaunch extends Omit<Machine, 'features' | 'hypervisor'> {
  readonly boot?: DirectBoot
}

/**
 * Computes the launch digest of a guest under first-generation SEV: firmware and, booted directly, the hashes of its
 * kernel. Its registers are not covered.
 *
 * @returns 32 bytes
 * @throws EvidenceError when the firmware takes no kernel hashes and a kernel is given
 * @see AMD 55766, section 6.4 (LAUNCH_UPDATE_DATA), 6.6 (LAUNCH_MEASURE)
 */
export async function measureSev(
  firmware: Uint8Array,
  { boot }: { readonly boot?: DirectBoot } = {},
): Promise<Uint8Array> {
  return digestOf('sha256', firmware, await hashesOf(readSevFirmware(firmware), boot))
}

/**
 * As {@link measureSev}, for SEV-ES: the first state of each processor is covered too.
 *
 * @returns 32 bytes
 * @throws EvidenceError, TypeError as {@link measureSev}, and for a machine that makes no sense
 * @see AMD 55766, section 6.5 (LAUNCH_UPDATE_VMSA)
 */
export async function measureSevEs(firmware: Uint8Array, { boot, ...rest }: SevEsLaunch): Promise<Uint8Array> {
  const machine = checkMachine({ ...rest, features: 0n })
  const read = readSevFirmware(firmware)
  if (read.resetEip === undefined) throw missing('firmware.reset-block', 'the entry of the processors’ reset address')
  const pages = statePages(machine, read.resetEip)
  const states = Array.from({ length: machine.vcpus }, (_, i) => (i === 0 ? pages.boot : pages.further))
  return digestOf('sha256', firmware, await hashesOf(read, boot), ...states)
}

async function hashesOf({ hashesTable }: SevFirmware, boot: DirectBoot | undefined): Promise<Uint8Array> {
  if (boot === undefined) return new Uint8Array()
  if (!hashesTable) throw missing(NO_HASHES, 'a build that measures kernel, initrd and command line (OvmfPkg/AmdSev)')
  return kernelHashesTable(boot)
}
