import { EvidenceError } from '@sekisho/evidence'
import type { Companion } from '@sekisho/evidence/recognise'
import { parseCertificateTable, type SnpCollateralInput } from '@sekisho/evidence/snp'
import { decodePem, parseCertificate } from '@sekisho/evidence/x509'

/** GUIDs of a GHCB certificate table in RFC 4122 text form. @see AMD 56421 (GHCB), SNP extended guest request */
const GUIDS = {
  vcek: '63da758d-e664-4564-adc5-f4b93be8accd',
  vlek: 'a8074bc2-a25a-483e-aae6-39c045a0b8a1',
  ask: '4ab7b379-bbac-4fe4-a02f-05aef327c782',
  ark: 'c0b406a4-a803-4952-9743-3fb6014cd0ae',
  crl: '92f81bc3-5811-4d3d-97ff-d19f88dc67ea',
} as const

type Slot = keyof typeof GUIDS

const SLOTS: readonly Slot[] = ['vcek', 'vlek', 'ask', 'ark', 'crl']
const ENTRY = 24

/** Endorsements as a GHCB certificate table: all parts in one byte string, the same parts always the same bytes. */
export function writeSnpTable(parts: SnpCollateralInput): Uint8Array {
  const { certificateTable, ask, asvk, vcek, vlek, ark, crl } = parts
  const alone = [ask, asvk, vcek, vlek, ark, crl].every((part) => part === undefined)
  if (certificateTable !== undefined && alone) return certificateTable
  const fromTable = certificateTable === undefined ? {} : tableParts(certificateTable)
  const own = { vcek, vlek, ask: asvk !== undefined && vlek !== undefined ? asvk : (ask ?? asvk), ark, crl }
  const entries = SLOTS.flatMap((slot) => {
    const bytes = own[slot] ?? fromTable[slot]
    return bytes === undefined ? [] : [{ slot, bytes }]
  })
  const start = (entries.length + 1) * ENTRY
  const table = Buffer.alloc(start + entries.reduce((sum, { bytes }) => sum + bytes.length, 0))
  let offset = start
  for (const [i, { slot, bytes }] of entries.entries()) {
    guidBytes(GUIDS[slot]).copy(table, i * ENTRY)
    table.writeUInt32LE(offset, i * ENTRY + 16)
    table.writeUInt32LE(bytes.length, i * ENTRY + 20)
    table.set(bytes, offset)
    offset += bytes.length
  }
  return new Uint8Array(table)
}

function guidBytes(guid: string): Buffer {
  return Buffer.from(guid.replaceAll('-', ''), 'hex')
}

function tableParts(table: Uint8Array): Partial<Record<Slot, Uint8Array>> {
  try {
    const parts: Partial<Record<Slot, Uint8Array>> = {}
    for (const { kind, data } of parseCertificateTable(table))
      if (kind !== undefined && kind !== 'platform-info') parts[kind] = data
    return parts
  } catch (error) {
    // A table that cannot be read holds nothing: the chain check then says which certificate is missing.
    if (error instanceof EvidenceError) return {}
    throw error
  }
}

/** Certificates that came with a report, each in its place. What they really are, the verifier finds out. */
export function snpPartsOfCompanions(companions: readonly Companion[]): SnpCollateralInput {
  const parts: Partial<Record<Slot | 'asvk', Uint8Array>> = {}
  for (const { kind, label, bytes } of companions) {
    if (kind === 'certificate-table') Object.assign(parts, tableParts(bytes))
    if (kind !== 'certificates' && kind !== 'endorsements') continue
    const slot = slotOf(label)
    if (slot !== undefined) parts[slot] = bytes
    else for (const der of certificatesOf(bytes)) sort(der, parts)
  }
  return parts
}

function slotOf(label: string | undefined): Slot | 'asvk' | undefined {
  const name = label?.toLowerCase()
  return name === 'asvk' ? name : SLOTS.find((slot) => slot === name)
}

function certificatesOf(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes[0] === 0x30) return [bytes]
  try {
    return decodePem(new TextDecoder('latin1').decode(bytes), 'CERTIFICATE', 'cert_chain')
  } catch (error) {
    // No certificates: the chain check says what is missing.
    if (error instanceof EvidenceError) return []
    throw error
  }
}

function sort(der: Uint8Array, into: Partial<Record<Slot | 'asvk', Uint8Array>>): void {
  const name = commonName(der)
  if (name === undefined) return
  const slot = name.startsWith('ARK-')
    ? 'ark'
    : name.startsWith('SEV-VLEK-')
      ? 'asvk'
      : name === 'SEV-VCEK'
        ? 'vcek'
        : name === 'SEV-VLEK'
          ? 'vlek'
          : 'ask'
  into[slot] ??= der
}

function commonName(der: Uint8Array): string | undefined {
  try {
    return parseCertificate(der).subject.commonName
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}
