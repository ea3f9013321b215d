import { fromBase64 } from './bytes.ts'
import { isRecord, type JsonRecord, textMember } from './json.ts'

/** AMD's certificates for one platform, from a bundle. Nothing is trusted: the verifier checks all of it again. */
export interface AmdItem {
  readonly kind: 'amd'
  readonly product: string
  readonly vlek: boolean
  readonly chipId: string
  readonly tcb: JsonRecord | undefined
  readonly leaf: Uint8Array | undefined
  readonly intermediate: Uint8Array
  readonly root: Uint8Array
  readonly crl: Uint8Array
  readonly window: Window
}

/** Intel's collateral for one family of platforms, from a bundle. */
export interface IntelItem {
  readonly kind: 'intel'
  readonly tee: string
  readonly fmspc: string
  readonly ca: string
  /** TCB evaluation data number of the TCB info. */
  readonly rank: number
  readonly collateral: Readonly<Record<string, string>>
  readonly window: Window
}

/** Certificate chain of one Intel platform, from a bundle, for quotes that name it by ids. */
export interface PckItem {
  readonly kind: 'intel-pck'
  /** docs/endorsement-bundle.md says its members. */
  readonly request: JsonRecord
  readonly chain: string
  readonly window: Window
}

/** NVIDIA's reference manifest, or its answer about certificates, from a bundle. */
export interface NvidiaItem {
  readonly kind: 'nvidia-rim' | 'nvidia-ocsp'
  /** Of a manifest. */
  readonly version: string
  readonly product: string
  /** Of the certificates that an answer is about. */
  readonly serials: readonly string[]
  readonly bytes: Uint8Array
  readonly window: Window
}

/** What this page uses of a bundle. */
export type BundleItem = AmdItem | IntelItem | NvidiaItem | PckItem

/** Milliseconds since 1970; both ends belong to it. */
export interface Window {
  readonly from: number
  readonly to: number
}

const FORMAT = 'sekisho-endorsements'
const MAX_ITEMS = 10_000

/** Whether JSON says of itself that it is an endorsement bundle. */
export function isBundle(content: JsonRecord): boolean {
  return content['format'] === FORMAT
}

/**
 * Reads an endorsement bundle (docs/endorsement-bundle.md). Items of kinds that this page has no use for are left out.
 *
 * @throws TypeError that names what cannot be read
 */
export function readBundle(content: JsonRecord): readonly BundleItem[] {
  const { version, items } = content
  if (version !== 1) throw new TypeError('version of the bundle: expected 1')
  if (!Array.isArray(items) || items.length > MAX_ITEMS) throw new TypeError(`items: expected at most ${MAX_ITEMS}`)
  return items.flatMap((item: unknown, i) => {
    if (!isRecord(item)) throw new TypeError(`items[${i}]: expected an object`)
    return readItem(item, `items[${i}]`) ?? []
  })
}

function readItem(item: JsonRecord, where: string): BundleItem | undefined {
  switch (item['kind']) {
    case 'amd':
      return readAmd(item, where)
    case 'intel':
      // Of Intel's two channels evidence is judged by the standard one, unless somebody asks for the other.
      return item['update'] === 'early' ? undefined : readIntel(item, where)
    case 'intel-pck':
      return readPck(item, where)
    case 'nvidia-rim':
      return readNvidia(item, 'nvidia-rim', 'manifest', where)
    case 'nvidia-ocsp':
      return readNvidia(item, 'nvidia-ocsp', 'response', where)
    default:
      return undefined
  }
}

function readAmd(item: JsonRecord, where: string): AmdItem {
  const certificates = item['certificates']
  if (!isRecord(certificates)) throw new TypeError(`${where}.certificates: expected an object`)
  return {
    kind: 'amd',
    product: textMember(item, 'product'),
    vlek: item['vlek'] === true,
    chipId: textMember(item, 'chipId'),
    tcb: isRecord(item['tcb']) ? item['tcb'] : undefined,
    leaf: 'leaf' in certificates ? bytesOf(certificates, 'leaf', where) : undefined,
    intermediate: bytesOf(certificates, 'intermediate', where),
    root: bytesOf(certificates, 'root', where),
    crl: bytesOf(item, 'crl', where),
    window: windowOf(item, where),
  }
}

function readIntel(item: JsonRecord, where: string): IntelItem {
  const { collateral, tcbEvaluationDataNumber: numbers } = item
  if (!isRecord(collateral)) throw new TypeError(`${where}.collateral: expected an object`)
  // It may hold the chain of the machine that it was made for: others of the family have their own.
  const { pck_certificate_chain: _, ...family } = textMembers(collateral)
  return {
    kind: 'intel',
    tee: textMember(item, 'tee'),
    fmspc: textMember(item, 'fmspc'),
    ca: textMember(item, 'ca'),
    rank: isRecord(numbers) ? Number(numbers['tcbInfo']) || 0 : 0,
    collateral: family,
    window: windowOf(item, where),
  }
}

function readPck(item: JsonRecord, where: string): PckItem {
  const { request } = item
  if (!isRecord(request)) throw new TypeError(`${where}.request: expected an object`)
  return { kind: 'intel-pck', request, chain: textMember(item, 'chain'), window: windowOf(item, where) }
}

function readNvidia(item: JsonRecord, kind: NvidiaItem['kind'], member: string, where: string): NvidiaItem {
  return {
    kind,
    version: textMember(item, 'version'),
    product: textMember(item, 'product'),
    serials: textMember(item, 'serials').split(' '),
    bytes: bytesOf(item, member, where),
    window: windowOf(item, where),
  }
}

/** The members of an object that are text. */
function textMembers(content: JsonRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(content).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function bytesOf(record: JsonRecord, name: string, where: string): Uint8Array {
  const bytes = fromBase64(textMember(record, name))
  if (bytes === undefined || bytes.length === 0) throw new TypeError(`${where}.${name}: expected base64`)
  return bytes
}

function windowOf(item: JsonRecord, where: string): Window {
  const from = Date.parse(textMember(item, 'from'))
  const to = Date.parse(textMember(item, 'to'))
  if (Number.isNaN(from) || Number.isNaN(to)) throw new TypeError(`${where}: expected \`from\` and \`to\` in ISO 8601`)
  return { from, to }
}

/**
 * The item that holds at `at` and begins last, of those the one of the highest rank; where none holds then, the one that
 * ended last, so that a verdict says "expired".
 */
export function newest<T extends { readonly window: Window; readonly rank?: number }>(
  items: readonly T[],
  at: number,
): T | undefined {
  const current = items.filter(({ window }) => window.from <= at && at <= window.to)
  const [best] =
    current.length > 0
      ? current.toSorted((a, b) => b.window.from - a.window.from || (b.rank ?? 0) - (a.rank ?? 0))
      : items.toSorted((a, b) => b.window.to - a.window.to)
  return best
}
