import { type CborItem, entryOf } from '../cbor/item.ts'
import { integerOf, mapOf, textOf, wrongItem } from '../cbor/typed.ts'
import { refuse } from '../core/errors.ts'
import type { CorimMeasurement, ReferenceTriple } from './document.ts'
import type { CorimReference, LeftOut } from './model.ts'
import { acceptedDigests, DIGEST, lowestNumber, MVAL, oneDigest } from './values.ts'

/** What values of Intel's profile are for. */
export type IntelKind = 'sgx' | 'tdx' | 'seam'

/** Classes that the profile's examples have. It assigns none to TDs. */
const CLASSES: Readonly<Record<string, IntelKind>> = {
  '2.16.840.1.113741.1.2.3.5.1': 'sgx',
  '2.16.840.1.113741.1.2.3.4.3': 'seam',
}
const VENDOR = 'Intel Corporation'
const SEAM_MODELS: readonly string[] = ['TDX SEAM', 'TDXSEAM']
const MAX_TCB_NUMBER = 0xffffffff

type Values = Record<string, unknown>
type Member = (item: CborItem, at: string, values: Values) => void

const TCB_NUMBER: Member = (item, at, values) => {
  values['minTcbEvaluationDataNumber'] = lowestNumber(item, at, MAX_TCB_NUMBER)
}
const NAMED = { vendor: vendor(), number: TCB_NUMBER }

/** Members of a measurement by the profile's numbers, with what reads them for each kind. Without a reader nothing compares them. */
const MEMBERS: ReadonlyMap<number, readonly [name: string, Readonly<Partial<Record<IntelKind, Member>>>]> = new Map<
  number,
  readonly [string, Readonly<Partial<Record<IntelKind, Member>>>]
>([
  [MVAL.registers, ['integrity-registers', { tdx: registers }]],
  [-70, ['tee.vendor', { sgx: NAMED.vendor, tdx: NAMED.vendor, seam: NAMED.vendor }]],
  [-71, ['tee.model', { seam: seamModel }]],
  [-72, ['tee.tcbdate', {}]],
  [-73, ['tee.isvsvn', { sgx: isvSvn }]],
  [-80, ['tee.pceid', {}]],
  [-81, ['tee.miscselect', {}]],
  [-82, ['tee.attributes', {}]],
  [
    -83,
    [
      'tee.mrtee',
      {
        sgx: digests('measurement', 'sha256'),
        tdx: digests('measurement', 'sha384'),
        seam: digests('mrSeam', 'sha384'),
      },
    ],
  ],
  [-84, ['tee.mrsigner', { sgx: digests('signer', 'sha256') }]],
  [-85, ['tee.isvprodid', { sgx: isvProdId }]],
  [-86, ['tee.tcb-eval-num', { sgx: NAMED.number, tdx: NAMED.number }]],
  [-88, ['tee.tcbstatus', {}]],
  [-89, ['tee.advisory-ids', {}]],
  [-91, ['tee.cryptokeys', {}]],
  [-101, ['tee.platform-instance-id', {}]],
  [-125, ['tee.tcb-comp-svn', {}]],
])

/** Members without which any workload of its kind would be accepted: an alternative each. */
const PINNED: Readonly<Record<IntelKind, readonly (readonly string[])[]>> = {
  sgx: [['measurement'], ['signer', 'isvProdId', 'minSvn']],
  tdx: [['measurement']],
  seam: [['mrSeam']],
}
const PINS: readonly string[] = ['tee.mrtee', 'tee.mrsigner']
const EXPECTED: Readonly<Record<IntelKind, string>> = {
  sgx: 'tee.mrtee, or tee.mrsigner with tee.isvprodid and tee.isvsvn',
  tdx: 'tee.mrtee',
  seam: 'tee.mrtee',
}

/** What a class of Intel's profile is, as the profile or the caller says. */
export function intelKind(id: string | undefined, tdClass: string | undefined): IntelKind | undefined {
  if (id === undefined) return undefined
  return Object.hasOwn(CLASSES, id) ? CLASSES[id] : id === tdClass ? 'tdx' : undefined
}

/**
 * Expectations that a triple of Intel's profile makes. Nothing of it is dropped but what the caller leaves out by name:
 * what no expectation holds is refused.
 *
 * @throws EvidenceError that names the measurement
 * @see draft-cds-rats-intel-corim-profile, section 8.3
 */
