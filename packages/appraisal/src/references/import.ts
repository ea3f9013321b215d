import { EvidenceError } from '@sekisho/evidence'
import { type CorimContent, readCorim } from '@sekisho/evidence/cca'
import {
  type CorimReading,
  type CorimReferences,
  corimProfiles,
  KNOWN_PROFILES,
  readCorimReferences,
  vendorOf,
} from '@sekisho/evidence/corim'
import type { Provenance, ReferenceSet } from '../model.ts'
import { isRecord } from '../record.ts'
import { type CorimValues, corimSets } from './corim.ts'
import { readReferenceSet } from './read.ts'

/** What an import is made with; `without` and `tdClass` are for CoRIMs of AMD's and Intel's profiles. */
export interface ImportOptions extends CorimReading {
  /** Name of the set; of several, `name-1`, `name-2`, … unless they carry names of their own, each another. */
  readonly name: string
  readonly owner: string
  readonly at: Date
  /** Up to when a CoRIM counts by the word of its signer, whose signature was checked and taken off. */
  readonly until?: Date
  /** Where the bytes came from, for the provenance. */
  readonly source?: string
  /** SHA-256 of the bytes in lower-case hex, for the provenance. */
  readonly sha256?: string
}

const MAX_SIZE = 1024 * 1024
const MAX_SETS = 1024

/**
 * Reads reference sets out of a file: JSON as {@link readReferenceSet} takes it, one set or a list; the
 * JSON that a measurement tool prints (`{ "tee", "measurement", … }`); or an unsigned CoRIM of AMD's,
 * Arm's or Intel's profiles (CBOR), whose signer the caller has checked.
 *
 * @throws TypeError that names the entry and field that cannot be read
 */
export function importReferences(bytes: Uint8Array, options: ImportOptions): readonly ReferenceSet[] {
  if (bytes.length === 0 || bytes.length > MAX_SIZE)
    throw new TypeError(`the file has ${bytes.length} bytes: expected 1 to ${MAX_SIZE}`)
  const json = isJson(bytes)
  if (json && options.until !== undefined) throw new TypeError('until: JSON has no signer, and says `expires` itself')
  if (json) assertNoReading(options, 'JSON')
  const sets = json ? fromJson(bytes, options) : fromCorim(bytes, options)
  // The second would take the place of the first without a word.
  const names = new Set<string>()
  for (const { name } of sets) {
    if (names.has(name)) throw new TypeError(`two reference sets of the file are named ${name}`)
    names.add(name)
  }
  return sets
}

/**
 * Paths of what an import of a CoRIM of AMD's or Intel's profile makes no set of: values for other environments, and what
 * holds no reference values. At most 256 are named; none of other files.
 *
 * @throws TypeError as {@link importReferences}
 */
export function passedOver(bytes: Uint8Array, { without, tdClass }: CorimReading): readonly string[] {
  if (isJson(bytes) || vendorOf(reading(() => corimProfiles(bytes))) === 'arm') return []
  const said = { ...(without === undefined ? {} : { without }), ...(tdClass === undefined ? {} : { tdClass }) }
  return reading(() => readCorimReferences(bytes, said)).unread.slice(0, 256)
}

// CBOR of a CoRIM begins with a tag (major type 6); JSON with a brace or bracket, after white space or a BOM.
function isJson(bytes: Uint8Array): boolean {
  const start = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  const first = bytes.subarray(start, start + 1024).find((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte))
  return first === 0x7b || first === 0x5b
}

function fromJson(bytes: Uint8Array, options: ImportOptions): readonly ReferenceSet[] {
  const entries = entriesOf(parse(bytes))
  if (entries.length === 0 || entries.length > MAX_SETS)
    throw new TypeError(`the file has ${entries.length} reference sets: expected 1 to ${MAX_SETS}`)
  return entries.map((entry, i) =>
    inEntry(i, entries.length, () => readEntry(entry, named(options, i, entries.length))),
  )
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new TypeError('the file begins like JSON and cannot be read as such')
  }
}

function entriesOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (isRecord(value) && Array.isArray(value['referenceSets'])) return value['referenceSets']
  return [value]
}

function readEntry(entry: unknown, options: ImportOptions): ReferenceSet {
  if (!isRecord(entry)) throw new TypeError('expected an object')
  if (Object.hasOwn(entry, 'values'))
    return readReferenceSet({
      name: options.name,
      owner: options.owner,
      provenance: provenanceOf('json', options),
      ...entry,
    })
  return fromMeasurement(entry, options)
}

/** Members of a measurement tool's output that say how it was made, and are no values. */
const ABOUT: ReadonlySet<string> = new Set(['schema', 'tool', 'version', 'source', 'image', 'made', 'name', 'expires'])

