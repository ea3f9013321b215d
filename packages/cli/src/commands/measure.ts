import { type FirmwareTee, recogniseFirmware, recogniseImage } from '@sekisho/measurement'
import type { Around } from '../around.ts'
import { CliError, unreadable, usageError } from '../exit.ts'
import { inWords } from '../input.ts'
import { SEKISHO } from '../self.ts'
import { namingFile } from './evidence-file.ts'
import { imageBytes, nameOf, wholeImage, withHead } from './image-file.ts'
import { type EnclaveOptions, measureEnclave } from './measure-enclave.ts'
import { type FirmwareOptions, measureFirmware } from './measure-firmware.ts'

/** Options of `sekisho measure`. */
export interface MeasureOptions extends EnclaveOptions, FirmwareOptions {
  readonly tee?: string
}

type ImageTee = 'nitro' | FirmwareTee

const COMMON = ['tee', 'json', 'expectOut']
const PROCESSORS = ['vcpus', 'cpu', 'register', 'kernel', 'initrd', 'commandLine']

/** Options that say something about an image for each TEE. */
const OPTIONS: Readonly<Record<ImageTee, readonly string[]>> = {
  nitro: ['roleArn', 'instanceId', 'at'],
  snp: [...PROCESSORS, 'hypervisor', 'features', 'svsm', 'variableStore', 'match'],
  'sev-es': PROCESSORS,
  sev: ['kernel', 'initrd', 'commandLine'],
  tdx: ['pageOrder'],
}

/** Firmware is held in memory; the largest builds have 16 MiB. */
const MAX_FIRMWARE = 64 * 1024 ** 2

/**
 * `sekisho measure`: what a TEE will measure of an image.
 *
 * @returns 1 when the image's own signature does not hold, or no machine has the measurement that was looked for
 */
export async function measureCommand(file: string, options: MeasureOptions, around: Around): Promise<number> {
  const { kernel, initrd, svsm, match } = options
  // Who reads it second finds it empty, and would measure that.
  if ([file, kernel, initrd, svsm, match].filter((path) => path === '-').length > 1)
    throw usageError('only one of the files can be standard input')
  const asked = options.tee === undefined ? undefined : teeNamed(options.tee)
  const pieces = imageBytes(file, around)
  try {
    const { head, image } = await withHead(pieces)
    if (asked === 'nitro' || (asked === undefined && recogniseImage(head) === 'eif')) {
      refuseOthers('nitro', options)
      return await measureEnclave(file, image, options, around)
    }
    const firmware = await wholeImage(file, image, MAX_FIRMWARE)
    const tee = asked ?? teeOf(file, firmware)
    refuseOthers(tee, options)
    return await measureFirmware({ file, firmware, tee }, options, around)
  } catch (error) {
    // A CliError may be about another file.
    throw error instanceof CliError ? error : namingFile(file, inWords(file, error))
  } finally {
    await pieces.return(undefined)
  }
}

function teeNamed(name: string): ImageTee {
  const known = Object.keys(OPTIONS).find((tee): tee is ImageTee => tee === name)
  if (known === undefined) throw usageError(`--tee ${name}: expected one of ${Object.keys(OPTIONS).join(', ')}`)
  return known
}

/** The TEE that a firmware was built for. */
function teeOf(file: string, firmware: Uint8Array): FirmwareTee {
  const [first, second] = recogniseFirmware(firmware)
  if (first === undefined) {
    throw unreadable(
      `${nameOf(file)}: no image that this version measures; it measures AWS Nitro enclave image files, which begin with \`.eif\`, and the firmware of confidential VMs (OVMF, TDVF), which ends with a table of GUIDs (evidence is for \`${SEKISHO} inspect\`)`,
    )
  }
  if (second !== undefined)
    throw usageError(`${nameOf(file)}: this firmware is built for ${first} and ${second}; say which with --tee`)
  return first
}

function refuseOthers(tee: ImageTee, options: MeasureOptions): void {
  const foreign = Object.keys(options).find((name) => !COMMON.includes(name) && !OPTIONS[tee].includes(name))
  if (foreign === undefined) return
  const flag = foreign.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw usageError(`--${flag} says nothing about an image for ${tee}`)
}
