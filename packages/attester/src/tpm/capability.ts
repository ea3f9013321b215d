import { algorithmId, type TpmHash } from '@sekisho/evidence/tpm'
import type { TpmChannel } from './device.ts'
import type { ResponseReader } from './marshal.ts'
import { join, uint } from './marshal.ts'
import { BANK_SIZES, readSelection } from './pcr.ts'

/** TPM_CAP. @see TCG TPM 2.0 Library, part 2, section 6.12 */
const CAP_HANDLES = 1
const CAP_PCRS = 5
const CAP_PROPERTIES = 6

async function getCapability(
  channel: TpmChannel,
  capability: number,
  property: number,
  count: number,
): Promise<{ readonly more: boolean; readonly data: ResponseReader }> {
  const { parameters: data } = await channel.execute({
    name: 'TPM2_GetCapability',
    code: 0x17a,
    parameters: join(uint(capability, 4), uint(property, 4), uint(count, 4)),
  })
  const more = data.uint(1, 'moreData') === 1
  if (data.uint(4, 'capability') !== capability) throw data.error('capability', 'it is another than asked for')
  return { more, data }
}

/** PCRs that are active, by bank; banks of hashes that are not known here are left out. */
export async function readBanks(channel: TpmChannel): Promise<ReadonlyMap<TpmHash, readonly number[]>> {
  const { data } = await getCapability(channel, CAP_PCRS, 0, 16)
  const found = readSelection(data)
  data.end()
  const banks = new Map<TpmHash, readonly number[]>()
  // The table has names of hashes for keys.
  for (const bank of Object.keys(BANK_SIZES) as TpmHash[]) {
    const pcrs = found.find(({ hashId }) => hashId === algorithmId(bank))?.pcrs ?? []
    if (pcrs.length > 0) banks.set(bank, pcrs)
  }
  return banks
}

/** What a TPM says about itself. Nobody vouches for it; the certificate of its endorsement key is to be believed. */
export interface TpmDescription {
  /** Four letters of the TCG's registry, e.g. `INTC`, `AMD`, `IFX`, `IBM` (swtpm). */
  readonly manufacturer: string
  /** 16 hex digits. */
  readonly firmwareVersion: string
  /** Largest piece of an NV index that is read at once. */
  readonly nvBufferMax: number
}

const MANUFACTURER = 0x105
const FIRMWARE_1 = 0x10b
const FIRMWARE_2 = 0x10c
const NV_BUFFER_MAX = 0x12c

/** Reads fixed properties of the TPM. */
export async function describeTpm(channel: TpmChannel): Promise<TpmDescription> {
  const properties = await readProperties(channel, 0x100, 0x40)
  const hex = (tag: number): string => (properties.get(tag) ?? 0).toString(16).padStart(8, '0')
  const letters = Buffer.from(uint(properties.get(MANUFACTURER) ?? 0, 4)).toString('latin1')
  return {
    manufacturer: letters.replace(/[^\x21-\x7e]/g, ''),
    firmwareVersion: `${hex(FIRMWARE_1)}${hex(FIRMWARE_2)}`,
    nvBufferMax: properties.get(NV_BUFFER_MAX) ?? 512,
  }
}

async function readProperties(channel: TpmChannel, first: number, count: number): Promise<ReadonlyMap<number, number>> {
  const { data } = await getCapability(channel, CAP_PROPERTIES, first, count)
  const properties = new Map<number, number>()
  for (let left = data.count(512, 'properties.count'); left > 0; left--)
    properties.set(data.uint(4, 'property'), data.uint(4, 'value'))
  data.end()
  return properties
}

/** Most handles of one kind that are looked at. */
const MAX_HANDLES = 1024

/** Handles that exist from `first` up, of the kind that its first octet names: 0x81… persistent objects, 0x01… NV indices. */
export async function readHandles(channel: TpmChannel, first: number): Promise<readonly number[]> {
  const handles: number[] = []
  let next = first
  for (;;) {
    const { more, data } = await getCapability(channel, CAP_HANDLES, next, 254)
    const count = data.count(1021, 'handles.count')
    for (let i = 0; i < count; i++) {
      const handle = data.uint(4, 'handle')
      if (handle < next || handle >>> 24 !== first >>> 24) throw data.error('handle', 'it was not asked for')
      handles.push(handle)
      next = handle + 1
    }
    data.end()
    if (!more || count === 0 || handles.length >= MAX_HANDLES) return handles
  }
}

/** TPM2_GetRandom: up to 64 bytes; a TPM may give fewer at a time, so it is asked again. */
export async function getRandom(channel: TpmChannel, count: number): Promise<Uint8Array> {
  if (!Number.isInteger(count) || count < 1 || count > 64) throw new TypeError('count must be 1 to 64')
  let bytes = new Uint8Array(0)
  while (bytes.length < count) {
    const wanted = count - bytes.length
    const { parameters } = await channel.execute({ name: 'TPM2_GetRandom', code: 0x17b, parameters: uint(wanted, 2) })
    const part = parameters.sized(wanted, 'randomBytes')
    parameters.end()
    if (part.length === 0) throw parameters.error('randomBytes', 'there are none')
    bytes = new Uint8Array(join(bytes, part))
  }
  return bytes
}
