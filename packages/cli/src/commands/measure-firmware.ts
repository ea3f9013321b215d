import { canonicalJson, toHex } from '@sekisho/evidence'
import { parseSnpReport } from '@sekisho/evidence/snp'
import {
  type DirectBoot,
  type FirmwareTee,
  HYPERVISORS,
  type Hypervisor,
  isHypervisor,
  type Machine,
  matchSnp,
  measureSev,
  measureSevEs,
  measureSnp,
  measureSnpSvsm,
  measureTdx,
  readSevFirmware,
  type TdBuildOrder,
} from '@sekisho/measurement'
import type { Around } from '../around.ts'
import { EXIT, unreadable, usageError } from '../exit.ts'
import { readInput } from '../input.ts'
import { cpuOf } from '../options/machine.ts'
import { type LaunchView, renderFirmware, renderNoMatch } from '../render/firmware.ts'
import { namingFile, readEvidence } from './evidence-file.ts'
import { fileBytes, nameOf, sourceOf } from './image-file.ts'
import { writeOutput } from './output.ts'

/** Options for the firmware of a confidential VM. */
export interface FirmwareOptions {
  readonly json?: true
  readonly expectOut?: string
  readonly vcpus?: number
  readonly cpu?: string
  readonly hypervisor?: string
  readonly features?: bigint
  readonly register?: Readonly<Record<string, number>>
  readonly kernel?: string
  readonly initrd?: string
  readonly commandLine?: string
  readonly svsm?: string
  readonly variableStore?: number
  readonly pageOrder?: string
  readonly match?: string
}

/** A firmware, and for which TEE it is measured. */
export interface FirmwareFile {
  readonly file: string
  readonly firmware: Uint8Array
  readonly tee: FirmwareTee
}

const MAX_SVSM = 64 * 1024 ** 2
const MOST_VCPUS = 64

/**
 * What a TEE measures when it starts a confidential VM with this firmware.
 *
 * @returns 1 when no machine has the measurement that was looked for
 */
export async function measureFirmware(image: FirmwareFile, options: FirmwareOptions, around: Around): Promise<number> {
  const launched = await inWordsOfOptions(() => launchOf(image, options, around))
  const { measurement, found } = launched
  const about = { format: 'firmware', tee: image.tee, size: image.firmware.length, measurement: toHex(measurement) }
  if (found === undefined) {
    if (options.json === true) around.out(`${canonicalJson({ ...about, machine: null, expectations: null })}\n`)
    else around.out(renderNoMatch(about.measurement, options.vcpus ?? MOST_VCPUS, around))
    return EXIT.rejected
  }
  const expectations = {
    tee: image.tee === 'sev-es' ? 'sev' : image.tee,
    source: sourceOf(image.file),
    measurement: [about.measurement],
  }
  if (options.expectOut !== undefined) await writeOutput(options.expectOut, `${canonicalJson(expectations)}\n`, around)
  if (options.expectOut === '-') return EXIT.ok
  if (options.json === true) around.out(`${canonicalJson({ ...about, ...jsonOf(image.tee, found), expectations })}\n`)
  else around.out(renderFirmware({ ...about, tee: image.tee, ...found, expectations }, around))
  return EXIT.ok
}

interface Launched {
  readonly measurement: Uint8Array
  /** Undefined when the measurement was given and no machine has it. */
  readonly found: LaunchView | undefined
}

async function launchOf({ firmware, tee }: FirmwareFile, options: FirmwareOptions, around: Around): Promise<Launched> {
  const boot = bootOf(options, around)
  const isBootMeasured = boot !== undefined
  switch (tee) {
    case 'tdx':
      return { measurement: await measureTdx(firmware, { order: orderOf(options.pageOrder) }), found: {} }
    case 'sev':
      return { measurement: await measureSev(firmware, boot && { boot }), found: { isBootMeasured } }
    case 'sev-es': {
      const machine = machineOf(options)
      return {
        measurement: await measureSevEs(firmware, { ...machine, ...(boot && { boot }) }),
        found: { machine, isBootMeasured },
      }
    }
    case 'snp':
      return options.match === undefined
        ? snpLaunch(firmware, boot, options, around)
        : snpMatch(firmware, boot, options, around)
  }
}

/** Given beside `--svsm`, these would be passed over. */
const UNDER_NO_SVSM = ['hypervisor', 'features', 'register'] as const

async function snpLaunch(
  firmware: Uint8Array,
  boot: DirectBoot | undefined,
  options: FirmwareOptions,
  around: Around,
): Promise<Launched> {
  const machine = machineOf(options)
  if (options.svsm === undefined) {
    if (options.variableStore !== undefined)
      throw usageError('--variable-store: expected --svsm too; without one the variable store is part of the firmware')
    const measurement = await measureSnp(firmware, { ...machine, ...(boot && { boot }) })
    return { measurement, found: { machine, isBootMeasured: boot !== undefined } }
  }
  if (boot !== undefined) throw usageError('--kernel: under an SVSM the firmware boots from a disk')
  const given = UNDER_NO_SVSM.find((name) => options[name] !== undefined)
  if (given !== undefined)
    throw usageError(
      `--${given}: an SVSM runs under QEMU alone, which starts it with SEV_FEATURES 0x1 and the same registers`,
    )
  if (options.variableStore === undefined)
    throw usageError('--svsm: expected --variable-store too, the bytes of the firmware’s variable store')
  const { vcpus, cpu } = machine
  const svsm = await svsmOf(options.svsm, around)
  const launch = { vcpus, ...(cpu === undefined ? {} : { cpu }), svsm, variableStoreSize: options.variableStore }
  return { measurement: await measureSnpSvsm(firmware, launch), found: { machine, svsm: sourceOf(options.svsm) } }
}

