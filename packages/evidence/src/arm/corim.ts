import { decodeCbor } from '../cbor/decode.ts'
import { type CborItem, type CborMap, entryOf } from '../cbor/item.ts'
import { arrayOf, bytesOf, mapOf, textOf, wrongItem } from '../cbor/typed.ts'
import { toHex } from '../core/bytes.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { readPublicKey } from '../x509/algorithms.ts'
import { DerReader } from '../x509/der.ts'
import { decodePem } from '../x509/pem.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import {
  type CorimContent,
  type EndorsedKey,
  type EndorsementPart,
  endorsedKey,
  type PlatformReference,
  type RealmReference,
  type ReferenceComponent,
} from './endorsed.ts'

const TAG = {
  sign1: 18,
  corim: 501,
  comid: 506,
  ueid: 550,
  pemKey: 554,
  bytes: 560,
  maskedBytes: 563,
  implementation: 600,
  component: 601,
  configuration: 602,
} as const
const MAX_SIZE = 1024 * 1024
const MAX_LIST = 4096
/** As of the claim that it is compared with. */
const MAX_CONFIGURATION = 4096

/**
 * Reads the keys and reference values out of an unsigned CoRIM: CoMID tags with reference-value and
 * attest-key triples, in Arm's profile of 2025 and in the form that Veraison used before. Other
 * triples are stepped over. Apart from the verify functions, so that who needs no CoRIM carries no
 * reader of it.
 *
 * @returns its content; one that cannot be read, or is signed, makes a check of the verification fail
 * @see draft-ietf-rats-corim, sections 4 and 5; draft-ydb-rats-cca-endorsements
 */
export function readCorim(bytes: Uint8Array): CorimContent {
  try {
    return corimOf(new Uint8Array(bytes))
  } catch (error) {
    if (error instanceof EvidenceError) return { error }
    throw error
  }
}

function corimOf(bytes: Uint8Array): CorimContent {
  if (bytes.length > MAX_SIZE)
    throw refuse('corim', `${bytes.length} bytes`, `at most ${MAX_SIZE} bytes`, MAX_SIZE, 'too-large')
  const item = decodeCbor(bytes, { field: 'corim', maxItems: 65_536 })
  if (item.type === 'tag' && item.tag === TAG.sign1) {
    throw refuse(
      'corim',
      'a signed CoRIM',
      'keys of those who may sign it: without them nobody vouches for it',
      0,
      'unsupported-kind',
    )
  }
  const map = mapOf(tagged(item, TAG.corim, 'corim'), 'corim')
  const tags = need(map, 1, 'corim.tags')
  const parts = arrayOf(tags, 'corim.tags', 1, MAX_LIST).items.map((tag, i) => readTag(bytes, tag, `corim.tags[${i}]`))
  return {
    keys: parts.flatMap((part) => part.keys ?? []),
    platforms: parts.flatMap((part) => part.platforms ?? []),
    realms: parts.flatMap((part) => part.realms ?? []),
    ...readWindow(entryOf(map, 4), { from: 0, until: 1 }, 'corim.rim-validity'),
  }
}

/** A time that something counts in, by the labels that its ends have. @throws EvidenceError */
export function readWindow(
  item: CborItem | undefined,
  labels: { readonly from: number; readonly until: number },
  field: string,
): Pick<CorimContent, 'from' | 'until'> {
  if (item === undefined) return {}
  const map = mapOf(item, field)
  const [from, until] = [timeOf(map, labels.from, field), timeOf(map, labels.until, field)]
  return { ...(from === undefined ? {} : { from }), ...(until === undefined ? {} : { until }) }
}

// Seconds since 1970, with tag 1 in CoRIM's own maps and without it in those of CWT.
function timeOf(map: CborMap, label: number, field: string): number | undefined {
  const item = entryOf(map, label)
  if (item === undefined) return undefined
  const seconds = item.type === 'tag' && item.tag === 1 ? item.item : item
  if (seconds.type !== 'integer' || typeof seconds.value !== 'number' || Math.abs(seconds.value) > MAX_SECONDS)
    throw wrongItem(item, field, 'whole seconds since 1970')
  return seconds.value * 1000
}

/** The last second of the year 9999. */
const MAX_SECONDS = 253_402_300_799

