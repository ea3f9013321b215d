import { refuse } from '../core/errors.ts'
import { isRecord } from '../core/input.ts'
import type { SnpCollateralInput } from './collateral.ts'
import { productOfCpuid, tcbLayout } from './products.ts'
import { encodeSnpReport, type FirmwareVersion, type SnpReport } from './report.ts'

/** Evidence out of a JSON envelope, ready to be verified. */
export interface SnpJsonEvidence {
  /** 1184 bytes, put together from the fields. The signature over them proves that they are the firmware's. */
  readonly report: Uint8Array
  /** Certificates that came along. */
  readonly collateral: SnpCollateralInput
}

const MAX_TEXT = 256 * 1024
const MAX_CERTIFICATES = 8
const MAX_CERTIFICATE = 16 * 1024

/**
 * Reads the field-by-field JSON form that Confidential Containers attesters send: an object with
 * `attestation_report` (numbers, and byte strings as arrays of numbers) and `cert_chain` (objects with
 * `cert_type` and `data`; may be absent or null). Unknown members are refused: a field that nobody
 * reads would be one that the signature covers and the reader does not see.
 *
 * @param json the text, or the value that JSON.parse makes of it
 * @throws EvidenceError that names the member; its offsets are 0
 */
export function parseSnpJson(json: unknown): SnpJsonEvidence {
  const value = typeof json === 'string' ? parseText(json) : json
  const outer = new Members(value, '$', ['attestation_report', 'cert_chain'])
  const report = encodeSnpReport(readReport(outer.value('attestation_report')))
  const chain = outer.value('cert_chain')
  return { report, collateral: chain === undefined || chain === null ? {} : readCertificates(chain) }
}

function parseText(text: string): unknown {
  if (text.length > MAX_TEXT)
    throw refuse('$', `${text.length} characters`, `at most ${MAX_TEXT} characters`, 0, 'too-large')
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    // The engine's own message differs between runtimes and may repeat input.
    throw refuse('$', 'text that is not JSON', 'JSON')
  }
}

/** Members of an object, each of which must be known. */
class Members {
  readonly #value: Readonly<Record<string, unknown>>
  readonly #path: string

  constructor(value: unknown, path: string, known: readonly string[]) {
    if (!isRecord(value)) throw refuse(path, 'another value', 'an object')
    const stranger = Object.keys(value).find((name) => !known.includes(name))
    if (stranger !== undefined)
      throw refuse(path, `the member ${JSON.stringify(stranger.slice(0, 64))}`, `only ${known.join(', ')}`)
    this.#value = value
    this.#path = path
  }

  value(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? this.#value[name] : undefined
  }

  path(name: string): string {
    return `${this.#path}.${name}`
  }

  has(name: string): boolean {
    const value = this.value(name)
    return value !== undefined && value !== null
  }

  number(name: string, max: number): number {
    const value = this.value(name)
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= max) return value
    throw refuse(this.path(name), 'another value', `a whole number from 0 to ${max}`)
  }

  bytes(name: string, length: number): Uint8Array {
    const value = this.value(name)
    const bytes = byteArray(value, length)
    if (bytes?.length === length) return bytes
    throw refuse(this.path(name), 'another value', `an array of ${length} numbers from 0 to 255`)
  }
}

function byteArray(value: unknown, max: number): Uint8Array | undefined {
  if (!Array.isArray(value) || value.length > max) return undefined
  const list: readonly unknown[] = value
  const bytes = new Uint8Array(list.length)
  for (let i = 0; i < list.length; i++) {
    const byte = list[i]
    if (typeof byte !== 'number' || !Number.isInteger(byte) || byte < 0 || byte > 255) return undefined
    bytes[i] = byte
  }
  return bytes
}

const NUMBERS = ['version', 'guest_svn', 'policy', 'vmpl', 'sig_algo', 'plat_info', 'key_info'] as const
const CPUID = ['cpuid_fam_id', 'cpuid_mod_id', 'cpuid_step'] as const
const MITIGATIONS = ['launch_mit_vector', 'current_mit_vector'] as const
const BYTES = [
  'family_id',
  'image_id',
  'report_data',
  'measurement',
  'host_data',
  'id_key_digest',
  'author_key_digest',
  'report_id',
  'report_id_ma',
  'chip_id',
] as const
const TCBS = ['current_tcb', 'reported_tcb', 'committed_tcb', 'launch_tcb'] as const
const KNOWN: readonly string[] = [
  ...NUMBERS,
  ...CPUID,
  ...MITIGATIONS,
  ...BYTES,
  ...TCBS,
  'current',
  'committed',
  'signature',
]

const U32 = 0xffffffff
// Beyond 2^53 JSON numbers lose digits: whoever needs those bits sends the binary form.
const SAFE = Number.MAX_SAFE_INTEGER

