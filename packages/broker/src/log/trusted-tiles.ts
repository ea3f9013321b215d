import type { LogReader } from './files.ts'
import { equal, type Frontier, HASH_BYTES, hashNode, rootOf, type TreeHead } from './merkle.ts'
import { formatLogPath, type LogPath, splitBundle, TILE_WIDTH } from './tiles.ts'

/** Hashes of a tile, from the left. */
export type Hashes = readonly Uint8Array[]

/** Which leaf hashes the signed root vouches for, as far as the tiles above them let it. */
export interface TrustedTiles {
  /** `unknown` where the tiles above were altered themselves. */
  judge(index: number, leaves: Hashes): 'signed' | 'altered' | 'unknown'
  /** What is wrong with a tile above the leaves, or at the edge. */
  readonly problem?: string
}

/**
 * Reads the tiles above the leaves from the top down. The partial tiles at the right edge make up
 * the signed root; a full tile's root stands in the tile above it. What does not fit is not trusted.
 */
export async function trustTiles(read: LogReader, head: TreeHead): Promise<TrustedTiles> {
  const edge = await readEdge(read, head.size)
  const whole = equal(rootOf(edge.toReversed().flatMap(frontierOfTile)), head.root)
  let problem = whole ? undefined : 'the tiles at the edge of the tree do not make up the signed root'
  let roots: readonly (Uint8Array | undefined)[] = []
  for (let level = edge.length - 1; level > 0; level--) {
    const hashes: (Uint8Array | undefined)[] = []
    for (const [index, root] of roots.entries()) {
      const tile = await readTile(read, { kind: 'tile', level, index, width: TILE_WIDTH })
      const fits = tile !== undefined && root !== undefined && equal(rootOfTile(tile), root)
      if (!fits) problem ??= `tile ${level}/${index} is missing or altered`
      hashes.push(...(fits ? tile : Array<undefined>(TILE_WIDTH).fill(undefined)))
    }
    const rest = edge[level] ?? []
    roots = [...hashes, ...(whole ? rest : rest.map(() => undefined))]
  }
  const lowest = rootOf(frontierOfTile(edge[0] ?? []))
  return {
    judge: (index, leaves) => {
      const full = leaves.length === TILE_WIDTH
      const signed = full ? roots[index] : whole ? lowest : undefined
      if (signed === undefined) return 'unknown'
      return equal(full ? rootOfTile(leaves) : rootOf(frontierOfTile(leaves)), signed) ? 'signed' : 'altered'
    },
    ...(problem === undefined ? {} : { problem }),
  }
}

/** The hashes of the partial tile of each level, the lowest level first; none where all tiles are full. */
async function readEdge(read: LogReader, size: number): Promise<readonly Hashes[]> {
  const edge: Hashes[] = []
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
    const width = count % TILE_WIDTH
    const index = Math.floor(count / TILE_WIDTH)
    edge.push(width === 0 ? [] : ((await readTile(read, { kind: 'tile', level, index, width })) ?? []))
  }
  return edge
}

type TilePath = Extract<LogPath, { kind: 'tile' }>

/** The hashes of a tile; undefined when it is missing or has not the size it should have. */
export async function readTile(read: LogReader, path: TilePath): Promise<Hashes | undefined> {
  const bytes = await readPartial(read, path)
  if (bytes === undefined || bytes.length !== path.width * HASH_BYTES) return undefined
  return Array.from({ length: path.width }, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES))
}

/** The bytes of a tile or bundle. A log that has grown may have dropped a partial one: its full one begins with it. */
export async function readPartial(
  read: LogReader,
  path: Exclude<LogPath, { kind: 'checkpoint' }>,
): Promise<Uint8Array | undefined> {
  const exact = await read(formatLogPath(path))
  if (exact !== undefined || path.width === TILE_WIDTH) return exact
  const full = await read(formatLogPath({ ...path, width: TILE_WIDTH }))
  if (full === undefined) return undefined
  if (path.kind === 'tile') return full.subarray(0, path.width * HASH_BYTES)
  const { entries } = splitBundle(full, path.width)
  return full.subarray(
    0,
    entries.reduce((size, entry) => size + 2 + entry.length, 0),
  )
}

function rootOfTile(tile: Hashes): Uint8Array {
  let level = tile
  while (level.length > 1) {
    level = Array.from({ length: level.length / 2 }, (_, i) =>
      hashNode(level[2 * i] as Uint8Array, level[2 * i + 1] as Uint8Array),
    )
  }
  return level[0] as Uint8Array
}

/** The complete subtrees that the hashes of a partial tile make up, the largest first. */
function frontierOfTile(tile: Hashes): Frontier {
  const roots: Uint8Array[] = []
  let at = 0
  for (let width = TILE_WIDTH / 2; width >= 1; width /= 2) {
    if (tile.length - at < width) continue
    roots.push(rootOfTile(tile.slice(at, at + width)))
    at += width
  }
  return roots
}
