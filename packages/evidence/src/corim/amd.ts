import { entryOf } from '../cbor/item.ts'
import { arrayOf, wrongItem } from '../cbor/typed.ts'
import { toHex } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import { PLATFORM_BITS, POLICY_BITS } from '../snp/bits.ts'
import { decodeTcb, type SnpProduct, type SnpTcb, TCB_PARTS, tcbLayout } from '../snp/products.ts'
import type { CorimMeasurement, ReferenceTriple } from './document.ts'
import { instanceBytes } from './environment.ts'
import type { CorimReference, LeftOut } from './model.ts'
import { DIGEST, flagsUnder, lowestSvn, MVAL, oneDigest, onlyValues, rawValue, wholeRawValue } from './values.ts'

/** Classes of the profile, by whose key signs a report. */
const CLASSES: Readonly<Record<string, 'vcek' | 'vlek'>> = {
  '1.3.6.1.4.1.3704.3.1': 'vcek',
  '1.3.6.1.4.1.3704.3.2': 'vlek',
}
const PRODUCTS: readonly SnpProduct[] = ['Milan', 'Genoa', 'Turin']
/** A little-endian unsigned integer of 32 bits. @see RFC 8746, section 2.1 */
const LE_UINT32 = 70

/** Expectations of a guest as they come together. */
interface Draft {
  readonly values: Record<string, unknown>
  readonly minTcb: bigint[]
  readonly minReportedTcb: bigint[]
}

type Field = (measurement: CorimMeasurement, draft: Draft) => void

/** Fields of the report by the profile's numbers. Those without a reader are compared by nothing here. */
const FIELDS: ReadonlyMap<number, readonly [name: string, read?: Field]> = new Map([
  [0, ['VERSION']],
  [1, ['GUEST_SVN', guestSvn]],
  [2, ['POLICY', flags('policy', POLICY_BITS)]],
  [3, ['FAMILY_ID', bytes('familyId', 16)]],
  [4, ['IMAGE_ID', bytes('imageId', 16)]],
  [5, ['VMPL', vmpl]],
  // No report verifies whose current TCB is below the committed one.
  [6, ['CURRENT_TCB', tcb('minTcb')]],
  [7, ['PLATFORM_INFO', flags('platformInfo', PLATFORM_BITS)]],
  [640, ['REPORT_DATA']],
  [641, ['MEASUREMENT', measured]],
  [642, ['HOST_DATA', bytes('hostData', 32)]],
  [643, ['ID_KEY_DIGEST', bytes('idKeyDigest', 48)]],
  [644, ['AUTHOR_KEY_DIGEST', bytes('authorKeyDigest', 48)]],
  [645, ['REPORT_ID']],
  [646, ['REPORT_ID_MA']],
  [647, ['REPORTED_TCB', tcb('minReportedTcb')]],
  [648, ['CPUID_FAM_ID']],
  [649, ['CPUID_MOD_ID']],
  [650, ['CPUID_STEP']],
  [3328, ['CHIP_ID', bytes('hardwareIds', 64)]],
  [3329, ['COMMITTED_TCB', tcb('minTcb')]],
  [3330, ['CURRENT_VERSION']],
  [3936, ['COMMITTED_VERSION']],
  [3968, ['LAUNCH_TCB', tcb('minTcb')]],
])

/** Whether a class is one of AMD's profile. */
export function isAmdClass(id: string | undefined): boolean {
  return id !== undefined && Object.hasOwn(CLASSES, id)
}

/**
 * The expectations of an SNP guest that a triple of AMD's profile makes. Nothing of it is dropped but what the caller
 * leaves out by name: what no expectation holds is refused.
 *
 * @throws EvidenceError that names the measurement
 * @see draft-deeglaze-amd-sev-snp-corim-profile-02, section 3.1
 */
