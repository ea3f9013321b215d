import type { Api } from '../api/client.ts'
import type { TileReader } from './tiles.ts'

/** The tiles of the checkpoint's own log: they hold hashes, and are for everybody. */
export function tileReaderOf(api: Pick<Api, 'bytes'>): TileReader {
  return (path) => api.bytes(`/log/${path}`)
}
