import { createHash } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { EvidenceError, toHex } from '@sekisho/evidence'
import {
  type DirectBoot,
  isHypervisor,
  kernelHashesTable,
  type Machine,
  measureSev,
  measureSevEs,
  measureSnp,
  measureSnpSvsm,
  type SnpFirmware,
  type SnpPage,
  signatureOfModel,
} from '@sekisho/measurement'
import type { CaseResult, Comparison, JsonValue } from '../case.ts'
import { CaseFiles } from '../case-files.ts'
import { compareTree } from '../compare.ts'
import { bytesMember, isRecord, listOf, member, textMember } from '../json.ts'
import type { Ruling } from '../ruling.ts'
import { conclude, notRun } from '../run.ts'
import { compareFirmware, LIST, MEASURED, sectionsOf } from './firmware.ts'

const KINDS = ['launch-measurement', 'launch-measurement-trace', 'firmware-metadata'] as const

/** Whether a JSON file is a list of launch measurements, or belongs to one. */
export function isLaunchList(content: JsonValue): boolean {
  return KINDS.some((kind) => kind === member(content, 'kind'))
}

/** Runs every launch measurement of a list; see the layout of `snp-measure`. */
export async function runLaunchList(folder: string, label: string, content: JsonValue): Promise<readonly CaseResult[]> {
  const files = new CaseFiles(folder)
  switch (textMember(content, 'kind')) {
    case 'launch-measurement-trace':
      return [await runTrace(files, label, content)]
    case 'firmware-metadata':
      return compareFirmware(files, label, content)
    default:
      return Promise.all(listOf(member(content, 'vectors')).map((vector) => guarded(files, label, vector)))
  }
}

/** Members of a vector that are read; one that is not is told, and not passed over. */
const READ: readonly string[] = [
  'id',
  'mode',
  'vmm',
  'firmware',
  'svsm',
  'variableStoreSize',
  'kernel',
  'initrd',
  'cmdline',
  'vcpus',
  'vcpuType',
  'vcpuSignature',
  'guestFeatures',
  'vmsaOverride',
  'snpOvmfHash',
  'sections',
  'resetEip',
  'expect',
  'from',
  'note',
]

// An entry that cannot be run must not hide what the others say.
async function guarded(files: CaseFiles, label: string, vector: JsonValue): Promise<CaseResult> {
  try {
    return await runVector(files, label, vector)
  } catch (error) {
    return { ...notRun(nameOf(label, vector), LIST.tee, error), expectedVerdict: expectedOf(vector) }
  }
}

function nameOf(label: string, vector: JsonValue): string {
  return `${label}#${textMember(vector, 'id') ?? 'without id'}`
}

async function runVector(files: CaseFiles, label: string, vector: JsonValue): Promise<CaseResult> {
  const unimplemented = Object.keys(isRecord(vector) ? vector : {}).filter((key) => !READ.includes(key))
  const expect = member(vector, 'expect')
  const { found, ruling } = await measured(files, vector, textMember(expect, 'error'))
  if (textMember(expect, 'digest') === undefined && textMember(expect, 'error') === undefined)
    throw new Error('it expects neither a digest nor an error')
  return conclude(nameOf(label, vector), LIST, {
    ruling,
    found: {},
    first: [...compareTree('expect', expect ?? null, found), ...compareSignature(vector)],
    unimplemented,
    named: { expected: expectedOf(vector), actual: 'error' in found ? 'refused' : 'measured' },
  })
}

function expectedOf(vector: JsonValue): string {
  return member(member(vector, 'expect'), 'error') === undefined ? 'measured' : 'refused'
}

interface Measured {
  readonly found: { readonly digest: string } | { readonly error: string }
  readonly ruling: Ruling
}

const ERRORS: Readonly<Record<string, string>> = { 'firmware.kernel-hashes': 'kernel-hashes-unsupported' }

