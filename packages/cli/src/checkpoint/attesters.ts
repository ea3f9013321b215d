import type { Attester, EmulatedPlatform, TpmAddress, TpmAttester } from '@sekisho/attester'
import type { World } from '@sekisho/emulator'
import type { Around } from '../around.ts'
import { unreadable, usageError } from '../exit.ts'
import { emulatedMachine } from './emulated-machine.ts'
import { openWorld } from './world-file.ts'

/** Which machine is to attest, as the argument parser gives it. */
export interface AttesterFlags {
  readonly tpm?: string
  readonly eventLog?: string
  readonly pcrs?: string
  readonly emulated?: string
  readonly world?: string
  readonly product?: string
  readonly measurement?: string
  readonly debug?: true
  readonly tcb?: string
  readonly maskedId?: true
  readonly wrongBinding?: true
}

/** An attester, and what has to be done when it is not needed any more. */
export interface OpenAttester {
  readonly attester: Attester
  /** The same, where it is a TPM, whose key can be enrolled. */
  readonly tpm?: TpmAttester
  close(): Promise<void>
}

/** The attester that the flags name. @throws CliError (usage) when they name none, or two */
export async function attesterOf(flags: AttesterFlags, around: Around): Promise<OpenAttester> {
  const { tpm, emulated, world: file } = flags
  if (tpm !== undefined && emulated !== undefined) throw usageError('--tpm and --emulated: a machine is one of the two')
  refuseOthers(flags)
  if (tpm !== undefined) return tpmOf(tpm, flags)
  if (emulated === undefined)
    throw usageError('say what attests: --tpm /dev/tpmrm0 on this machine, or --emulated snp --world FILE')
  if (file === undefined) throw usageError('--emulated needs --world FILE: the emulated world that the machine is in')
  const { world, save } = await openWorld(file, () => around.now())
  const { emulatedAttester } = await import('@sekisho/attester')
  return { attester: emulatedAttester(world, platformOf(world, emulated, flags)), close: save }
}

/** What says nothing about the machine that is to attest is not passed over: whoever gave it believes that it counts. */
function refuseOthers(flags: AttesterFlags): void {
  const { tpm, emulated, eventLog, pcrs, world, product, measurement, debug, tcb, maskedId, wrongBinding } = flags
  const [others, machine] =
    tpm === undefined
      ? [{ 'event-log': eventLog, pcrs }, 'an emulated machine']
      : [{ world, product, measurement, debug, tcb, 'masked-id': maskedId, 'wrong-binding': wrongBinding }, 'a TPM']
  const [other] = Object.entries(others).find(([, value]) => value !== undefined) ?? []
  if (other !== undefined && (tpm ?? emulated) !== undefined)
    throw usageError(`--${other} says nothing about ${machine}`)
}

async function tpmOf(where: string, flags: AttesterFlags): Promise<OpenAttester> {
  const { tpmAttester } = await import('@sekisho/attester')
  const options = {
    device: tpmAddress(where),
    ...(flags.pcrs === undefined ? {} : { pcrs: pcrsOf(flags.pcrs) }),
    ...(flags.eventLog === undefined ? {} : { eventLog: flags.eventLog }),
  }
  const attester = await withTpm(() => tpmAttester(options))
  return { attester, tpm: attester, close: () => attester.close() }
}

/**
 * Does what needs a machine's TPM. That there is none, or that it cannot do it, is no fault of this program.
 * @throws CliError (unreadable) for a TpmError
 */
export async function withTpm<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { TpmError } = await import('@sekisho/attester')
    throw error instanceof TpmError ? unreadable(error.message, error) : error
  }
}

const LAST_PORT = 65_535

/** `/dev/tpmrm0`, `127.0.0.1:2321`, or the path of a socket. @throws CliError (usage) */
export function tpmAddress(where: string): TpmAddress {
  const [, host, port] = /^([A-Za-z0-9.-]+|\[[0-9a-f:]+\]):(\d{1,5})$/.exec(where) ?? []
  if (where === '' || Number(port ?? 0) > LAST_PORT)
    throw usageError(`--tpm ${where}: expected a device such as /dev/tpmrm0, host:port, or the path of a socket`)
  if (host !== undefined && port !== undefined) return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  return where.startsWith('/dev/') ? where : { socket: where }
}

function pcrsOf(list: string): readonly number[] {
  const numbers = list.split(',').map(Number)
  if (/^\d{1,2}(,\d{1,2}){0,23}$/.test(list) && numbers.every((one) => one < 24)) return numbers
  throw usageError(`--pcrs ${list}: expected numbers from 0 to 23 with commas, such as 0,1,2,7`)
}

/** `microcode=210,snp=20`. @throws CliError (usage) */
function tcbOf(list: string): Readonly<Record<string, number>> {
  const levels = list.split(',').map((one) => /^([A-Za-z]{1,16})=(-1|\d{1,5})$/.exec(one))
  if (levels.every((one) => one !== null))
    return Object.fromEntries(levels.map(([, part = '', level]) => [part, Number(level)]))
  throw usageError(`--tcb ${list}: expected parts with their levels, such as microcode=210,snp=20`)
}

/** A platform of an emulated world. @throws CliError (usage) for a kind that there is none of */
export function platformOf(world: World, kind: string, flags: AttesterFlags): EmulatedPlatform {
  try {
    const { tcb, ...rest } = flags
    return emulatedMachine(world, kind, tcb === undefined ? rest : { ...rest, tcb: tcbOf(tcb) })
  } catch (error) {
    if (error instanceof TypeError) throw usageError(error.message, error)
    throw error
  }
}

/** Up to 64 bytes in hexadecimal. @throws CliError (usage) */
export function reportDataOf(hex: string | undefined): Uint8Array {
  // Small TPMs sign no more than this.
  if (hex === undefined) return new Uint8Array(32)
  if (/^([0-9a-fA-F]{2}){1,64}$/.test(hex)) return new Uint8Array(Buffer.from(hex, 'hex'))
  throw usageError('--report-data: expected 1 to 64 bytes in hexadecimal')
}