export function amdReference(triple: ReferenceTriple, left: LeftOut): CorimReference {
  const draft: Draft = { values: {}, minTcb: [], minReportedTcb: [] }
  const seen = new Set<number>()
  for (const measurement of triple.measurements) {
    const { mkey, at, offset } = measurement
    const field = typeof mkey === 'number' ? FIELDS.get(mkey) : undefined
    if (field === undefined || typeof mkey !== 'number')
      throw refuse(
        `${at}.mkey`,
        `the key ${String(mkey ?? 'of nothing').slice(0, 64)}`,
        "the number of a report's field",
        offset,
      )
    const [name, read] = field
    if (seen.has(mkey)) throw refuse(`${at}.mkey`, `${name} a second time`, 'each field once', offset)
    seen.add(mkey)
    if (name !== 'MEASUREMENT' && left.has(name)) continue
    if (read === undefined)
      throw refuse(at, `${name}, which nothing compares`, 'fields that have an expectation', offset, 'unsupported-kind')
    if (measurement.isAuthorized)
      throw refuse(`${at}.authorized-by`, 'keys that must have signed', 'none', offset, 'unsupported-kind')
    read({ ...measurement, at: `${at} (${name})` }, draft)
  }
  if (draft.values['measurement'] === undefined)
    throw refuse(triple.at, 'no MEASUREMENT: any guest would be accepted', 'the field 641', triple.offset)
  readEnvironment(triple, draft)
  return { tee: 'snp', at: triple.at, values: draft.values }
}

function readEnvironment(
  { environment, at, offset }: ReferenceTriple,
  { values, minTcb, minReportedTcb }: Draft,
): void {
  const { id = '', vendor, model, layer, index } = environment.class ?? {}
  const signingKey = CLASSES[id]
  if (vendor !== undefined || layer !== undefined || index !== undefined || environment.hasGroup)
    throw refuse(`${at}.environment`, 'a vendor, layer, index or group', 'class-id, model and instance alone', offset)
  values['signingKey'] = signingKey
  const named = PRODUCTS.find((one) => one === model)
  if (model !== undefined && named === undefined)
    throw refuse(`${at}.environment.class.model`, 'another product', PRODUCTS.join(', '), offset, 'unsupported-kind')
  if (named !== undefined) values['products'] = [named]
  for (const [member, levels] of Object.entries({ minTcb, minReportedTcb }))
    if (levels.length > 0) values[member] = leastTcb(levels, named, values, at, offset)
  const instance = instanceBytes(environment, at)
  if (instance === undefined) return
  // Veraison's tools name the environment by the measurement, which is compared anyway.
  if (String(values['measurement']) === toHex(instance)) return
  if (signingKey === 'vlek') values['cspIds'] = [cspOf(instance, at, offset)]
  else addHardwareId(toHex(instance), values, at, offset)
}

function addHardwareId(id: string, values: Record<string, unknown>, at: string, offset: number): void {
  if (id.length !== 128 && id.length !== 16)
    throw refuse(
      `${at}.environment.instance`,
      `${id.length / 2} bytes`,
      'a CHIP_ID of 64 or 8 bytes, or the MEASUREMENT',
      offset,
    )
  const padded = id.padEnd(128, '0')
  const named = values['hardwareIds']
  if (named !== undefined && String(named) !== padded)
    throw refuse(`${at}.environment.instance`, 'another chip than CHIP_ID says', 'the same', offset)
  values['hardwareIds'] = [padded]
}

function cspOf(instance: Uint8Array, at: string, offset: number): string {
  const text = String.fromCharCode(...instance)
  if (/^[\x20-\x7e]{1,256}$/.test(text)) return text
  throw refuse(`${at}.environment.instance`, 'bytes that are no name', 'a CSP_ID in ASCII, or the MEASUREMENT', offset)
}

function guestSvn({ mval, at, ...rest }: CorimMeasurement, { values }: Draft): void {
  onlyValues({ mval, at, ...rest }, [MVAL.svn], 'GUEST_SVN')
  values['minSvn'] = Number(lowestSvn(entryOf(mval, MVAL.svn) ?? mval, `${at}.svn`, 32))
}

