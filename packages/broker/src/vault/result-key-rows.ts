import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Row, Sql } from '../storage/sql.ts'
import { openEnvelope, rewrapEnvelope, sealEnvelope } from './envelope.ts'
import { envelopeText, readEnvelopeText } from './envelope-text.ts'
import { VaultError } from './errors.ts'
import { es256Jwk } from './es256.ts'
import { ENCODED } from './key-material.ts'
import type { KeyRing } from './master-key.ts'
import { serverKeyPlace } from './places.ts'

/** Where the one key that signed results lay before they were rotated. */
export const FORMER_SETTING = 'server-key/ear-es256'

/** A key that signs attestation results, as it is stored. Times are milliseconds since 1970 UTC. */
export interface ResultKeyRow extends Row {
  /** Thumbprint of the key (RFC 7638), base64url. */
  readonly kid: string
  /** `next`: published, signs nothing yet. `current`: signs. `retired`: signs nothing more. `revoked`: never counts again. */
  readonly state: 'next' | 'current' | 'retired' | 'revoked'
  /**
   * What counts, encrypted and bound to its place: the private key (PKCS #8) of one that signs or will, the public one
   * (SubjectPublicKeyInfo) with its end of one that is retired; null once nothing is accepted of it.
   */
  readonly sealed: string | null
  readonly created: number
  /** When it began to sign. */
  readonly activated: number | null
  readonly retired: number | null
  /** Up to when results of a retired one are accepted. */
  readonly accepted_until: number | null
  readonly revoked: number | null
}

const COLUMNS = 'kid, state, sealed, created, activated, retired, accepted_until, revoked'
const LISTED = 100

/** The keys: the one that signs, the next one, and the newest others; 100 at most. */
export function readResultKeys(sql: Pick<Sql, 'all'>): Promise<readonly ResultKeyRow[]> {
  return sql.all<ResultKeyRow>(
    `SELECT ${COLUMNS} FROM result_keys
     ORDER BY CASE state WHEN 'current' THEN 0 WHEN 'next' THEN 1 ELSE 2 END, created DESC, kid LIMIT ${LISTED}`,
  )
}

/** One key, however old. */
export async function readResultKey(sql: Sql, kid: string): Promise<ResultKeyRow | undefined> {
  const [row] = await sql.all<ResultKeyRow>(`SELECT ${COLUMNS} FROM result_keys WHERE kid = ? LIMIT 1`, [kid])
  return row
}

/** A new private key, PKCS #8. Whoever holds it overwrites it. Its id is no option to a command line: it begins with no dash. */
export function newResultKey(): Buffer {
  for (;;) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256', ...ENCODED })
    if (!kidOf(resultKeyOf(privateKey)).startsWith('-')) return privateKey
    privateKey.fill(0)
  }
}

/** A private key from its PKCS #8 bytes. */
export function resultKeyOf(pkcs8: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' })
}

/** The id of a key. */
export function kidOf(key: KeyObject): string {
  return es256Jwk(key)['kid'] ?? ''
}

/** Encrypts a private key for its row. */
export async function sealPrivate(ring: KeyRing, kid: string, pkcs8: Uint8Array): Promise<string> {
  return envelopeText(await sealEnvelope(ring, serverKeyPlace(signingName(kid)), pkcs8))
}

/** @throws VaultError `corrupt` when it was altered or is of another key; `master-key-unknown` */
export async function openPrivate(ring: KeyRing, { kid, sealed }: ResultKeyRow): Promise<KeyObject> {
  const bytes = await open(ring, signingName(kid), kid, sealed)
  const key = resultKeyOf(bytes)
  bytes.fill(0)
  if (kidOf(key) !== kid) throw otherKey(kid)
  return key
}

/** The private key of the setting that results were signed with before. */
export function openFormer(ring: KeyRing, text: string): Promise<Uint8Array> {
  return openEnvelope(ring, serverKeyPlace(FORMER_SETTING), readEnvelopeText(text, `the setting ${FORMER_SETTING}`))
}

/** What is kept of a key that signs nothing more: nobody who can write the database puts another in its place. */
export async function sealRetired(ring: KeyRing, key: KeyObject, until: number): Promise<string> {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64')
  const text = JSON.stringify({ spki, until })
  return envelopeText(await sealEnvelope(ring, serverKeyPlace(retiredName(kidOf(key))), Buffer.from(text)))
}

/** @throws VaultError `corrupt`, `master-key-unknown` */
export async function openRetired(
  ring: KeyRing,
  { kid, sealed }: ResultKeyRow,
): Promise<{ readonly key: KeyObject; readonly until: number }> {
  const text = Buffer.from(await open(ring, retiredName(kid), kid, sealed)).toString()
  // Written by `sealRetired` alone, and bound to its place.
  const { spki, until } = JSON.parse(text) as { readonly spki: string; readonly until: number }
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' })
  if (kidOf(key) !== kid) throw otherKey(kid)
  return { key, until }
}

function open(ring: KeyRing, name: string, kid: string, sealed: string | null): Promise<Uint8Array> {
  return openEnvelope(ring, serverKeyPlace(name), readEnvelopeText(sealed ?? '', `the result key ${kid}`))
}

function signingName(kid: string): string {
  return `result-key/${kid}`
}

function retiredName(kid: string): string {
  return `result-key/${kid}/retired`
}

function otherKey(kid: string): VaultError {
  return new VaultError('corrupt', `what is stored as the result key ${kid} is another key`)
}

/** Ids of the master keys that result keys are encrypted under. */
export async function resultKeysMasterIds(sql: Sql): Promise<readonly string[]> {
  const rows = await sealedRows(sql)
  return rows.map(({ kid, sealed }) => readEnvelopeText(sealed, `the result key ${kid}`).masterKeyId)
}

/** Wraps result keys under the ring's current master key, in a transaction; how many there were. */
export async function rewrapResultKeys(sql: Sql, ring: KeyRing): Promise<number> {
  let count = 0
  for (const { kid, state, sealed } of await sealedRows(sql)) {
    const envelope = readEnvelopeText(sealed, `the result key ${kid}`)
    if (envelope.masterKeyId === ring.current.id) continue
    const place = serverKeyPlace(state === 'retired' ? retiredName(kid) : signingName(kid))
    const anew = await rewrapEnvelope(ring, place, envelope)
    await sql.run('UPDATE result_keys SET sealed = ? WHERE kid = ?', [envelopeText({ ...envelope, ...anew }), kid])
    count++
  }
  return count
}

function sealedRows(
  sql: Sql,
): Promise<readonly { readonly kid: string; readonly state: string; readonly sealed: string }[]> {
  return sql.all<{ kid: string; state: string; sealed: string }>(
    'SELECT kid, state, sealed FROM result_keys WHERE sealed IS NOT NULL ORDER BY kid',
  )
}
