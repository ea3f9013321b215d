import { describeTpm, readHandles } from './capability.ts'
import { password } from './command.ts'
import type { TpmChannel } from './device.ts'
import { isRefusal, TpmError } from './errors.ts'
import { join, ResponseReader, uint } from './marshal.ts'
import { HIERARCHY } from './sessions.ts'

/** What an NV index is. */
export interface NvIndex {
  readonly index: number
  /** TPMA_NV. */
  readonly attributes: number
  /** Bytes it holds. */
  readonly size: number
}

const OWNER_READ = 1 << 17
const AUTH_READ = 1 << 18
const WRITTEN = 1 << 29

/** Largest index that is read: certificates have a few thousand bytes. */
const MAX_NV = 16_384

/** How messages name an index: eight hex digits, as the profiles write them. */
export function nvName(index: number): string {
  return `NV index 0x${index.toString(16).padStart(8, '0')}`
}

/** TPM2_NV_ReadPublic. @returns undefined when there is no such index */
export async function readNvPublic(channel: TpmChannel, index: number): Promise<NvIndex | undefined> {
  try {
    const { parameters } = await channel.execute({ name: 'TPM2_NV_ReadPublic', code: 0x169, handles: [index] })
    const area = new ResponseReader(parameters.sized(256, 'nvPublic'), 'TPM2_NV_ReadPublic')
    parameters.sized(66, 'nvName')
    parameters.end()
    if (area.uint(4, 'nvPublic.nvIndex') !== index) throw area.error('nvPublic.nvIndex', 'it is another')
    area.uint(2, 'nvPublic.nameAlg')
    const attributes = area.uint(4, 'nvPublic.attributes')
    area.sized(64, 'nvPublic.authPolicy')
    const size = area.uint(2, 'nvPublic.dataSize')
    area.end()
    return { index, attributes, size }
  } catch (error) {
    if (isRefusal(error, 'TPM_RC_HANDLE')) return undefined
    throw error
  }
}

/**
 * TPM2_NV_Read of a whole index, in pieces.
 * @returns undefined when there is none, or nothing was written to it
 * @throws TpmError `unsupported` when it may not be read without a password, or is larger than 16 KiB
 */
export async function readNv(channel: TpmChannel, index: number): Promise<Uint8Array | undefined> {
  const found = await readNvPublic(channel, index)
  if (found === undefined || (found.attributes & WRITTEN) === 0) return undefined
  const name = nvName(index)
  if (found.size > MAX_NV)
    throw new TpmError('unsupported', `${name} has ${found.size} bytes; ${MAX_NV} are read at most`)
  const reader = readerOf(found)
  if (reader === undefined) throw new TpmError('unsupported', `${name} may not be read without a password`)
  const { nvBufferMax } = await describeTpm(channel)
  const most = Math.max(1, Math.min(nvBufferMax, 1024))
  const parts: Uint8Array[] = []
  for (let offset = 0; offset < found.size; offset += most)
    parts.push(await readPart(channel, reader, index, offset, Math.min(most, found.size - offset)))
  return join(...parts)
}

// The index authorises its own reading with an empty password, or the owner does.
function readerOf({ index, attributes }: NvIndex): number | undefined {
  if ((attributes & AUTH_READ) !== 0) return index
  return (attributes & OWNER_READ) !== 0 ? HIERARCHY.owner : undefined
}

async function readPart(
  channel: TpmChannel,
  reader: number,
  index: number,
  offset: number,
  size: number,
): Promise<Uint8Array> {
  const { parameters } = await channel.execute({
    name: 'TPM2_NV_Read',
    code: 0x14e,
    handles: [reader, index],
    authorizations: [password()],
    parameters: join(uint(size, 2), uint(offset, 2)),
  })
  const data = parameters.sized(size, 'data')
  parameters.end()
  if (data.length !== size) throw parameters.error('data', `${data.length} bytes, not ${size}`)
  return data
}

/** The NV indices from `first` to `last`, both included. */
export async function readNvIndices(channel: TpmChannel, first: number, last: number): Promise<readonly number[]> {
  return (await readHandles(channel, first)).filter((index) => index <= last)
}