export function intelValues(triple: ReferenceTriple, kind: IntelKind, left: LeftOut): Values {
  assertEnvironment(triple, kind)
  const [measurement, second] = triple.measurements
  if (measurement === undefined || second !== undefined)
    throw refuse(
      `${triple.at}.measurements`,
      'several measurements',
      'one',
      second?.offset ?? triple.offset,
      'unsupported-kind',
    )
  assertPlain(measurement)
  const { mval, at, offset } = measurement
  const values: Values = {}
  for (const { key, value } of mval.entries) {
    const member = key.type === 'integer' ? MEMBERS.get(Number(key.value)) : undefined
    const name = member?.[0] ?? `the member ${String(key.value).slice(0, 64)}`
    const read = member?.[1][kind]
    // What pins a workload can be left out by nobody.
    if (member !== undefined && !(read !== undefined && PINS.includes(name)) && left.has(name)) continue
    if (read === undefined)
      throw refuse(
        `${at}.mval`,
        `${name}, which nothing compares for ${kind}`,
        'members that have an expectation',
        key.offset,
        'unsupported-kind',
      )
    read(value, `${at}.mval.${name}`, values)
  }
  if (!PINNED[kind].some((members) => members.every((one) => values[one] !== undefined)))
    throw refuse(`${at}.mval`, 'nothing that tells one workload from another', EXPECTED[kind], offset)
  return values
}

/**
 * Reference values of TDs and of the modules under them: a TD runs under one of the modules, where there are any.
 *
 * @param seams values of modules, and where they stand
 */
export function withSeam(references: readonly CorimReference[], seams: readonly Values[]): readonly CorimReference[] {
  if (seams.length === 0) return references
  const mrSeam = [...new Set(seams.flatMap((one) => (Array.isArray(one['mrSeam']) ? one['mrSeam'] : [])))]
  return references.map((one) => (one.tee === 'tdx' ? { ...one, values: { ...one.values, mrSeam } } : one))
}

function assertEnvironment({ environment, at, offset }: ReferenceTriple, kind: IntelKind): void {
  const { vendor: maker, model, layer, index } = environment.class ?? {}
  const isModel = model === undefined || (kind === 'seam' && SEAM_MODELS.includes(model))
  if ((maker ?? VENDOR) !== VENDOR || !isModel || layer !== undefined || index !== undefined)
    throw refuse(
      `${at}.environment.class`,
      'another vendor, a model, layer or index',
      `class-id, and ${VENDOR} as vendor`,
      offset,
      'unsupported-kind',
    )
  if (environment.instance !== undefined || environment.hasGroup)
    throw refuse(`${at}.environment`, 'an instance or a group', 'a class alone', offset, 'unsupported-kind')
}

function assertPlain({ mkey, isAuthorized, at, offset }: CorimMeasurement): void {
  if (mkey !== undefined) throw refuse(`${at}.mkey`, 'a key', 'a measurement without one', offset, 'unsupported-kind')
  if (isAuthorized)
    throw refuse(`${at}.authorized-by`, 'keys that must have signed', 'none', offset, 'unsupported-kind')
}

function digests(member: string, kind: keyof typeof DIGEST): Member {
  return (item, at, values) => {
    values[member] = acceptedDigests(item, at, DIGEST[kind])
  }
}

// Whatever verifies under Intel's root is Intel's.
function vendor(): Member {
  return (item, at) => {
    if (textOf(item, at, 1, 256) !== VENDOR) throw wrongItem(item, at, VENDOR, 'another vendor')
  }
}

function seamModel(item: CborItem, at: string): void {
  if (!SEAM_MODELS.includes(textOf(item, at, 1, 256)))
    throw wrongItem(item, at, SEAM_MODELS.join(' or '), 'another model')
}

function isvSvn(item: CborItem, at: string, values: Values): void {
  values['minSvn'] = lowestNumber(item, at, 0xffff)
}

function isvProdId(item: CborItem, at: string, values: Values): void {
  values['isvProdId'] = integerOf(item, at, 0, 0xffff)
}

/** RTMR0 to RTMR3 by their numbers. */
function registers(item: CborItem, at: string, values: Values): void {
  const map = mapOf(item, at)
  for (const { key, value } of map.entries) {
    const number = key.type === 'integer' ? key.value : undefined
    if (number === undefined || number < 0 || number > 3)
      throw refuse(
        at,
        `the register ${String(key.value).slice(0, 64)}`,
        'registers 0 to 3',
        key.offset,
        'unsupported-kind',
      )
    values[`rtmr${number}`] = [oneDigest(entryOf(map, Number(number)) ?? value, `${at}[${number}]`, DIGEST.sha384)]
  }
}
