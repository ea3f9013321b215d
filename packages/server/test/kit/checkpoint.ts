import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AccessTokens,
  accessTokens,
  type Broker,
  type Database,
  type Log,
  masterKeyFrom,
  openBroker,
  openDatabase,
  openLog,
  openVault,
  openVerifier,
  type Scope,
  serverKeys,
  type Vault,
  type Verifier,
} from '@sekisho/broker'
import { networkSource } from '@sekisho/collateral'
import { type Attested, createWorld, type KbsTee, kbsEvidence, type World } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import { type RunningServer, type ServerOptions, startServer } from '../../src/index.ts'

/** What is closed when a test ends. */
export interface Closing {
  after(work: () => unknown): void
}

let shared: World | undefined

/** One world for all tests of the process that change nothing in it: its roots take a second to make. */
export function sharedWorld(): World {
  shared ??= createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  return shared
}

export const RESOURCE = 'demo/key/1'
/** Looked for in every log line, error and URL. */
export const CANARY = 'canary-5f2b1c-sings-at-midnight'
export const PERMIT = 'permit (principal, action, resource) when { context.verdict.outcome == "verified" };'

/** A whole checkpoint with a server before it. */
export interface Checkpoint {
  readonly server: RunningServer
  readonly url: string
  readonly broker: Broker
  readonly db: Database
  readonly vault: Vault
  readonly log: Log
  readonly tokens: AccessTokens
  readonly verifier: Verifier
  readonly world: World
  /** Every line that was logged. */
  readonly lines: string[]
  token(scopes: readonly Scope[], namespace?: string): Promise<string>
}

/** Starts one on a free port, with a database in a folder of its own. */
export async function startCheckpoint(t: Closing, options: Partial<ServerOptions> = {}): Promise<Checkpoint> {
  const world = sharedWorld()
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-server-'))
  const db = await openDatabase({ folder })
  const master = await masterKeyFrom({ env: 'KEY', environment: { KEY: '07'.repeat(32) } })
  const keys = await serverKeys(db, master)
  const vault = await openVault(db, { master })
  const log = await openLog(db, { origin: 'checkpoint.example/log', signingKey: keys.logKey })
  const verifier = openVerifier({
    source: await worldSource(t, world),
    trustAnchors: world.anchors,
    arm: world.arm.endorsements(),
  })
  const issuer = 'https://checkpoint.example'
  const { sessionKey } = keys
  const broker = await openBroker({ db, vault, log, verifier, sessionKey, issuer, production: false })
  const tokens = accessTokens(db)
  const lines: string[] = []
  const server = await startServer({
    broker,
    db,
    vault,
    log,
    tokens,
    port: 0,
    writeLog: (text) => lines.push(...text.trimEnd().split('\n')),
    ...options,
  })
  t.after(async () => {
    await server.close()
    for (const line of lines) if (line.includes('"msg":"failure"')) process.stderr.write(`${line}\n`)
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const token = async (scopes: readonly Scope[], namespace = '*'): Promise<string> => {
    const at = new Date()
    const expires = new Date(at.getTime() + 3_600_000)
    return (await db.transaction((sql) => tokens.create(sql, { namespace, name: 'test', scopes, expires, at }))).token
  }
  return { server, url: server.url, broker, db, vault, log, tokens, verifier, world, lines, token }
}

/** A machine that attests. */
export interface Machine {
  readonly tee: KbsTee
  attest(reportData: Uint8Array): Attested
}

/** A secret, a policy and a reference set for a machine, as every namespace of a test has. */
export async function furnish(checkpoint: Checkpoint, machine: Machine, namespace = 'default'): Promise<void> {
  const { broker, verifier } = checkpoint
  const by = { actor: 'tester', at: new Date() }
  await broker.admin.createNamespace(namespace, by)
  await broker.admin.putSecret(namespace, { path: RESOURCE, bytes: Buffer.from(CANARY), contentType: 'text/plain' }, by)
  await broker.admin.setPolicy(namespace, PERMIT, by)
  const received = verifier.recognise(kbsEvidence(machine.tee, machine.attest(new Uint8Array(48))))
  const values = verifier.skeleton(received)
  const set = { name: 'mine', tee: received.tee, values, owner: 'tester', provenance: { kind: 'manual' } }
  await broker.admin.putReference(namespace, set, by)
}

export async function worldSource(t: Closing, world: World): Promise<ReturnType<typeof networkSource>> {
  // AMD's RSA keys take seconds on a busy machine: no request should wait for them.
  await world.ready()
  const service = createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request
    const answer = world.handle({ method, url, headers })
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((resolve) => service.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    service.closeAllConnections()
    service.close()
  })
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  return networkSource({
    intel: { baseUrl: `${url}/`, kind: 'pcs', rootCrlUrl: `${url}/IntelSGXRootCA.der` },
    amd: { baseUrl: url },
    nvidia: false,
    trustAnchors: world.anchors,
    now: world.now,
  })
}
