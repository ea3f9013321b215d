import { canonicalJson } from '@sekisho/evidence'
import { type BundleItem, itemFromJson, itemToJson } from './bundle-items.ts'
import { CollateralError } from './errors.ts'
import { readJsonObject } from './json-text.ts'
import { isRecord, utf8 } from './reading.ts'

/** An item of a kind that this version does not know; it is kept out of every selection. */
export interface UnknownItem {
  /** Position in the file, from 0. */
  readonly index: number
  /** At most 64 lower-case letters, digits, dots and hyphens. */
  readonly kind: string
}

/**
 * A portable endorsement bundle: everything needed to verify a set of evidence offline, on any later day.
 * Nothing in it is trusted: the verifier checks every signature, window and identity again, so it may come
 * from anywhere.
 */
export interface EndorsementBundle {
  readonly items: readonly BundleItem[]
  /** What was in the file and could not be used; {@link writeBundle} leaves it out. */
  readonly unknown: readonly UnknownItem[]
}

const FORMAT = 'sekisho-endorsements'
const VERSION = 1
const MAX_BYTES = 32 * 1024 * 1024
const MAX_ITEMS = 10_000
const LIMITS = { maxDepth: 8, maxTokens: 2_000_000 }

/**
 * Reads a bundle file.
 * @throws CollateralError `too-large` over 32 MiB or 10,000 items; `bad-bundle` for an unknown version, a member name
 *   that occurs twice, a member that does not belong, or an item whose content cannot be read or is not what the item says
 * @see docs/endorsement-bundle.md
 */
export function readBundle(file: Uint8Array | string): EndorsementBundle {
  if ((typeof file === 'string' ? Buffer.byteLength(file) : file.length) > MAX_BYTES)
    throw new CollateralError('too-large', `an endorsement bundle of more than ${MAX_BYTES} bytes`)
  const { format, version, items, ...others } = refusing('the file', () => {
    return readJsonObject(typeof file === 'string' ? file : utf8(file), LIMITS).value
  })
  if (format !== FORMAT) throw unreadable(`not an endorsement bundle: \`format\` must be ${FORMAT}`)
  if (version !== VERSION) throw unreadable(`a bundle of a version that is not known: \`version\` must be ${VERSION}`)
  if (!Array.isArray(items)) throw unreadable('`items` must be a list')
  if (Object.keys(others).length > 0) throw unreadable('members beside `format`, `version` and `items`')
  if (items.length > MAX_ITEMS)
    throw new CollateralError('too-large', `an endorsement bundle of more than ${MAX_ITEMS} items`)
  return sortItems(items)
}

function sortItems(values: readonly unknown[]): EndorsementBundle {
  const items: BundleItem[] = []
  const unknown: UnknownItem[] = []
  for (const [index, value] of values.entries()) {
    if (!isRecord(value)) throw unreadable(`item ${index} is no object`)
    const item = refusing(`item ${index}`, () => itemFromJson(value))
    const { kind } = value
    if (item !== undefined) items.push(item)
    else if (typeof kind === 'string' && /^[a-z0-9][a-z0-9.-]{0,63}$/.test(kind)) unknown.push({ index, kind })
    else throw unreadable(`item ${index} has a \`kind\` that is no name`)
  }
  return { items, unknown }
}

// Parsers of JSON, DER and OpenSSL throw many kinds of error: for a file they all mean that it cannot be read.
function refusing<T>(what: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    throw new CollateralError('bad-bundle', `${what} cannot be read: ${cause.message.slice(0, 200)}`, { cause })
  }
}

function unreadable(text: string): CollateralError {
  return new CollateralError('bad-bundle', text)
}

/**
 * Text of a bundle: canonical JSON (RFC 8785) and a line break. The same items give the same text, in whatever
 * order they come and however often each does.
 */
export function writeBundle(bundle: Pick<EndorsementBundle, 'items'>): string {
  const { items } = mergeBundles(bundle)
  return `${canonicalJson({ format: FORMAT, version: VERSION, items: items.map(itemToJson) })}\n`
}

/** The items of all bundles, each once, in canonical order. Items of unknown kinds are left out. */
export function mergeBundles(...bundles: readonly Pick<EndorsementBundle, 'items'>[]): EndorsementBundle {
  const byText = new Map<string, BundleItem>()
  for (const { items } of bundles) for (const item of items) byText.set(canonicalJson(itemToJson(item)), item)
  const items = [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, item]) => item)
  return { items, unknown: [] }
}
