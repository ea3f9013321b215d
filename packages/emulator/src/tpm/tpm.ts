import type { Ground } from '../ground.ts'
import { concat, flipBit, fromHex, toHex, utf8 } from '../kit/bytes.ts'
import { digest } from '../kit/keys.ts'
import { integerOption, knownOptions, nameOption } from '../options.ts'
import type { Faults } from '../report-data.ts'
import type { TpmOffice } from './authority.ts'
import { bootLog, extendPcr, type TpmBoot } from './boot-log.ts'
import { akPublicArea, encodeQuote, signQuote } from './structures.ts'

/** A machine with an emulated TPM. Everything absent is as it should be. */
export interface TpmPlatformOptions extends Faults {
  /** Name of the machine: the same name is the same TPM, with the same key. Default `machine-1`. */
  readonly chip?: string
  readonly boot?: TpmBoot
  /** PCRs of the SHA-256 bank that a quote covers; default 0 to 15. */
  readonly pcrs?: readonly number[]
  /** Resets since the TPM was made; default 1. */
  readonly resetCount?: number
  /** The attestation key is not restricted: it signs whatever it is given. */
  readonly unrestrictedKey?: boolean
  /** The log is of another boot: it does not replay to the quoted registers. */
  readonly foreignEventLog?: boolean
  /** Nobody vouches for the key: no certificate comes along. */
  readonly withoutCertificate?: boolean
}

/** A quote and all that comes with it. */
export interface TpmAttested {
  readonly tee: 'tpm'
  /** All of it as JSON, in the form that verifiers of this project read. */
  readonly evidence: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
  /** TPMT_PUBLIC. */
  readonly akPublic: Uint8Array
  /** The SHA-256 bank, hex by index. */
  readonly pcrs: Readonly<Record<string, string>>
  readonly eventLog: Uint8Array
  /** DER, the attestation key's first. */
  readonly certificates: readonly Uint8Array[]
}

/** Reference values of a machine: each register that a quote covers. */
export interface TpmReference {
  readonly bank: 'sha256'
  readonly pcrs: Readonly<Record<string, readonly string[]>>
  readonly requiredPcrs: readonly number[]
}

/** A machine whose boot a TPM measured. It promises nothing about memory. */
export interface TpmPlatform {
  readonly tee: 'tpm'
  /** Digest over the quoted registers, as they are now, in hex. */
  readonly measurement: string
  /** All 24 registers of the SHA-256 bank, as they are now, in hex. */
  readonly pcrs: readonly string[]
  /** Registers that a quote covers. */
  readonly selection: readonly number[]
  /** What a relying party that wants this very state of the machine would expect: members of that TEE's expectations, and of a reference set. */
  reference(): TpmReference
  /** A quote with these qualifying data, at most 64 bytes. */
  attest(qualifyingData: Uint8Array): TpmAttested
  /** Extends a register with the digest of `data`, as a running system does: the firmware's log does not tell. */
  extend(pcr: number, data: Uint8Array | string): void
}

const FIRMWARE_VERSION = 0x0001_0000_0000_0000n
const MAX_QUALIFYING = 64
const PCR_COUNT = 24

const OPTIONS: Readonly<Record<keyof TpmPlatformOptions, true>> = {
  chip: true,
  boot: true,
  pcrs: true,
  resetCount: true,
  unrestrictedKey: true,
  foreignEventLog: true,
  withoutCertificate: true,
  wrongBinding: true,
  wrongSignature: true,
}

/** Boots a machine. @throws TypeError for options that make no sense */
export function tpmPlatform(ground: Ground, office: TpmOffice, options: TpmPlatformOptions): TpmPlatform {
  knownOptions(options, 'tpm', OPTIONS)
  const { withoutCertificate = false } = options
  const chip = nameOption(options.chip, 'chip', 'machine-1')
  const selection = selectionOf(options.pcrs)
  const log = bootLog(options.boot)
  const pcrs = [...log.pcrs]
  const key = office.akKey(chip)
  const akPublic = akPublicArea(key, options.unrestrictedKey !== true)
  const resetCount = integerOption(options.resetCount, 'resetCount', 0xffffffff, 1)
  const started = ground.now().getTime()
  const pcrDigest = (): Uint8Array => digest('sha256', concat(...selection.map((index) => fromHex(pcrs[index] ?? ''))))
  return {
    tee: 'tpm',
    selection,
    get measurement() {
      return toHex(pcrDigest())
    },
    get pcrs() {
      return [...pcrs]
    },
    reference: () => ({
      bank: 'sha256',
      pcrs: Object.fromEntries(selection.map((index) => [String(index), [pcrs[index] ?? '']])),
      requiredPcrs: selection,
    }),
    attest: (qualifyingData) => {
      if (qualifyingData.length > MAX_QUALIFYING)
        throw new RangeError(`qualifying data of ${qualifyingData.length} bytes; ${MAX_QUALIFYING} fit`)
      const message = encodeQuote({
        akPublic,
        extraData: bindingOf(qualifyingData, options),
        clock: Math.max(0, ground.now().getTime() - started),
        resetCount,
        firmwareVersion: FIRMWARE_VERSION,
        selection,
        pcrDigest: pcrDigest(),
      })
      // Another message than the one that is sent.
      const signed = options.wrongSignature === true ? flipBit(message, message.length - 1) : message
      const parts = {
        message,
        signature: signQuote(signed, key),
        akPublic,
        pcrs: Object.fromEntries(pcrs.map((value, index) => [String(index), value])),
        eventLog: options.foreignEventLog === true ? bootLog({ kernel: utf8('of another boot') }).bytes : log.bytes,
        certificates: withoutCertificate ? [] : office.chain(chip),
      }
      return { tee: 'tpm', evidence: jsonOf(parts), ...parts }
    },
    extend: (pcr, data) => {
      if (!Number.isInteger(pcr) || pcr < 0 || pcr >= PCR_COUNT) throw new RangeError(`there is no PCR ${pcr}`)
      pcrs[pcr] = extendPcr(pcrs[pcr] ?? '', digest('sha256', typeof data === 'string' ? utf8(data) : data))
    },
  }
}

function selectionOf(pcrs: readonly number[] = Array.from({ length: 16 }, (_, index) => index)): readonly number[] {
  const selection = [...new Set(pcrs)].sort((a, b) => a - b)
  if (selection.length === 0 || selection.some((index) => !Number.isInteger(index) || index < 0 || index >= PCR_COUNT))
    throw new TypeError('`pcrs` must be numbers from 0 to 23')
  return selection
}

function bindingOf(qualifyingData: Uint8Array, { wrongBinding = false }: Faults): Uint8Array {
  return wrongBinding && qualifyingData.length > 0 ? flipBit(qualifyingData, 0) : qualifyingData
}

function jsonOf(parts: Omit<TpmAttested, 'tee' | 'evidence'>): Uint8Array {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  const tpm = {
    message: text(parts.message),
    signature: text(parts.signature),
    akPublic: text(parts.akPublic),
    pcrs: { sha256: parts.pcrs },
    eventLog: text(parts.eventLog),
    certificates: parts.certificates.map(text),
  }
  return utf8(JSON.stringify({ tpm }))
}