/** Words for refusals that stand for a field or a code here. Of any other that a list has, the refusal alone is compared. */
const WORDS: ReadonlySet<string> = new Set([
  ...Object.values(ERRORS),
  ...['malformed', 'truncated', 'trailing-bytes', 'too-large'],
  ...['unsupported-version', 'unsupported-algorithm', 'unsupported-kind'],
])

async function measured(files: CaseFiles, vector: JsonValue, expected: string | undefined): Promise<Measured> {
  try {
    return { found: { digest: toHex(await digestOf(files, vector)) }, ruling: MEASURED }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const own = expected === undefined || WORDS.has(expected) ? undefined : expected
    return {
      found: { error: own ?? ERRORS[error.field] ?? error.code },
      ruling: { ...MEASURED, message: error.message },
    }
  }
}

async function digestOf(files: CaseFiles, vector: JsonValue): Promise<Uint8Array> {
  const boot = await bootOf(files, vector)
  const mode = textMember(vector, 'mode')
  if (mode === 'sev') return measureSev(await firmwareOf(files, vector), boot && { boot })
  const launch = { ...machineOf(vector), ...(boot && { boot }) }
  if (mode === 'sev-es') return measureSevEs(await firmwareOf(files, vector), launch)
  if (mode === 'snp-svsm') {
    const svsm = await blob(files, textMember(vector, 'svsm') ?? '')
    const variableStoreSize = numberMember(vector, 'variableStoreSize') ?? 0
    const { vcpus, cpu } = launch
    return measureSnpSvsm(await firmwareOf(files, vector), {
      vcpus,
      ...(cpu === undefined ? {} : { cpu }),
      svsm,
      variableStoreSize,
    })
  }
  if (mode !== 'snp') throw new Error(`the mode ${JSON.stringify(mode)} is not known`)
  const known = knownFirmware(vector)
  return measureSnp(known ?? (await firmwareOf(files, vector)), launch)
}

/** What a vector says of a firmware that is not here. */
function knownFirmware(vector: JsonValue): SnpFirmware | undefined {
  if (textMember(vector, 'snpOvmfHash') === undefined) return undefined
  const resetEip = Number(textMember(vector, 'resetEip') ?? Number.NaN)
  return {
    digest: bytesMember(vector, 'snpOvmfHash'),
    sections: sectionsOf(listOf(member(vector, 'sections'))),
    resetEip,
  }
}

async function firmwareOf(files: CaseFiles, vector: JsonValue): Promise<Uint8Array> {
  return blob(files, textMember(vector, 'firmware') ?? '')
}

/** A file of the list's folder, unpacked; `empty` is a file without bytes. */
async function blob(files: CaseFiles, name: string): Promise<Uint8Array> {
  if (name === 'empty') return new Uint8Array()
  const bytes = await files.need(name)
  return name.endsWith('.gz') ? new Uint8Array(gunzipSync(bytes, { maxOutputLength: 64 * 1024 ** 2 })) : bytes
}

async function bootOf(files: CaseFiles, vector: JsonValue): Promise<DirectBoot | undefined> {
  const kernel = textMember(vector, 'kernel')
  const initrd = textMember(vector, 'initrd')
  const commandLine = textMember(vector, 'cmdline')
  if (kernel === undefined) return undefined
  return {
    kernel: await blob(files, kernel),
    ...(initrd === undefined ? {} : { initrd: await blob(files, initrd) }),
    ...(commandLine === undefined ? {} : { commandLine }),
  }
}

function machineOf(vector: JsonValue): Machine {
  const hypervisor = textMember(vector, 'vmm') ?? 'qemu'
  if (!isHypervisor(hypervisor)) throw new Error(`the vmm ${hypervisor} is not known`)
  const cpu = textMember(vector, 'vcpuType') ?? signatureIn(vector)
  const features = numberMember(vector, 'guestFeatures')
  const registers = member(vector, 'vmsaOverride')
  return {
    vcpus: numberMember(vector, 'vcpus') ?? 1,
    hypervisor,
    ...(cpu === undefined ? {} : { cpu }),
    ...(features === undefined ? {} : { features: BigInt(features) }),
    ...(isRecord(registers)
      ? {
          registers: Object.fromEntries(
            Object.keys(registers).map((name) => [name, numberMember(registers, name) ?? Number.NaN]),
          ),
        }
      : {}),
  }
}

