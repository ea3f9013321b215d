import {
  accessTokens,
  type Broker,
  type Database,
  type DatabaseLocation,
  type Log,
  masterKeyFrom,
  openBroker,
  openDatabase,
  openLog,
  openVault,
  openVerifier,
  serverKeys,
  type Verifier,
} from '@sekisho/broker'
import type { CollateralSource } from '@sekisho/collateral'
import type { World } from '@sekisho/emulator'
import { startServer } from '@sekisho/server'

/** The resource that every handshake of the benchmarks asks for. */
export const RESOURCE = 'bench/key/1'
const PERMIT = 'permit (principal, action, resource) when { context.verdict.outcome == "verified" };'

/** A checkpoint without its server. */
export interface OpenCheckpoint {
  readonly db: Database
  readonly broker: Broker
  readonly verifier: Verifier
  readonly log: Log
  /** Serves; with the folder of the web page, that too. @returns its URL */
  serve(page?: string): Promise<string>
  /** A token that may read the decisions. */
  token(): Promise<string>
}

/** Opens a checkpoint that trusts an emulated world, with the defaults of a server. */
export async function openCheckpoint(
  location: DatabaseLocation,
  world: World,
  source: CollateralSource,
): Promise<OpenCheckpoint> {
  const db = await openDatabase(location)
  const master = await masterKeyFrom({ env: 'KEY', environment: { KEY: '07'.repeat(32) } })
  const keys = await serverKeys(db, master)
  const vault = await openVault(db, { master })
  const log = await openLog(db, { origin: 'bench.example/log', signingKey: keys.logKey })
  const verifier = openVerifier({ source, trustAnchors: world.anchors })
  const issuer = 'https://bench.example'
  const { sessionKey } = keys
  const broker = await openBroker({ db, vault, log, verifier, sessionKey, issuer, production: false })
  const tokens = accessTokens(db)
  return {
    db,
    broker,
    verifier,
    log,
    serve: async (page) => {
      const console = page === undefined ? {} : { console: page }
      return (await startServer({ broker, db, vault, log, tokens, port: 0, ...console })).url
    },
    token: async () => {
      const at = new Date()
      const expires = new Date(at.getTime() + 86_400_000)
      const scopes = ['decisions:read'] as const
      return (await tokens.create(db, { namespace: '*', scopes, name: 'bench', at, expires })).token
    },
  }
}

/** A secret, a policy and the reference values of a machine. */
export async function furnish({ broker, verifier }: OpenCheckpoint, evidence: unknown): Promise<void> {
  const by = { actor: 'bench', at: new Date() }
  await broker.admin.createNamespace('default', by)
  await broker.admin.putSecret(
    'default',
    { path: RESOURCE, bytes: Buffer.alloc(32, 7), contentType: 'application/octet-stream' },
    by,
  )
  await broker.admin.setPolicy('default', PERMIT, by)
  const received = verifier.recognise(evidence)
  const values = verifier.skeleton(received)
  const set = { name: 'bench', tee: received.tee, values, owner: 'bench', provenance: { kind: 'manual' } }
  await broker.admin.putReference('default', set, by)
}
