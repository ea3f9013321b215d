import { EvidenceError } from '../core/errors.ts'

const REPORT_SIZE = 1184
const UNSIGNED_FROM = 0x2a0

type Members = Readonly<Record<string, unknown>>

/** Where a member of the structure goes: its names (newest first), offset and length. */
interface Place {
  readonly names: readonly string[]
  readonly offset: number
  readonly length: number
  /** Absent in older versions of the structure. */
  readonly optional?: true
}

const INTEGERS: readonly Place[] = [
  { names: ['version'], offset: 0x000, length: 4 },
  { names: ['guest_svn'], offset: 0x004, length: 4 },
  { names: ['policy'], offset: 0x008, length: 8 },
  { names: ['vmpl'], offset: 0x030, length: 4 },
  { names: ['sig_algo'], offset: 0x034, length: 4 },
  { names: ['plat_info'], offset: 0x040, length: 8 },
  { names: ['key_info', '_author_key_en', 'author_key_en'], offset: 0x048, length: 4 },
  { names: ['cpuid_fam_id'], offset: 0x188, length: 1, optional: true },
  { names: ['cpuid_mod_id'], offset: 0x189, length: 1, optional: true },
  { names: ['cpuid_step'], offset: 0x18a, length: 1, optional: true },
  { names: ['launch_mit_vector'], offset: 0x1f8, length: 8, optional: true },
  { names: ['current_mit_vector'], offset: 0x200, length: 8, optional: true },
]

const BYTES: readonly Place[] = [
  { names: ['family_id'], offset: 0x010, length: 16 },
  { names: ['image_id'], offset: 0x020, length: 16 },
  { names: ['report_data'], offset: 0x050, length: 64 },
  { names: ['measurement'], offset: 0x090, length: 48 },
  { names: ['host_data'], offset: 0x0c0, length: 32 },
  { names: ['id_key_digest'], offset: 0x0e0, length: 48 },
  { names: ['author_key_digest'], offset: 0x110, length: 48 },
  { names: ['report_id'], offset: 0x140, length: 32 },
  { names: ['report_id_ma'], offset: 0x160, length: 32 },
  { names: ['chip_id'], offset: 0x1a0, length: 64 },
]

const TCBS: readonly (readonly [name: string, offset: number])[] = [
  ['current_tcb', 0x038],
  ['reported_tcb', 0x180],
  ['committed_tcb', 0x1e0],
  ['launch_tcb', 0x1f0],
]

/** Whether a JSON value looks like the report as a structure of the Rust `sev` crate. */
export function isReportStructure(value: unknown): value is Members {
  return isMembers(value) && 'measurement' in value && 'reported_tcb' in value && 'signature' in value
}

/**
 * The 1184 bytes of a report that was delivered field by field. Reserved bytes are zero: where the
 * signed report had others, the signature will not verify.
 *
 * @throws EvidenceError that names the member; offsets are those of the report
 * @see AMD document 56860, table 23 (ATTESTATION_REPORT)
 */
export function reportFromStructure(report: Members, where: string): Uint8Array {
  const bytes = new Uint8Array(REPORT_SIZE)
  const put = new Writer(bytes, where)
  for (const place of INTEGERS) put.integer(report, place)
  for (const place of BYTES) put.bytes(report, place)
  for (const [name, offset] of TCBS) putTcb(put, member(report, name), `${where}.${name}`, offset)
  putFirmware(put, report, 'current', 0x1e8)
  putFirmware(put, report, 'committed', 0x1ec)
  const signature = member(report, 'signature')
  const signing = new Writer(bytes, `${where}.signature`)
  signing.bytes(signature, { names: ['r'], offset: UNSIGNED_FROM, length: 72 })
  signing.bytes(signature, { names: ['s'], offset: UNSIGNED_FROM + 72, length: 72 })
  return bytes
}

// Turin and later put the FMC first and shift the rest; the structure says so by a number in `fmc`.
function putTcb(put: Writer, tcb: Members, where: string, offset: number): void {
  const part = put.within(where)
  const turin = typeof tcb['fmc'] === 'number'
  const names = turin ? ['fmc', 'bootloader', 'tee', 'snp'] : ['bootloader', 'tee']
  names.forEach((name, index) => {
    part.integer(tcb, { names: [name], offset: offset + index, length: 1 })
  })
  if (!turin) part.integer(tcb, { names: ['snp'], offset: offset + 6, length: 1 })
  part.integer(tcb, { names: ['microcode'], offset: offset + 7, length: 1 })
}

function putFirmware(put: Writer, report: Members, name: string, offset: number): void {
  const nested = report[name]
  const source = isMembers(nested) ? nested : report
  const prefix = isMembers(nested) ? '' : `${name}_`
  ;['build', 'minor', 'major'].forEach((part, index) => {
    put.integer(source, { names: [`${prefix}${part}`], offset: offset + index, length: 1 })
  })
}

class Writer {
  readonly #target: Uint8Array
  readonly #where: string

  constructor(target: Uint8Array, where: string) {
    this.#target = target
    this.#where = where
  }

  within(where: string): Writer {
    return new Writer(this.#target, where)
  }

  integer(source: Members, place: Place): void {
    const value = this.#find(source, place)
    if (value === undefined || value === null) {
      if (place.optional) return
      throw this.#error(place, 'nothing', 'a number')
    }
    const limit = place.length === 8 ? Number.MAX_SAFE_INTEGER : 2 ** (8 * place.length) - 1
    const number = typeof value === 'number' ? value : isMembers(value) && typeof value['0'] === 'number' ? value['0'] : undefined
    if (number === undefined || !Number.isSafeInteger(number) || number < 0 || number > limit) {
      throw this.#error(place, 'another value', `a whole number from 0 to ${limit}`)
    }
    let rest = number
    for (let i = 0; i < place.length; i++) {
      this.#target[place.offset + i] = rest % 256
      rest = Math.floor(rest / 256)
    }
  }

  bytes(source: Members, place: Place): void {
    const bytes = byteArray(this.#find(source, place))
    if (bytes?.length !== place.length) throw this.#error(place, 'another value', `an array of ${place.length} numbers from 0 to 255`)
    this.#target.set(bytes, place.offset)
  }

  #find(source: Members, place: Place): unknown {
    const name = place.names.find((one) => Object.hasOwn(source, one))
    return name === undefined ? undefined : source[name]
  }

  #error(place: Place, found: string, expected: string): EvidenceError {
    return new EvidenceError('malformed', found, { field: `${this.#where}.${place.names[0]}`, offset: place.offset, expected })
  }
}

/** Bytes of a JSON array of numbers from 0 to 255; undefined for anything else. */
export function byteArray(value: unknown): Uint8Array | undefined {
  if (!Array.isArray(value)) return undefined
  const bytes = new Uint8Array(value.length)
  for (let i = 0; i < value.length; i++) {
    const one: unknown = value[i]
    if (typeof one !== 'number' || !Number.isInteger(one) || one < 0 || one > 255) return undefined
    bytes[i] = one
  }
  return bytes
}

/** Whether a JSON value is an object. */
export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function member(report: Members, name: string): Members {
  const value = report[name]
  if (isMembers(value)) return value
  throw new EvidenceError('malformed', 'another value', { field: `attestation_report.${name}`, offset: 0, expected: 'an object' })
}
