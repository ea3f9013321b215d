import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { openDatabase } from '../../src/storage/database.ts'
import type { Database } from '../../src/storage/sql.ts'
import { type MasterKey, softwareMasterKey } from '../../src/vault/master-key.ts'
import { openVault, type Vault } from '../../src/vault/vault.ts'

export const AT: Date = new Date('2026-11-21T08:00:00Z')
/** Where most tests put a secret, and who does. */
export const PLACE: { readonly namespace: string; readonly path: string; readonly actor: string; readonly at: Date } = {
  namespace: 'default',
  path: 'demo/key/1',
  actor: 'tester',
  at: AT,
}

/** A folder that is gone after the test. */
export function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'sekisho-vault-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A master key of one repeated byte. */
export function master(fill: number): MasterKey {
  return softwareMasterKey(new Uint8Array(32).fill(fill), 'file')
}

export interface Opened {
  readonly db: Database
  readonly vault: Vault
  readonly path: string
}

/** A vault in an embedded database of its own. */
export async function opened(t: TestContext, key: MasterKey = master(1)): Promise<Opened> {
  const path = folder(t)
  const db = await openDatabase({ folder: path })
  t.after(() => db.close())
  return { db, vault: await openVault(db, { master: key }), path }
}

export const text = (bytes: Uint8Array | undefined): string | undefined => bytes && Buffer.from(bytes).toString()
