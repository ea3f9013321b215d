import type { JsonWebKey } from 'node:crypto'
import { primaryDigest } from '../../src/checkpoint/binding.ts'
import type { AttestOutcome, Broker, Database, Retention, Verifier } from '../../src/index.ts'
import { type FakeEvidence, fakeVerifier } from './fake-verifier.ts'
import { ACTOR, brokerOver, RESOURCE, SECRET, teeKeys } from './kit.ts'

export const AT: Date = new Date('2026-11-21T08:00:00Z')
export const NAMESPACE = 'default'
/** Of every workload. */
export const KEY: JsonWebKey = teeKeys().publicJwk
/** The measurement that is known. */
export const GOOD: string = 'a1'.repeat(48)
/** Seconds. */
export const DAY: number = 24 * 60 * 60

/** A checkpoint over a fake verifier, with one secret and one known workload. */
export interface Scene {
  readonly db: Database
  readonly broker: Broker
  /** Attests: well, or with evidence that no reference set knows. */
  attest(o?: {
    readonly good?: boolean
    readonly at?: Date
    readonly padding?: string
  }): Promise<AttestOutcome & { readonly session: string }>
}

/** Makes the scene over an empty database. */
export async function furnished(db: Database, retention: Retention, verifier: Verifier = fakeVerifier): Promise<Scene> {
  const broker = await brokerOver(db, verifier, { retention })
  const by = { actor: ACTOR, at: AT }
  await broker.admin.putSecret(NAMESPACE, { path: RESOURCE, bytes: Buffer.from(SECRET) }, by)
  await broker.admin.setPolicy(NAMESPACE, 'permit (principal, action, resource);', by)
  const set = { name: 'good', tee: 'snp', values: { measurement: [GOOD] }, owner: ACTOR }
  await broker.admin.putReference(NAMESPACE, { ...set, provenance: { kind: 'manual' } }, by)
  return {
    db,
    broker,
    async attest({ good = false, at = AT, padding = '' } = {}) {
      const { session, nonce } = await broker.challenge({ namespace: NAMESPACE, protocol: 'kbs', tee: 'snp', at })
      const runtimeData = { nonce, 'tee-pubkey': KEY }
      const evidence: FakeEvidence & { readonly padding: string } = {
        genuine: true,
        measurement: good ? GOOD : 'b2'.repeat(48),
        reportData: Buffer.from(primaryDigest(runtimeData, '')).toString('hex'),
        padding,
      }
      return { session, ...(await broker.attest({ session, evidence, runtimeData, at })) }
    },
  }
}

/** Rows of a table. */
export async function count(db: Database, table: string): Promise<number> {
  const [row] = await db.all<{ n: number }>(`SELECT CAST(COUNT(*) AS BIGINT) AS n FROM ${table}`)
  return row?.n ?? 0
}