function readReport(value: unknown): SnpReport {
  const from = new Members(value, '$.attestation_report', KNOWN)
  const version = from.number('version', U32)
  if (version < 2 || version > 5)
    throw refuse(from.path('version'), `version ${version}`, 'version 2 to 5', 0, 'unsupported-version')
  const cpuid = version >= 3 ? readCpuid(from) : absent(from, CPUID, version)
  const mitigations = version >= 5 ? readMitigations(from) : absent(from, MITIGATIONS, version)
  const isTurin =
    version >= 3 && productOfCpuid(from.number('cpuid_fam_id', 255), from.number('cpuid_mod_id', 255)) === 'Turin'
  const tcb = (name: (typeof TCBS)[number]): Uint8Array => readTcb(from.value(name), from.path(name), isTurin)
  const signature = new Members(from.value('signature'), from.path('signature'), ['r', 's'])
  return {
    version,
    guestSvn: from.number('guest_svn', U32),
    policy: BigInt(from.number('policy', SAFE)),
    familyId: from.bytes('family_id', 16),
    imageId: from.bytes('image_id', 16),
    vmpl: from.number('vmpl', U32),
    signatureAlgo: from.number('sig_algo', U32),
    currentTcb: tcb('current_tcb'),
    platformInfo: BigInt(from.number('plat_info', SAFE)),
    keyInfo: from.number('key_info', U32),
    reserved4c: new Uint8Array(4),
    reportData: from.bytes('report_data', 64),
    measurement: from.bytes('measurement', 48),
    hostData: from.bytes('host_data', 32),
    idKeyDigest: from.bytes('id_key_digest', 48),
    authorKeyDigest: from.bytes('author_key_digest', 48),
    reportId: from.bytes('report_id', 32),
    reportIdMa: from.bytes('report_id_ma', 32),
    reportedTcb: tcb('reported_tcb'),
    ...cpuid,
    reserved18b: new Uint8Array(version >= 3 ? 21 : 24),
    chipId: from.bytes('chip_id', 64),
    committedTcb: tcb('committed_tcb'),
    current: readVersion(from, 'current'),
    reserved1eb: new Uint8Array(1),
    committed: readVersion(from, 'committed'),
    reserved1ef: new Uint8Array(1),
    launchTcb: tcb('launch_tcb'),
    ...mitigations,
    reserved208: new Uint8Array(version >= 5 ? 152 : 168),
    signatureR: signature.bytes('r', 72),
    signatureS: signature.bytes('s', 72),
    reserved330: new Uint8Array(368),
  }
}

function readCpuid(from: Members): Pick<SnpReport, 'cpuidFamily' | 'cpuidModel' | 'cpuidStepping'> {
  return {
    cpuidFamily: from.number('cpuid_fam_id', 255),
    cpuidModel: from.number('cpuid_mod_id', 255),
    cpuidStepping: from.number('cpuid_step', 255),
  }
}

function readMitigations(from: Members): Pick<SnpReport, 'launchMitVector' | 'currentMitVector'> {
  return {
    launchMitVector: BigInt(from.number('launch_mit_vector', SAFE)),
    currentMitVector: BigInt(from.number('current_mit_vector', SAFE)),
  }
}

function absent(from: Members, names: readonly string[], version: number): Record<string, never> {
  const present = names.find((name) => from.has(name))
  if (present !== undefined) throw refuse(from.path(present), 'a value', `none in version ${version}`)
  return {}
}

function readTcb(value: unknown, path: string, isTurin: boolean): Uint8Array {
  const from = new Members(value, path, ['fmc', 'bootloader', 'tee', 'snp', 'microcode'])
  if (!isTurin) absent(from, ['fmc'], 0)
  const raw = new Uint8Array(8)
  for (const [part, at] of Object.entries(tcbLayout(isTurin ? 'Turin' : 'Milan').parts))
    raw[at] = from.number(part, 255)
  return raw
}

function readVersion(from: Members, name: string): FirmwareVersion {
  const inside = new Members(from.value(name), from.path(name), ['major', 'minor', 'build'])
  return { major: inside.number('major', 255), minor: inside.number('minor', 255), build: inside.number('build', 255) }
}

const CERTIFICATES: Readonly<Record<string, 'vcek' | 'vlek' | 'ask' | 'asvk' | 'ark' | 'crl'>> = {
  VCEK: 'vcek',
  VLEK: 'vlek',
  ASK: 'ask',
  ASVK: 'asvk',
  ARK: 'ark',
  CRL: 'crl',
}

function readCertificates(value: unknown): SnpCollateralInput {
  const path = '$.cert_chain'
  if (!Array.isArray(value) || value.length > MAX_CERTIFICATES)
    throw refuse(path, 'another value', `an array of at most ${MAX_CERTIFICATES} certificates`)
  const list: readonly unknown[] = value
  const found: Partial<Record<'vcek' | 'vlek' | 'ask' | 'asvk' | 'ark' | 'crl', Uint8Array>> = {}
  list.forEach((one, i) => {
    const from = new Members(one, `${path}[${i}]`, ['cert_type', 'data'])
    const type = from.value('cert_type')
    const name = typeof type === 'string' && Object.hasOwn(CERTIFICATES, type) ? CERTIFICATES[type] : undefined
    const data = byteArray(from.value('data'), MAX_CERTIFICATE)
    if (data === undefined)
      throw refuse(from.path('data'), 'another value', `an array of at most ${MAX_CERTIFICATE} numbers from 0 to 255`)
    // Other types ({"OTHER": guid}, Empty) are what a certificate table skips too.
    if (name === undefined) return
    if (found[name] !== undefined)
      throw refuse(from.path('cert_type'), 'a second certificate of its type', 'each type once')
    found[name] = data
  })
  return found
}