function signatureIn(vector: JsonValue): number | undefined {
  const text = textMember(vector, 'vcpuSignature')
  return text === undefined ? undefined : Number(text)
}

// Where a vector has both, the model must have that signature.
function compareSignature(vector: JsonValue): readonly Comparison[] {
  const [model, signature] = [textMember(vector, 'vcpuType'), signatureIn(vector)]
  if (model === undefined || signature === undefined) return []
  return compareTree('vcpuSignature', signature, signatureOfModel(model))
}

const PAGE_SIZE = 4096

const PAGE_TYPES: Readonly<Record<SnpPage['type'], number>> = {
  normal: 1,
  vmsa: 2,
  zero: 3,
  unmeasured: 4,
  secrets: 5,
  cpuid: 6,
}

/** Every page step of one measurement, and the pages that it is made from. */
async function runTrace(files: CaseFiles, label: string, content: JsonValue): Promise<CaseResult> {
  const [list = '', id] = (textMember(content, 'of') ?? '').split(' ')
  const vectors = listOf(member(await files.needJson(list), 'vectors'))
  const vector = vectors.find((one) => textMember(one, 'id') === id)
  if (vector === undefined) throw new Error(`${list} has no vector ${id}`)
  const steps = listOf(member(content, 'steps'))
  const pages = await pagesOf(files, vector)
  // The firmware's own pages come before those that are told of.
  const behind = steps.slice(steps.length - pages.length)
  const boot = await bootOf(files, vector)
  const table = textMember(content, 'hashesTable')
  const firmware = (await firmwareOf(files, vector)).length / PAGE_SIZE
  const first = [
    ...compareTree('steps.length', steps.length, firmware + pages.length),
    ...compareTree('steps', behind, pages.map(stepOf)),
    ...(await compareState(files, content, vector)),
    ...(table === undefined || boot === undefined
      ? []
      : compareTree('hashesTable', toHex(await files.need(table)), toHex(await kernelHashesTable(boot)))),
  ]
  return conclude(label, LIST, { ruling: MEASURED, found: {}, first })
}

async function pagesOf(files: CaseFiles, vector: JsonValue, vcpus?: number): Promise<readonly SnpPage[]> {
  const pages: SnpPage[] = []
  const boot = await bootOf(files, vector)
  const machine = machineOf(vector)
  await measureSnp(await firmwareOf(files, vector), {
    ...machine,
    vcpus: vcpus ?? machine.vcpus,
    ...(boot && { boot }),
    onPage: (page) => pages.push(page),
  })
  return pages
}

function stepOf({ type, gpa, contents, digest }: SnpPage): JsonValue {
  return { type: PAGE_TYPES[type], gpa: `0x${gpa.toString(16)}`, contents: toHex(contents), digest: toHex(digest) }
}

/** The state pages of the first and of a further processor, by their SHA-384. */
async function compareState(files: CaseFiles, content: JsonValue, vector: JsonValue): Promise<readonly Comparison[]> {
  const states = (await pagesOf(files, vector, 2)).slice(-2)
  const comparisons: Comparison[] = []
  for (const [i, name] of ['vmsaBsp', 'vmsaAp'].entries()) {
    const file = textMember(content, name)
    if (file === undefined) continue
    const expected = createHash('sha384')
      .update(await files.need(file))
      .digest('hex')
    comparisons.push(...compareTree(name, expected, toHex(states[i]?.contents ?? new Uint8Array())))
  }
  return comparisons
}

function numberMember(value: JsonValue, name: string): number | undefined {
  const found = member(value, name)
  // What is no number would be passed over, and another machine be measured than is written.
  if (found !== undefined && typeof found !== 'number') throw new Error(`${name} is no number`)
  return found
}
