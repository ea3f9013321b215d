import { toHex } from '@sekisho/evidence'
import {
  readFirmwareTable,
  readSevFirmware,
  readSnpFirmware,
  type SevSection,
  type SevSectionType,
} from '@sekisho/measurement'
import type { CaseResult, JsonValue } from './case.ts'
import { conclude } from './judged.ts'
import { type CaseFiles, isRecord, member, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

/** Numbers of section types, as the firmware has them. */
const TYPES: Readonly<Record<SevSectionType, number>> = {
  'sec-memory': 1,
  secrets: 2,
  cpuid: 3,
  'svsm-calling-area': 4,
  'kernel-hashes': 0x10,
}

/** What each firmware of a list says of itself. */
export async function compareFirmware(
  files: CaseFiles,
  label: string,
  content: JsonValue,
): Promise<readonly CaseResult[]> {
  const expect = member(content, 'expect')
  const results: CaseResult[] = []
  for (const [name, expected] of isRecord(expect) ? Object.entries(expect) : []) {
    const firmware = await files.need(name)
    const comparisons = compareTree(name, expected, await metadataOf(firmware))
    const about = { tee: 'launch-measurement', expect: {} }
    results.push(conclude(`${label}#${name}`, about, { verdict: 'valid', reasons: [] }, comparisons, []))
  }
  return results
}

async function metadataOf(firmware: Uint8Array): Promise<JsonValue> {
  const { resetEip, hashesTable, sections } = readSevFirmware(firmware)
  const { digest } = await readSnpFirmware(firmware)
  return {
    snpOvmfHash: toHex(digest),
    gpa: hex(2 ** 32 - firmware.length),
    resetEip: hex(resetEip ?? 0),
    hashesTable: hex(hashesTable ?? 0),
    footerEntries: [...readFirmwareTable(firmware).keys()].sort(),
    sections: sections.map(({ gpa, size, type }) => ({ gpa: hex(gpa), size: hex(size), type: TYPES[type] })),
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`
}

/** Sections as a case lists them. @throws Error for a type that no firmware has */
export function sectionsOf(listed: readonly JsonValue[]): readonly SevSection[] {
  return listed.map((one) => {
    const number = member(one, 'type')
    const [type] = Object.entries(TYPES).find(([, value]) => value === number) ?? []
    if (!isType(type)) throw new Error(`the section type ${JSON.stringify(number)} is not known`)
    return { type, gpa: Number(textMember(one, 'gpa')), size: Number(textMember(one, 'size')) }
  })
}

function isType(name: string | undefined): name is SevSectionType {
  return name !== undefined && Object.hasOwn(TYPES, name)
}
