import { CPU_MODELS } from './cpu-models.ts'
import type { DirectBoot } from './kernel-hashes.ts'
import { checkMachine, type Machine, statePages } from './machine.ts'
import { SnpLaunchDigest } from './snp-digest.ts'
import { readSnpFirmware, type SnpFirmware } from './snp-firmware.ts'
import { addSections, hashesPage } from './snp-memory.ts'
import { HYPERVISORS, type Hypervisor } from './vmsa.ts'

/** A launch that has the measurement that was looked for. */
export interface SnpMatch {
  readonly machine: Machine
  /** Whether kernel, initial ramdisk and command line are in it. */
  readonly isBootMeasured: boolean
}

/** What to look through. */
export interface SnpSearch {
  readonly boot?: DirectBoot
  /** Most virtual processors that are tried, default 64. */
  readonly vcpus?: number
}

/** SEV_FEATURES that hosts set without being asked: SNP alone, and with the debug registers swapped. */
const FEATURES: readonly bigint[] = [1n, 0x21n]
const MAX_VCPUS = 512

/**
 * Looks for the machine whose launch digest this is, among those that a firmware is usually started on: a measurement that
 * differs from the expected one mostly does by the number of processors, their model, or the version of the hypervisor.
 *
 * @param measurement 48 bytes
 * @returns undefined when none of them has it: then firmware, kernel, initial ramdisk, command line or machine are others
 * @throws EvidenceError, TypeError as `measureSnp`
 */
export async function matchSnp(
  firmware: Uint8Array | SnpFirmware,
  measurement: Uint8Array,
  { boot, vcpus = 64 }: SnpSearch = {},
): Promise<SnpMatch | undefined> {
  if (!Number.isSafeInteger(vcpus) || vcpus < 1 || vcpus > MAX_VCPUS)
    throw new TypeError(`vcpus: expected a whole number from 1 to ${MAX_VCPUS}`)
  const read = firmware instanceof Uint8Array ? await readSnpFirmware(firmware) : firmware
  const hashes = await hashesPage(read, boot)
  const wanted = measurement.join()
  for (const page of hashes === undefined ? [undefined] : [hashes, undefined]) {
    for (const hypervisor of HYPERVISORS) {
      const memory = new SnpLaunchDigest(read.digest)
      await addSections(memory, read.sections, hypervisor, page)
      for (const machine of machinesOf(hypervisor)) {
        const found = await vcpusFor(wanted, memory.value, read.resetEip, { ...machine, vcpus })
        if (found !== undefined) return { machine: { ...machine, vcpus: found }, isBootMeasured: page !== undefined }
      }
    }
  }
  return undefined
}

function machinesOf(hypervisor: Hypervisor): readonly Omit<Machine, 'vcpus'>[] {
  const cpus = hypervisor === 'qemu' ? CPU_MODELS.map((cpu) => ({ cpu })) : [{}]
  // What the values were before: QEMU's until 2024, EC2's until about 2025.
  const former = { qemu: { mxcsr: 0, x87Fcw: 0 }, ec2: { rdx: 0 }, gce: undefined }[hypervisor]
  const registers = former === undefined ? [{}] : [{}, { registers: former }]
  return FEATURES.flatMap((features) =>
    registers.flatMap((register) => cpus.map((cpu) => ({ hypervisor, features, ...cpu, ...register }))),
  )
}

async function vcpusFor(
  wanted: string,
  start: Uint8Array,
  resetEip: number,
  machine: Machine,
): Promise<number | undefined> {
  const { boot, further } = statePages(checkMachine(machine), resetEip)
  const digest = new SnpLaunchDigest(start)
  for (let i = 1; i <= machine.vcpus; i++) {
    await digest.addState(i === 1 ? boot : further)
    if (digest.value.join() === wanted) return i
  }
  return undefined
}