function readTag(bytes: Uint8Array, item: CborItem, field: string): EndorsementPart {
  // Concise software tags and the like say nothing about keys and measurements.
  if (item.type !== 'tag' || item.tag !== TAG.comid) return {}
  const content = bytesOf(item.item, field, 1, MAX_SIZE)
  const comid = mapOf(
    decodeCbor(bytes, { field, start: item.end - content.length, end: item.end, maxItems: 65_536 }),
    field,
  )
  const triples = mapOf(need(comid, 4, `${field}.triples`), `${field}.triples`)
  const platforms: PlatformReference[] = []
  const realms: RealmReference[] = []
  for (const [environment, values, at] of triplesOf(triples, 0, `${field}.reference-values`))
    readReference(environment, values, at, platforms, realms)
  const keys = triplesOf(triples, 3, `${field}.attest-keys`).flatMap(([environment, values, at]) =>
    readKeys(environment, values, at),
  )
  return { keys, platforms, realms }
}

type Triple = readonly [environment: CborMap, values: readonly CborItem[], field: string]

function triplesOf(triples: CborMap, kind: number, field: string): readonly Triple[] {
  const list = entryOf(triples, kind)
  if (list === undefined) return []
  return arrayOf(list, field, 1, MAX_LIST).items.map((one, i) => {
    const at = `${field}[${i}]`
    const [environment, values] = arrayOf(one, at, 2, 2).items
    return [mapOf(environment as CborItem, `${at}.environment`), arrayOf(values as CborItem, at, 1, MAX_LIST).items, at]
  })
}

interface Environment {
  /** Lower-case hex of the class id's bytes; undefined for a class of another kind, such as a UUID. */
  readonly classId: string | undefined
  readonly instance: string | undefined
  /** Whether the instance is a device's, not a realm's measurement as in the older form. */
  readonly isDevice: boolean
  /** Whether it names a group, or an instance of another kind. */
  readonly isForeign: boolean
  /** Whether it says more than can be compared with a token: then it is not the token's, and never any. */
  readonly hasStrangers: boolean
}

function readEnvironment(map: CborMap, field: string): Environment {
  const classes = entryOf(map, 0)
  const classItem = classes === undefined ? undefined : entryOf(mapOf(classes, `${field}.class`), 0)
  const instanceItem = entryOf(map, 1)
  const classId = knownBytes(classItem, [TAG.bytes, TAG.implementation], `${field}.class.id`)
  const instance = knownBytes(instanceItem, [TAG.bytes, TAG.ueid], `${field}.instance`)
  const isForeign = (instanceItem !== undefined && instance === undefined) || entryOf(map, GROUP) !== undefined
  return {
    classId,
    instance,
    isDevice: instanceItem?.type === 'tag' && instanceItem.tag === TAG.ueid,
    isForeign,
    hasStrangers: isForeign || (classes !== undefined && classId === undefined),
  }
}

const GROUP = 2

function knownBytes(item: CborItem | undefined, tags: readonly number[], field: string): string | undefined {
  return item?.type === 'tag' && tags.includes(Number(item.tag)) ? bytesInTag(item, tags, field) : undefined
}

// A key that is of no device that can be told must not be one of all devices.
function readKeys(map: CborMap, values: readonly CborItem[], field: string): readonly EndorsedKey[] {
  const { classId, instance, hasStrangers } = readEnvironment(map, field)
  if (hasStrangers || (classId === undefined && instance === undefined)) return []
  return values.map((one, i) => {
    const at = `${field}.keys[${i}]`
    const pem = textOf(tagged(one, TAG.pemKey, at), at, 1, 4096)
    return endorsedKey(readSpki(pem, at, one.offset), classId, instance)
  })
}

function readSpki(pem: string, field: string, offset: number): EndorsedKey['key'] {
  const [der] = pem.includes('-----') ? decodePem(pem, 'PUBLIC KEY', field) : []
  if (der !== undefined) {
    const from = new DerReader(der, field)
    const { key } = readPublicKey(from, WIDE)
    from.finish('subjectPublicKeyInfo')
    if (key !== undefined && key.kind !== 'RSA') return key
  }
  throw refuse(field, 'another key', 'an EC public key in PEM', offset)
}

const REALM_KEY = /^cca\.(rim|rpv|rem[0-3])$/