function fromMeasurement(entry: Readonly<Record<string, unknown>>, options: ImportOptions): ReferenceSet {
  const { tee, ...members } = entry
  if (tee === undefined || !Object.hasOwn(entry, 'measurement'))
    throw new TypeError(
      'expected a reference set with `tee` and `values`, or a measurement with `tee` and `measurement`',
    )
  const values = Object.fromEntries(Object.entries(members).filter(([name]) => !ABOUT.has(name)))
  const source = [entry['source'], entry['image']].find((one) => typeof one === 'string')
  return readReferenceSet({
    name: entry['name'] ?? options.name,
    tee,
    values,
    owner: options.owner,
    provenance: { ...provenanceOf('measurement', options), ...(source === undefined ? {} : { source }) },
    ...(entry['expires'] === undefined ? {} : { expires: entry['expires'] }),
  })
}

// What is said of measurements that nobody reads would pass for said.
function assertNoReading({ without, tdClass }: ImportOptions, what: string): void {
  const named = without !== undefined ? 'without' : tdClass !== undefined ? 'tdClass' : undefined
  if (named !== undefined)
    throw new TypeError(`${named}: is for CoRIMs of AMD's and Intel's profiles, and this is ${what}`)
}

function fromCorim(bytes: Uint8Array, options: ImportOptions): readonly ReferenceSet[] {
  const { found, window } = valuesOf(bytes, options)
  if (found.length > MAX_SETS)
    throw new TypeError(`the CoRIM has ${found.length} references: expected at most ${MAX_SETS}`)
  const expires = validity(window, options)
  return found.map((one, i) =>
    inEntry(i, found.length, () => {
      const { name, owner } = named(options, i, found.length)
      return readReferenceSet({ name, owner, provenance: provenanceOf('corim', options), ...expires, ...one })
    }),
  )
}

interface CorimFound {
  readonly found: readonly CorimValues[]
  readonly window: Pick<CorimContent, 'from' | 'until'>
}

function valuesOf(bytes: Uint8Array, options: ImportOptions): CorimFound {
  const profiles = reading(() => corimProfiles(bytes))
  switch (vendorOf(profiles)) {
    case 'arm':
      assertNoReading(options, "one of Arm's")
      return armValues(bytes)
    case undefined:
      throw new TypeError(`the CoRIM has the profile ${profiles.join(', ').slice(0, 256)}: expected ${KNOWN_PROFILES}`)
    default:
      return guestValues(reading(() => readCorimReferences(bytes, options)))
  }
}

function armValues(bytes: Uint8Array): CorimFound {
  const content = readCorim(bytes)
  if (content.error !== undefined) throw unreadable(content.error)
  const found = corimSets(content)
  if (found.length === 0)
    throw new TypeError(
      'the CoRIM has no reference values of realms or of PSA devices: keys and platforms are endorsements',
    )
  return { found, window: content }
}

// Sets of what can be read alone would pass for all that the CoRIM says.
function guestValues({ references, unusable, unread, ...window }: CorimReferences): CorimFound {
  const [first, second] = unusable
  if (first !== undefined)
    throw new TypeError(
      `the CoRIM has values that cannot be compared: ${first.message}${second === undefined ? '' : ` (and ${unusable.length - 1} more)`}`,
    )
  if (references.length === 0)
    throw new TypeError(
      `the CoRIM has no reference values of SNP guests, SGX enclaves or TDs${unread.length === 0 ? '' : `; it has ${unread.join(', ').slice(0, 512)}`}`,
    )
  return { found: references.map(({ tee, values }) => ({ tee, values })), window }
}

function reading<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw error instanceof EvidenceError ? unreadable(error) : error
  }
}

function unreadable({ message }: EvidenceError): TypeError {
  return new TypeError(`the file is neither JSON nor a CoRIM that can be read: ${message}`)
}

// Its values count for as long as the CoRIM says, and as its signer says.
function validity(
  { from, until }: CorimFound['window'],
  { at, until: most }: ImportOptions,
): { readonly expires?: string } {
  if (from !== undefined && at.getTime() < from)
    throw new TypeError(`the CoRIM is valid from ${new Date(from).toISOString()} on only`)
  const ends = [until, most?.getTime()].filter((one) => one !== undefined)
  if (ends.length === 0) return {}
  const end = new Date(Math.min(...ends))
  if (!(at < end)) throw new TypeError(`the CoRIM was valid until ${end.toISOString()}`)
  return { expires: end.toISOString() }
}

function provenanceOf(kind: Provenance['kind'], { source, sha256 }: ImportOptions): Provenance {
  return { kind, ...(source === undefined ? {} : { source }), ...(sha256 === undefined ? {} : { sha256 }) }
}

function named(options: ImportOptions, index: number, count: number): ImportOptions {
  return count === 1 ? options : { ...options, name: `${options.name}-${index + 1}` }
}

function inEntry<T>(index: number, count: number, read: () => T): T {
  if (count === 1) return read()
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(`[${index}] ${error.message}`)
  }
}
