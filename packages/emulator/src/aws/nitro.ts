import { CBOR_NULL, cborArray, cborBytes, cborInteger, cborMap, cborText, coseSign1 } from '../cbor.ts'
import type { Ground } from '../ground.ts'
import { filled, flipBit, fromHex, toHex, utf8 } from '../kit/bytes.ts'
import { digest } from '../kit/keys.ts'
import { hexOption, knownOptions, nameOption } from '../options.ts'
import type { Faults } from '../report-data.ts'
import { derive } from '../secrets.ts'
import type { AwsOffice, NitroChain } from './authority.ts'

/** An enclave on an emulated Nitro instance. Everything absent is as it should be. */
export interface NitroPlatformOptions extends Faults {
  /** Name of the instance: the same name is the same instance. Default `instance-1`. */
  readonly chip?: string
  /** PCR0, 48 bytes in hex; zeros with `debug`. */
  readonly measurement?: string
  /** PCR1 and PCR2. */
  readonly kernel?: string
  readonly application?: string
  /** ARN of the instance's role, from which PCR3 is made. */
  readonly role?: string
  /** PCR8: who signed the image, 48 bytes in hex. */
  readonly signer?: string
  readonly debug?: boolean
}

/** A document. */
export interface NitroAttested {
  readonly tee: 'nitro'
  readonly evidence: Uint8Array
}

/** What a workload may have put into a document beside its user data. */
export interface NitroRequest {
  readonly nonce?: Uint8Array
  readonly publicKey?: Uint8Array
}

/** Reference values of an enclave: PCR0, and the registers of the workload that were extended. */
export interface NitroReference {
  readonly measurement: readonly string[]
  readonly pcrs: Readonly<Record<string, readonly string[]>>
}

/** An enclave. */
export interface NitroPlatform {
  readonly tee: 'nitro'
  readonly moduleId: string
  readonly instanceId: string
  readonly measurement: string
  /** All registers in hex, as they are now. */
  readonly pcrs: Readonly<Record<string, string>>
  /** What a relying party that wants this very enclave, as it is now, would expect: members of that TEE's expectations, and of a reference set. */
  reference(): NitroReference
  /** A document with this user data, at most 512 bytes. */
  attest(userData: Uint8Array, request?: NitroRequest): NitroAttested
  /** Extends a register of the workload's, 16 to 31. */
  extend(index: number, data: Uint8Array): void
}

const ZERO: string = '00'.repeat(48)
const MAX_BYTES = 1024
const MAX_USER_DATA = 512

const OPTIONS: Readonly<Record<keyof NitroPlatformOptions, true>> = {
  chip: true,
  measurement: true,
  kernel: true,
  application: true,
  role: true,
  signer: true,
  debug: true,
  wrongBinding: true,
  wrongSignature: true,
}

/** Starts an enclave. @throws TypeError for options that make no sense */
export function nitroPlatform(ground: Ground, office: AwsOffice, options: NitroPlatformOptions): NitroPlatform {
  knownOptions(options, 'nitro', OPTIONS)
  const chip = nameOption(options.chip, 'chip', 'instance-1')
  const instanceId = `i-0${toHex(derive(ground.seed, 8, 'nitro instance', chip)).slice(1)}`
  const moduleId = `${instanceId}-enc0${toHex(derive(ground.seed, 8, 'nitro enclave', chip)).slice(1)}`
  const pcrs = new Map(registersAtStart(options, instanceId))
  return {
    tee: 'nitro',
    moduleId,
    instanceId,
    measurement: pcrs.get(0) ?? ZERO,
    get pcrs() {
      return Object.fromEntries([...pcrs].map(([index, value]) => [String(index), value]))
    },
    reference: () => ({
      measurement: [pcrs.get(0) ?? ZERO],
      pcrs: Object.fromEntries(
        [...pcrs].filter(([index]) => index >= 16).map(([index, value]) => [String(index), [value]]),
      ),
    }),
    attest: (userData, request = {}) => {
      const bound = options.wrongBinding === true && userData.length > 0 ? flipBit(userData, 0) : userData
      checkSizes(bound, request)
      const chain = office.chain(moduleId, instanceId)
      const payload = encodePayload(moduleId, ground.now(), pcrs, chain, bound, request)
      const document = coseSign1(payload, chain.key, { tagged: false })
      // The last byte is of s.
      const evidence = options.wrongSignature === true ? flipBit(document, document.length - 1) : document
      return { tee: 'nitro', evidence }
    },
    extend: (index, data) => {
      if (!Number.isInteger(index) || index < 16 || index > 31)
        throw new RangeError(`PCR ${index} is none of the workload's, 16 to 31`)
      pcrs.set(index, extended(pcrs.get(index) ?? ZERO, data))
    },
  }
}

function registersAtStart(options: NitroPlatformOptions, instanceId: string): readonly (readonly [number, string])[] {
  const { debug = false, role } = options
  const image = (value: string | undefined, name: string, fallback: string): string => {
    const given = hexOption(value, name, 48, fallback.repeat(48))
    return debug ? ZERO : given
  }
  const measured: Readonly<Record<number, string>> = {
    0: image(options.measurement, 'measurement', 'a0'),
    1: image(options.kernel, 'kernel', 'a1'),
    2: image(options.application, 'application', 'a2'),
    ...(role === undefined ? {} : { 3: extended(ZERO, utf8(role)) }),
    4: extended(ZERO, utf8(instanceId)),
    ...(options.signer === undefined ? {} : { 8: hexOption(options.signer, 'signer', 48, ZERO) }),
  }
  return Array.from({ length: 16 }, (_, index) => [index, measured[index] ?? ZERO])
}

/** AWS Nitro Enclaves: new value = SHA-384 of the old one and the data. */
function extended(value: string, data: Uint8Array): string {
  return toHex(digest('sha384', fromHex(value), data))
}

function checkSizes(userData: Uint8Array, { nonce = filled(0), publicKey = filled(1) }: NitroRequest): void {
  if (userData.length > MAX_USER_DATA)
    throw new RangeError(`user data of ${userData.length} bytes; ${MAX_USER_DATA} fit`)
  if (nonce.length > MAX_USER_DATA) throw new RangeError(`a nonce of ${nonce.length} bytes; ${MAX_USER_DATA} fit`)
  if (publicKey.length < 1 || publicKey.length > MAX_BYTES)
    throw new RangeError(`a public key of ${publicKey.length} bytes; 1 to ${MAX_BYTES} fit`)
}

function encodePayload(
  moduleId: string,
  now: Date,
  pcrs: ReadonlyMap<number, string>,
  { certificate, cabundle }: NitroChain,
  userData: Uint8Array,
  { nonce, publicKey }: NitroRequest,
): Uint8Array {
  const optional = (value: Uint8Array | undefined): Uint8Array => (value === undefined ? CBOR_NULL : cborBytes(value))
  const registers = [...pcrs].map(([index, value]) => [cborInteger(index), cborBytes(fromHex(value))] as const)
  const members: readonly (readonly [string, Uint8Array])[] = [
    ['module_id', cborText(moduleId)],
    ['digest', cborText('SHA384')],
    ['timestamp', cborInteger(now.getTime())],
    ['pcrs', cborMap(registers)],
    ['certificate', cborBytes(certificate)],
    ['cabundle', cborArray(cabundle.map(cborBytes))],
    ['public_key', optional(publicKey)],
    ['user_data', cborBytes(userData)],
    ['nonce', optional(nonce)],
  ]
  return cborMap(members.map(([name, value]) => [cborText(name), value]))
}