/** An SVSM image; what is wrong with it is said of its file, and not of the firmware's. */
async function svsmOf(file: string, around: Around): Promise<Uint8Array> {
  const svsm = await readInput(file, around, MAX_SVSM)
  try {
    if (readSevFirmware(svsm).entry !== undefined) return svsm
  } catch (error) {
    throw namingFile(file, error)
  }
  throw unreadable(`${nameOf(file)}: no SVSM image: it does not say where an SVSM begins`)
}

/** Given beside `--match`, these would narrow a search that tries them all. */
const SEARCHED = ['cpu', 'hypervisor', 'features', 'register', 'svsm', 'variableStore'] as const

async function snpMatch(
  firmware: Uint8Array,
  boot: DirectBoot | undefined,
  options: FirmwareOptions,
  around: Around,
): Promise<Launched> {
  const given = SEARCHED.find((name) => options[name] !== undefined)
  if (given !== undefined)
    throw usageError(
      `--match tries every usual machine: --${given === 'variableStore' ? 'variable-store' : given} cannot be given too`,
    )
  const measurement = await wanted(options.match ?? '', around)
  const match = await matchSnp(firmware, measurement, { vcpus: options.vcpus ?? MOST_VCPUS, ...(boot && { boot }) })
  return { measurement, found: match }
}

/** A measurement in hex, or that of an SNP report in a file. */
async function wanted(match: string, around: Around): Promise<Uint8Array> {
  if (/^[0-9a-f]{96}$/i.test(match)) return Uint8Array.from(Buffer.from(match, 'hex'))
  const { tee, evidence } = await readEvidence(match, around)
  if (tee !== 'snp')
    throw usageError(`--match ${match}: expected 48 bytes in hex, or evidence of SEV-SNP; this is ${tee}`)
  return parseSnpReport(evidence).measurement
}

function bootOf({ kernel, initrd, commandLine }: FirmwareOptions, around: Around): DirectBoot | undefined {
  if (kernel === undefined) {
    if (initrd === undefined && commandLine === undefined) return undefined
    throw usageError(
      `--${initrd === undefined ? 'command-line' : 'initrd'}: expected --kernel too; without one the firmware boots from a disk`,
    )
  }
  // Bytes that are no UTF-8 arrive as this sign, and its own bytes would be measured instead.
  if (commandLine?.includes('\ufffd') === true) throw usageError('--command-line: expected UTF-8')
  return {
    kernel: fileBytes(kernel, around),
    ...(initrd === undefined ? {} : { initrd: fileBytes(initrd, around) }),
    ...(commandLine === undefined ? {} : { commandLine }),
  }
}

function machineOf({ vcpus, cpu, hypervisor, features, register }: FirmwareOptions): Machine {
  if (vcpus === undefined) throw usageError('--vcpus is missing: the first state of each virtual processor is measured')
  return {
    vcpus,
    ...(cpu === undefined ? {} : { cpu: cpuOf(cpu) }),
    ...(hypervisor === undefined ? {} : { hypervisor: hypervisorOf(hypervisor) }),
    ...(features === undefined ? {} : { features }),
    ...(register === undefined ? {} : { registers: register }),
  }
}

function hypervisorOf(name: string): Hypervisor {
  if (isHypervisor(name)) return name
  throw usageError(`--hypervisor ${name}: expected one of ${HYPERVISORS.join(', ')}`)
}

function orderOf(name: string = 'page'): TdBuildOrder {
  if (name === 'page' || name === 'section') return name
  throw usageError(`--page-order ${name}: expected page or section`)
}

/** Members of the library that the options are not called like. */
const MEMBERS: readonly (readonly [member: RegExp, option: string])[] = [
  [/^variableStoreSize:/, 'variable-store:'],
  [/^registers\./, 'register '],
]

// The library names its own members, most of which are called like the options.
async function inWordsOfOptions<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TypeError && /^[a-zA-Z0-9.]+: expected /.test(error.message))
      throw usageError(
        `--${MEMBERS.reduce((said, [member, option]) => said.replace(member, option), error.message)}`,
        error,
      )
    throw error
  }
}

function jsonOf(tee: FirmwareTee, { machine, isBootMeasured, svsm }: LaunchView): object {
  return {
    ...(machine === undefined
      ? {}
      : {
          machine: {
            ...machine,
            ...(tee === 'snp' ? { features: `0x${(machine.features ?? 1n).toString(16)}` } : {}),
          },
        }),
    ...(isBootMeasured === undefined ? {} : { bootMeasured: isBootMeasured }),
    ...(svsm === undefined ? {} : { svsm }),
  }
}
