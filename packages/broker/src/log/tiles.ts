/** The layout of a log as files after C2SP tlog-tiles. */

/** Hashes of a full tile, and entries of a full bundle. */
export const TILE_WIDTH = 256

/** Bytes an entry may have: its length is written in 16 bits. */
export const ENTRY_LIMIT = 65_535

/** One file of the layout. */
export type LogPath =
  | { readonly kind: 'checkpoint' }
  | { readonly kind: 'tile'; readonly level: number; readonly index: number; readonly width: number }
  | { readonly kind: 'entries'; readonly index: number; readonly width: number }

/** The path of a file, without a leading slash: `tile/0/x001/234.p/12`. */
export function formatLogPath(path: LogPath): string {
  if (path.kind === 'checkpoint') return 'checkpoint'
  const folder = path.kind === 'entries' ? 'entries' : String(path.level)
  const partial = path.width === TILE_WIDTH ? '' : `.p/${path.width}`
  return `tile/${folder}/${formatIndex(path.index)}${partial}`
}

/** Reads a path; undefined for everything that no log has. */
export function parseLogPath(text: string): LogPath | undefined {
  if (text === 'checkpoint') return { kind: 'checkpoint' }
  const match =
    /^tile\/(entries|[0-9]|[1-5][0-9]|6[0-3])\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(text)
  if (match === null) return undefined
  const [, folder = '', digits = '', partial] = match
  const index = Number(digits.replace(/[x/]/g, ''))
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  if (formatIndex(index) !== digits || width > TILE_WIDTH || (partial !== undefined && width === TILE_WIDTH)) {
    return undefined
  }
  return folder === 'entries'
    ? { kind: 'entries', index, width }
    : { kind: 'tile', level: Number(folder), index, width }
}

function formatIndex(index: number): string {
  const groups =
    String(index)
      .padStart(Math.ceil(String(index).length / 3) * 3, '0')
      .match(/[0-9]{3}/g) ?? []
  return groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
}

/** A bundle: each entry after its length in two bytes, big-endian. */
export function formatBundle(entries: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = []
  for (const entry of entries) parts.push(Buffer.of(entry.length >> 8, entry.length & 0xff), entry)
  return Buffer.concat(parts)
}

/**
 * The entries of a bundle, at most `count`; `whole` says whether the bundle holds exactly so many,
 * and nothing else.
 */
export function splitBundle(
  bytes: Uint8Array,
  count: number,
): { readonly entries: readonly Uint8Array[]; readonly whole: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const entries: Uint8Array[] = []
  let at = 0
  while (at + 2 <= bytes.length && entries.length < count) {
    const end = at + 2 + view.getUint16(at)
    if (end > bytes.length) break
    entries.push(bytes.subarray(at + 2, end))
    at = end
  }
  return { entries, whole: entries.length === count && at === bytes.length }
}