function vmpl(measurement: CorimMeasurement, { values }: Draft): void {
  const { mval, at } = measurement
  onlyValues(measurement, [MVAL.rawValue, MVAL.rawValueMask], 'VMPL')
  const text = wholeRawValue(mval, at, 4, [LE_UINT32])
  // Writers differ in the order of its bytes; of the levels that exist each reads in one order only.
  const level = /^0([0-3])000000$/.exec(text)?.[1] ?? /^0000000([1-3])$/.exec(text)?.[1]
  if (level === undefined) throw wrongItem(mval, at, 'a level from 0 to 3', 'another VMPL')
  values['vmpl'] = [Number(level)]
}

function measured(measurement: CorimMeasurement, { values }: Draft): void {
  onlyValues(measurement, [MVAL.digests], 'MEASUREMENT')
  const { mval, at } = measurement
  values['measurement'] = [oneDigest(entryOf(mval, MVAL.digests) ?? mval, `${at}.digests`, DIGEST.sha384)]
}

/** A field that is compared as bytes: raw, or as the profile writes digests, whatever algorithm it names there. */
function bytes(member: string, length: number): Field {
  return (measurement, { values }) => {
    const { mval, at } = measurement
    const digests = entryOf(mval, MVAL.digests)
    if (digests === undefined) {
      onlyValues(measurement, [MVAL.rawValue, MVAL.rawValueMask], member)
      values[member] = [wholeRawValue(mval, at, length)]
      return
    }
    onlyValues(measurement, [MVAL.digests], member)
    const [digest] = arrayOf(digests, `${at}.digests`, 1, 1).items
    const pair = digest?.type === 'array' && digest.items.length === 2 ? digest.items[1] : undefined
    if (pair?.type !== 'bytes' || pair.value.length !== length)
      throw wrongItem(digests, `${at}.digests`, `one value of ${length} bytes`)
    values[member] = [toHex(pair.value)]
  }
}

function flags(member: string, bits: Readonly<Record<string, number>>): Field {
  return (measurement, { values }) => {
    const { mval, at, offset } = measurement
    onlyValues(measurement, [MVAL.rawValue, MVAL.rawValueMask], member)
    const found = flagsUnder(rawValue(mval, at, 8), bits, at, offset)
    if (Object.keys(found).length > 0) values[member] = found
  }
}

function tcb(member: 'minTcb' | 'minReportedTcb'): Field {
  return (measurement, draft) => {
    onlyValues(measurement, [MVAL.svn], member)
    const { mval, at } = measurement
    draft[member].push(lowestSvn(entryOf(mval, MVAL.svn) ?? mval, `${at}.svn`, 64))
  }
}

/** The levels of the parts that all TCBs ask for, for products with one layout. Part by part is never less than as one number. */
function leastTcb(
  levels: readonly bigint[],
  named: SnpProduct | undefined,
  values: Record<string, unknown>,
  at: string,
  offset: number,
): SnpTcb {
  const raw = levels.map(littleEndian)
  const possible = PRODUCTS.filter(
    (product) =>
      (named ?? product) === product &&
      (!Array.isArray(values['products']) || values['products'].includes(product)) &&
      raw.every((one) => tcbLayout(product).reserved.every((byte) => one[byte] === 0)),
  )
  const [product] = possible
  // Which byte counts what would be a guess.
  if (product === undefined || possible.some((one) => tcbLayout(one) !== tcbLayout(product)))
    throw refuse(
      `${at}.environment.class.model`,
      product === undefined ? 'a TCB that no such product has' : 'a TCB that products lay out differently',
      `the product that the TCB is of: ${PRODUCTS.join(', ')}`,
      offset,
      'unsupported-kind',
    )
  values['products'] = possible
  const parts = raw.map((one) => decodeTcb(one, tcbLayout(product)))
  return Object.fromEntries(
    TCB_PARTS.flatMap((part) => {
      const asked = parts.flatMap((one) => one[part] ?? [])
      return asked.length === 0 ? [] : [[part, Math.max(...asked)]]
    }),
  )
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn))
}
