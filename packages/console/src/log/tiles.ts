import { type Bytes, consistencyNodes, HASH_BYTES, hashNode, inclusionNodes, type NodeId, rootOf } from './merkle.ts'
import { ProofError } from './note.ts'

/** Hashes of a full tile (C2SP tlog-tiles). */
const WIDTH = 256
const LEVELS_OF_TILE = 8

/** Gives the bytes of a tile by its path below `/log/`, e.g. `tile/0/x001/067.p/3`. */
export type TileReader = (path: string) => Promise<Bytes>

/** The path of a tile. */
export function tilePath(level: number, index: number, width: number): string {
  const groups =
    String(index)
      .padStart(Math.ceil(String(index).length / 3) * 3, '0')
      .match(/[0-9]{3}/g) ?? []
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/')
  return `tile/${level}/${path}${width === WIDTH ? '' : `.p/${width}`}`
}

/** The hashes that show leaf `index` in the tree of `size` leaves, from tiles. @throws ProofError `tile`, RangeError */
export function inclusionFromTiles(read: TileReader, index: number, size: number): Promise<readonly Bytes[]> {
  return rootsOf(read, size, inclusionNodes(index, size))
}

/** The hashes that show the tree of `first` leaves to be the beginning of that of `second`, from tiles. @throws ProofError `tile`, RangeError */
export function consistencyFromTiles(read: TileReader, first: number, second: number): Promise<readonly Bytes[]> {
  return rootsOf(read, second, consistencyNodes(first, second))
}

async function rootsOf(
  read: TileReader,
  size: number,
  lists: readonly (readonly NodeId[])[],
): Promise<readonly Bytes[]> {
  const once = remembering(read)
  return Promise.all(
    lists.map(async (nodes) => rootOf(await Promise.all(nodes.map((node) => hashOf(once, size, node))))),
  )
}

/** The root of a complete subtree: hashed together from the tile that its row stands in. */
async function hashOf(read: TileReader, size: number, { level, index }: NodeId): Promise<Bytes> {
  const tileLevel = Math.floor(level / LEVELS_OF_TILE)
  const below = 2 ** (level % LEVELS_OF_TILE)
  const first = index * below
  const tile = Math.floor(first / WIDTH)
  const there = Math.floor(size / WIDTH ** tileLevel) - tile * WIDTH
  const path = tilePath(tileLevel, tile, Math.min(WIDTH, there))
  const bytes = await read(path)
  if (bytes.length !== Math.min(WIDTH, there) * HASH_BYTES)
    throw new ProofError('tile', `${path} has ${bytes.length} bytes`)
  const at = first - tile * WIDTH
  let row = Array.from({ length: below }, (_, i) => bytes.slice((at + i) * HASH_BYTES, (at + i + 1) * HASH_BYTES))
  while (row.length > 1) row = await Promise.all(pairsOf(row).map(([left, right]) => hashNode(left, right)))
  const [hash] = row
  if (hash === undefined) throw new ProofError('tile', `${path} lacks a hash`)
  return hash
}

function pairsOf(row: readonly Bytes[]): readonly (readonly [Bytes, Bytes])[] {
  return row.flatMap((left, i) => {
    const right = row[i + 1]
    return i % 2 === 0 && right !== undefined ? [[left, right] as const] : []
  })
}

/** Many nodes of a proof stand in one tile. */
function remembering(read: TileReader): TileReader {
  const known = new Map<string, Promise<Bytes>>()
  return (path) => {
    const found = known.get(path) ?? read(path)
    known.set(path, found)
    return found
  }
}