function readReference(
  map: CborMap,
  values: readonly CborItem[],
  field: string,
  platforms: PlatformReference[],
  realms: RealmReference[],
): void {
  const environment = readEnvironment(map, field)
  const { classId, instance, hasStrangers } = environment
  const measurements = values.map((one, i) =>
    readMeasurement(mapOf(one, `${field}.measurements[${i}]`), `${field}.measurements[${i}]`),
  )
  const isRealm =
    measurements.some(({ name }) => name !== undefined && REALM_KEY.test(name)) ||
    measurements.some(({ registers }) => registers !== undefined)
  const place = isRealm ? realmPlace(environment) : undefined
  if (place !== undefined) realms.push(...realmsOf(measurements, place, field, map.offset))
  else if (!isRealm && classId !== undefined && !hasStrangers)
    platforms.push(platformOf(classId, instance, measurements))
}

/** What an environment says of a realm: its measurement, and the device that it must be on. */
type RealmPlace = Pick<RealmReference, 'instanceId'> & { readonly rim: string | undefined }

// The older form has the measurement as the instance of a class that is a UUID.
function realmPlace({ classId, instance, isDevice, isForeign, hasStrangers }: Environment): RealmPlace | undefined {
  if (isForeign) return undefined
  if (classId !== undefined) return { rim: classId, instanceId: instance }
  if (!isDevice) return { rim: instance, instanceId: undefined }
  return hasStrangers ? undefined : { rim: undefined, instanceId: instance }
}

interface Measurement {
  /** Text key, or `component` and `configuration` for the older form's tags. */
  readonly name: string | undefined
  readonly component:
    | { readonly type: string | undefined; readonly version: string | undefined; readonly signerId: string | undefined }
    | undefined
  readonly digests: readonly string[]
  readonly raw: string | undefined
  readonly mask: string | undefined
  readonly registers: ReadonlyMap<string, readonly string[]> | undefined
}

function readMeasurement(map: CborMap, field: string): Measurement {
  const key = entryOf(map, 0)
  const value = mapOf(need(map, 1, `${field}.value`), `${field}.value`)
  const registers = entryOf(value, 14)
  const component = componentOf(key, value, field)
  return {
    name:
      key?.type === 'text'
        ? key.value
        : key?.type === 'tag' && key.tag === TAG.configuration
          ? 'cca.platform-config'
          : undefined,
    component,
    digests: digestsOf(entryOf(value, 2), `${field}.digests`),
    ...rawOf(value, field),
    registers:
      registers === undefined ? undefined : registersOf(mapOf(registers, `${field}.integrity-registers`), field),
  }
}

// A mask stands beside the value, or with it in one tag, as in drafts of CoRIM since 2024.
function rawOf(value: CborMap, field: string): Pick<Measurement, 'raw' | 'mask'> {
  const raw = entryOf(value, 4)
  const beside = entryOf(value, 5)
  const mask = beside && toHex(bytesOf(beside, `${field}.raw-value-mask`, 0, MAX_SIZE))
  const at = `${field}.raw-value`
  if (raw === undefined || raw.type === 'bytes') return { raw: raw && toHex(raw.value), mask }
  if (raw.type !== 'tag' || raw.tag !== TAG.maskedBytes)
    return { raw: bytesInTag(raw, [TAG.bytes], at, MAX_CONFIGURATION), mask }
  if (mask !== undefined) throw wrongItem(raw, at, 'one mask', 'a second mask')
  const [bytes, inside] = arrayOf(raw.item, at, 2, 2).items.map((one) => toHex(bytesOf(one, at, 1, MAX_CONFIGURATION)))
  return { raw: bytes, mask: inside }
}

function componentOf(key: CborItem | undefined, value: CborMap, field: string): Measurement['component'] {
  if (key?.type === 'text' && /software-component$/.test(key.value)) {
    const name = entryOf(value, 11)
    const signers = entryOf(value, 13)
    const signer = signers === undefined ? undefined : arrayOf(signers, `${field}.cryptokeys`, 1, 1).items[0]
    return {
      type: name === undefined ? undefined : textOf(name, `${field}.name`, 0, 256),
      version: versionOf(entryOf(value, 0), `${field}.version`),
      signerId: signer === undefined ? undefined : bytesInTag(signer, [TAG.bytes], `${field}.cryptokeys`),
    }
  }
  if (key?.type !== 'tag' || key.tag !== TAG.component) return undefined
  const id = mapOf(key.item, `${field}.key`)
  const text = (label: number): string | undefined => {
    const item = entryOf(id, label)
    return item === undefined ? undefined : textOf(item, `${field}.key`, 0, 256)
  }
  const signer = entryOf(id, 5)
  return {
    type: text(1),
    version: text(4),
    signerId: signer === undefined ? undefined : toHex(bytesOf(signer, `${field}.key`, 1, 64)),
  }
}

