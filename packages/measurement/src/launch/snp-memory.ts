import type { SevSection } from '../firmware/sev.ts'
import { missing, PAGE_SIZE } from '../firmware/table.ts'
import { type DirectBoot, kernelHashesTable } from './kernel-hashes.ts'
import type { SnpLaunchDigest } from './snp-digest.ts'
import type { SnpFirmware } from './snp-firmware.ts'
import type { Hypervisor } from './vmsa.ts'

/** Field of the error for a firmware that takes no kernel hashes. */
export const NO_HASHES = 'firmware.kernel-hashes'

/**
 * The page of the kernel's hashes: zero but for the table, which stands where the firmware looks for it.
 *
 * @throws EvidenceError when the firmware takes none
 */
export async function hashesPage(
  { sections, hashesTable }: SnpFirmware,
  boot: DirectBoot | undefined,
): Promise<Uint8Array | undefined> {
  if (boot === undefined) return undefined
  const places = sections.filter(({ type }) => type === 'kernel-hashes')
  if (hashesTable === undefined || places.length === 0)
    throw missing(
      NO_HASHES,
      'a build that measures kernel, initrd and command line (OvmfPkg/AmdSev); this one boots them unmeasured',
    )
  if (places.some(({ size }) => size !== PAGE_SIZE)) throw missing(NO_HASHES, 'one page of 4096 bytes for the table')
  const table = await kernelHashesTable(boot)
  const at = hashesTable % PAGE_SIZE
  if (at + table.length > PAGE_SIZE) throw missing(NO_HASHES, 'a table within one page')
  const page = new Uint8Array(PAGE_SIZE)
  page.set(table, at)
  return page
}

/** Adds the memory that the firmware's metadata asks for, in the hypervisor's order. */
export async function addSections(
  digest: SnpLaunchDigest,
  sections: readonly SevSection[],
  hypervisor: Hypervisor,
  hashes: Uint8Array | undefined,
): Promise<void> {
  const isLate = ({ type }: SevSection): boolean => hypervisor === 'ec2' && type === 'cpuid'
  for (const section of sections) if (!isLate(section)) await addSection(digest, section, hypervisor, hashes)
  for (const section of sections) if (isLate(section)) await addSection(digest, section, hypervisor, hashes)
}

async function addSection(
  digest: SnpLaunchDigest,
  { type, gpa, size }: SevSection,
  hypervisor: Hypervisor,
  hashes: Uint8Array | undefined,
): Promise<void> {
  switch (type) {
    case 'secrets':
    case 'cpuid':
      return digest.add(type, BigInt(gpa))
    case 'kernel-hashes':
      if (hashes !== undefined) return digest.add('normal', BigInt(gpa), hashes)
      return addEmpty(digest, 'zero', gpa, size)
    case 'sec-memory':
      return addEmpty(digest, hypervisor === 'gce' ? 'unmeasured' : 'zero', gpa, size)
    case 'svsm-calling-area':
      return addEmpty(digest, 'zero', gpa, size)
  }
}

async function addEmpty(
  digest: SnpLaunchDigest,
  type: 'zero' | 'unmeasured',
  gpa: number,
  size: number,
): Promise<void> {
  for (let at = 0; at < size; at += PAGE_SIZE) await digest.add(type, BigInt(gpa + at))
}
