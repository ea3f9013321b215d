import { StorageError } from './errors.ts'
import type { Database } from './sql.ts'
import type { UnitLimits } from './units.ts'

/** Opens a PostgreSQL; see `openDatabase`. */
export function openPostgres(_url: string, _limits: UnitLimits): Promise<Database> {
  return Promise.reject(new StorageError('unavailable', 'PostgreSQL cannot be opened yet'))
}
