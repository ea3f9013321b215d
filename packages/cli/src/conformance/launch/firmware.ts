import { toHex } from '@sekisho/evidence'
import {
  readFirmwareTable,
  readSevFirmware,
  readSnpFirmware,
  type SevSection,
  type SevSectionType,
} from '@sekisho/measurement'
import type { CaseResult, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { compareTree } from '../compare.ts'
import { entriesOf, member, textMember } from '../json.ts'
import type { Ruling } from '../ruling.ts'
import { conclude } from '../run.ts'

/** A list of launch measurements as a case: what its entries expect is compared by themselves. */
export const LIST = { tee: 'launch-measurement', expect: {} } as const

/** Of a measurement that came to a result, whichever. */
export const MEASURED: Ruling = { verdict: 'valid', reasons: [] }

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
  const results: CaseResult[] = []
  for (const [name, expected] of entriesOf(member(content, 'expect'))) {
    const first = compareTree(name, expected, await metadataOf(await files.need(name)))
    results.push(await conclude(`${label}#${name}`, LIST, { ruling: MEASURED, found: {}, first }))
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