function versionOf(item: CborItem | undefined, field: string): string | undefined {
  if (item === undefined) return undefined
  return textOf(need(mapOf(item, field), 0, field), field, 0, 256)
}

function platformOf(
  implementationId: string,
  instanceId: string | undefined,
  measurements: readonly Measurement[],
): PlatformReference {
  const components: ReferenceComponent[] = []
  let configuration: PlatformReference['configuration']
  for (const { name, component, digests, raw, mask } of measurements) {
    if (component !== undefined) components.push({ ...component, measurements: digests })
    else if (name === 'cca.platform-config' && raw !== undefined) configuration = { value: raw, mask }
  }
  return { implementationId, instanceId, components, configuration }
}

/** One reference for each algorithm that the digests of a realm are given in. */
function realmsOf(
  measurements: readonly Measurement[],
  place: RealmPlace,
  field: string,
  offset: number,
): readonly RealmReference[] {
  const counts = measurements.flatMap(({ digests, registers = new Map() }) => [
    digests.length,
    ...[...registers.values()].map((list) => list.length),
  ])
  return Array.from({ length: Math.max(1, ...counts) }, (_, i) => realmOf(measurements, i, place, field, offset))
}

function realmOf(
  measurements: readonly Measurement[],
  position: number,
  { rim, instanceId }: RealmPlace,
  field: string,
  offset: number,
): RealmReference {
  const given = (name: string): readonly string[] =>
    measurements.find((measurement) => measurement.name === `cca.${name}`)?.digests ??
    measurements.find(({ registers }) => registers?.has(name))?.registers?.get(name) ??
    []
  // A register that is given in fewer algorithms counts with each of the others'.
  const at = (digests: readonly string[]): string | undefined => digests[Math.min(position, digests.length - 1)]
  const initialMeasurement = at(given('rim')) ?? rim
  if (initialMeasurement === undefined) throw refuse(field, 'no initial measurement', 'cca.rim', offset)
  // Lists need not have their algorithms in one order; registers are as long as the initial measurement.
  const register = (digests: readonly string[]): string | undefined => {
    const fits = (digest: string | undefined): boolean => digest?.length === initialMeasurement.length
    return fits(at(digests)) ? at(digests) : (digests.find(fits) ?? at(digests))
  }
  return {
    initialMeasurement,
    instanceId,
    extensibleMeasurements: [0, 1, 2, 3].map((i) => register(given(`rem${i}`))),
    personalizationValue: measurements.find(({ name, raw }) => raw !== undefined && name !== 'cca.platform-config')
      ?.raw,
  }
}

function digestsOf(item: CborItem | undefined, field: string): readonly string[] {
  if (item === undefined) return []
  return arrayOf(item, field, 1, 16).items.map((one, i) => {
    const [, value] = arrayOf(one, `${field}[${i}]`, 2, 2).items
    return toHex(bytesOf(value as CborItem, `${field}[${i}]`, 1, 64))
  })
}

function registersOf(map: CborMap, field: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    map.entries.map(({ key, value }) => [String(key.value), digestsOf(value, `${field}.integrity-registers`)]),
  )
}

function need(map: CborMap, key: number, field: string): CborItem {
  const item = entryOf(map, key)
  if (item === undefined) throw wrongItem(map, field, 'the member', `no member ${key}`)
  return item
}

function tagged(item: CborItem, tag: number, field: string): CborItem {
  if (item.type === 'tag' && item.tag === tag) return item.item
  throw wrongItem(item, field, `tag ${tag}`)
}

function bytesInTag(item: CborItem, tags: readonly number[], field: string, max = 128): string {
  if (item.type === 'tag' && typeof item.tag === 'number' && tags.includes(item.tag))
    return toHex(bytesOf(item.item, field, 1, max))
  throw wrongItem(item, field, `tag ${tags.join(' or ')} around bytes`)
}
