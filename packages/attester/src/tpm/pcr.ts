import { algorithmId, type PcrValues, type TpmHash } from '@sekisho/evidence/tpm'
import { password } from './command.ts'
import type { TpmChannel } from './device.ts'
import { TpmError } from './errors.ts'
import { join, type ResponseReader, sized, uint } from './marshal.ts'

/** PCRs of one bank. */
export interface PcrChoice {
  readonly bank: TpmHash
  /** From 0 to 23. */
  readonly pcrs: readonly number[]
}

/** Bytes of a digest in each bank that can be asked for. */
export const BANK_SIZES: Readonly<Partial<Record<TpmHash, number>>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }

/** PCRs of a PC Client TPM. */
export const PCR_COUNT = 24
const SELECT_BYTES = 3

/** Writes a TPML_PCR_SELECTION. @throws TypeError for a PCR that is none */
export function encodeSelection(choices: readonly PcrChoice[]): Uint8Array {
  const lists = choices.map(({ bank, pcrs }) => {
    const bitmap = new Uint8Array(SELECT_BYTES)
    for (const index of pcrs) {
      if (!Number.isInteger(index) || index < 0 || index >= PCR_COUNT)
        throw new TypeError(`pcrs: ${index} is no PCR from 0 to ${PCR_COUNT - 1}`)
      bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7))
    }
    return join(uint(algorithmId(bank), 2), uint(SELECT_BYTES, 1), bitmap)
  })
  return join(uint(choices.length, 4), ...lists)
}

/** A selection as a TPM gives it back: the bank by its id, as it may be one that nobody here knows. */
export interface RawSelection {
  readonly hashId: number
  readonly pcrs: readonly number[]
}

/** Reads a TPML_PCR_SELECTION. */
export function readSelection(from: ResponseReader): readonly RawSelection[] {
  const count = from.count(16, 'pcrSelection.count')
  const found: RawSelection[] = []
  for (let i = 0; i < count; i++) {
    const hashId = from.uint(2, 'pcrSelection.hash')
    const size = from.uint(1, 'pcrSelection.sizeofSelect')
    if (size > 4) throw from.error('pcrSelection.sizeofSelect', `${size} is more than 4`)
    const bitmap = from.bytes(size, 'pcrSelection.pcrSelect')
    const pcrs: number[] = []
    for (let bit = 0; bit < 8 * size; bit++) if (((bitmap[bit >> 3] ?? 0) >> (bit & 7)) & 1) pcrs.push(bit)
    found.push({ hashId, pcrs })
  }
  return found
}

/**
 * TPM2_PCR_Read: values of PCRs of one bank, lower-case hex by number. A TPM gives eight at a time, so it is asked
 * again for the rest, and from the start when a PCR was extended in between.
 *
 * @throws TpmError `unsupported` when the bank is not active
 */
export async function readPcrValues(channel: TpmChannel, { bank, pcrs }: PcrChoice): Promise<PcrValues> {
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const values = await readOnce(channel, { bank, pcrs })
    if (values !== undefined) return { [bank]: values }
  }
  throw new TpmError('mismatch', 'the PCRs change faster than they can be read')
}

const MOST_TURNS = 5

async function readOnce(
  channel: TpmChannel,
  { bank, pcrs }: PcrChoice,
): Promise<Readonly<Record<string, string>> | undefined> {
  const values: Record<string, string> = {}
  let left = [...new Set(pcrs)]
  let updates: number | undefined
  while (left.length > 0) {
    const part = await pcrRead(channel, { bank, pcrs: left })
    if (updates !== undefined && part.updates !== updates) return undefined
    updates = part.updates
    const got = Object.keys(part.values).map(Number)
    if (got.length === 0) throw new TpmError('unsupported', `PCR ${left.join(', ')} of the ${bank} bank cannot be read`)
    Object.assign(values, part.values)
    left = left.filter((index) => !got.includes(index))
  }
  return values
}

async function pcrRead(
  channel: TpmChannel,
  choice: PcrChoice,
): Promise<{ readonly updates: number; readonly values: Readonly<Record<string, string>> }> {
  const { parameters: from } = await channel.execute({
    name: 'TPM2_PCR_Read',
    code: 0x17e,
    parameters: encodeSelection([choice]),
  })
  const updates = from.uint(4, 'pcrUpdateCounter')
  const selected = readSelection(from)
  const count = from.count(8, 'pcrValues.count')
  const indices = selected.flatMap(({ hashId, pcrs }) => {
    if (hashId !== algorithmId(choice.bank)) throw from.error('pcrSelection.hash', 'it is another bank than asked for')
    return pcrs
  })
  if (indices.length !== count) throw from.error('pcrValues.count', `${count} values for ${indices.length} PCRs`)
  const values: Record<string, string> = {}
  for (const index of indices) {
    if (!choice.pcrs.includes(index)) throw from.error('pcrSelection', `PCR ${index} was not asked for`)
    const value = from.sized(64, 'pcrValues.digest')
    if (value.length !== BANK_SIZES[choice.bank]) throw from.error('pcrValues.digest', `${value.length} bytes`)
    values[String(index)] = Buffer.from(value).toString('hex')
  }
  from.end()
  return { updates, values }
}

/** TPM2_PCR_Extend: PCR = H(PCR || digest), in each bank that a digest is given for. */
export async function extendPcr(
  channel: TpmChannel,
  index: number,
  digests: Readonly<Partial<Record<TpmHash, Uint8Array>>>,
): Promise<void> {
  const list = Object.entries(digests).map(([bank, digest]) => {
    // `digests` has names of hashes for keys.
    const name = bank as TpmHash
    if (digest.length !== BANK_SIZES[name]) throw new TypeError(`digests.${name} has ${digest.length} bytes`)
    return join(uint(algorithmId(name), 2), digest)
  })
  const { parameters } = await channel.execute({
    name: 'TPM2_PCR_Extend',
    code: 0x182,
    handles: [index],
    authorizations: [password()],
    parameters: join(uint(list.length, 4), ...list),
  })
  parameters.end()
}

/** TPM2_PCR_Reset: only 16 (debug) and 23 (application) can be, by anybody. */
export async function resetPcr(channel: TpmChannel, index: number): Promise<void> {
  const { parameters } = await channel.execute({
    name: 'TPM2_PCR_Reset',
    code: 0x13d,
    handles: [index],
    authorizations: [password()],
  })
  parameters.end()
}

/** What a TPM signs about PCRs. */
export interface Quoted {
  /** TPMS_ATTEST. */
  readonly message: Uint8Array
  /** TPMT_SIGNATURE. */
  readonly signature: Uint8Array
}

/**
 * TPM2_Quote with the scheme of the key.
 * @param qualifyingData at most the largest digest of the TPM and two bytes: 50 in those with SHA-384, 66 with SHA-512
 */
export async function quote(
  channel: TpmChannel,
  key: number,
  qualifyingData: Uint8Array,
  choices: readonly PcrChoice[],
): Promise<Quoted> {
  const { parameters: from } = await channel.execute({
    name: 'TPM2_Quote',
    code: 0x158,
    handles: [key],
    authorizations: [password()],
    parameters: join(sized(qualifyingData), uint(0x0010, 2), encodeSelection(choices)),
  })
  const message = from.sized(2048, 'quoted')
  return { message, signature: from.rest() }
}
