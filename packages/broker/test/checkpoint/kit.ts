import {
  createDecipheriv,
  createHash,
  createPublicKey,
  diffieHellman,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { networkSource } from '@sekisho/collateral'
import { type Attested, createWorld, type KbsTee, kbsEvidence, type World } from '@sekisho/emulator'
import { generateKey, keptRsaKeys } from '@sekisho/emulator/kit'
import { primaryDigest } from '../../src/checkpoint/binding.ts'
import {
  type Broker,
  type BrokerOptions,
  type Database,
  openBroker,
  openDatabase,
  openLog,
  openVault,
  openVerifier,
  serverKeys,
  type Verifier,
  type VerifierOptions,
} from '../../src/index.ts'
import { softwareMasterKey } from '../../src/vault/master-key.ts'

/** What is closed when a test ends. */
export interface Closing {
  after(work: () => unknown): void
}

let shared: World | undefined

/** One world for all tests of a file that change nothing in it: its RSA roots take a second to make. */
export function sharedWorld(): World {
  shared ??= createWorld({ products: ['Genoa'], rsaKey: keptRsaKeys() })
  return shared
}

/** Puts a world's services on a loopback socket. */
export async function serveWorld(t: Closing, world: World): Promise<string> {
  // AMD's RSA keys take seconds on a busy machine: no request should wait for them.
  await world.ready()
  const server = createServer((request, response) => {
    const { status, headers, body } = world.handle({
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      headers: request.headers,
    })
    response.writeHead(status, headers).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A verifier that trusts a world and asks its services. */
export async function worldVerifier(
  t: Closing,
  world: World,
  options: Partial<VerifierOptions> = {},
): Promise<Verifier> {
  const url = await serveWorld(t, world)
  const source = networkSource({
    intel: { baseUrl: `${url}/`, kind: 'pcs', subscriptionKey: 'a-test-key', rootCrlUrl: `${url}/IntelSGXRootCA.der` },
    amd: { baseUrl: url },
    nvidia: false,
    trustAnchors: world.anchors,
    now: world.now,
  })
  return openVerifier({ source, trustAnchors: world.anchors, ...options })
}

export const MASTER: () => ReturnType<typeof softwareMasterKey> = () =>
  softwareMasterKey(new Uint8Array(32).fill(7), 'file')

/** A database in a folder of its own. */
export async function newDatabase(t: Closing): Promise<Database> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-checkpoint-'))
  const db = await openDatabase({ folder })
  t.after(async () => {
    await db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  return db
}

/** A broker over a database. */
export async function brokerOver(
  db: Database,
  verifier: Verifier,
  options: Partial<BrokerOptions> = {},
): Promise<Broker> {
  const master = MASTER()
  const keys = await serverKeys(db, master)
  return openBroker({
    db,
    verifier,
    vault: await openVault(db, { master }),
    log: await openLog(db, { origin: 'checkpoint.example/log', signingKey: keys.logKey }),
    sessionKey: keys.sessionKey,
    issuer: 'https://checkpoint.example',
    production: false,
    ...options,
  })
}

/** Permits whatever was verified. */
export const PERMIT = 'permit (principal, action, resource) when { context.verdict.outcome == "verified" };'
export const RESOURCE = 'demo/key/1'
export const SECRET = 'the canary sings at midnight'
export const ACTOR = 'tester'

/** What every namespace of a test has: a secret and a policy. */
export async function furnish(broker: Broker, namespace: string, at: Date, policy: string = PERMIT): Promise<void> {
  const by = { actor: ACTOR, at }
  await broker.admin.createNamespace(namespace, by)
  await broker.admin.putSecret(namespace, { path: RESOURCE, bytes: Buffer.from(SECRET), contentType: 'text/plain' }, by)
  await broker.admin.setPolicy(namespace, policy, by)
}

/** A workload's key pair, as KBS clients make it. */
export interface TeeKeys {
  readonly publicJwk: JsonWebKey
  readonly privateKey: KeyObject
}

export function teeKeys(): TeeKeys {
  const { privateKey, publicKey } = generateKey('P-256')
  const { x, y } = publicKey.export({ format: 'jwk' })
  return {
    privateKey,
    publicJwk: {
      kty: 'EC',
      crv: 'P-256',
      alg: 'ECDH-ES+A256KW',
      ...(x === undefined ? {} : { x }),
      ...(y === undefined ? {} : { y }),
    },
  }
}

/** A machine that attests. */
export interface Machine {
  readonly tee: KbsTee
  attest(reportData: Uint8Array): Attested
}

/** The `primary_evidence` of a machine for an exchange. */
export function evidenceFor(machine: Machine, nonce: string, key: JsonWebKey): unknown {
  return kbsEvidence(machine.tee, machine.attest(primaryDigest({ nonce, 'tee-pubkey': key }, '')))
}

/** Decrypts what was released: ECDH-ES+A256KW over P-256, A256GCM (RFC 7518). */
export function decrypt(
  jwe: { protected: string; encrypted_key: string; iv: string; ciphertext: string; tag: string },
  privateKey: KeyObject,
): string {
  const header = JSON.parse(Buffer.from(jwe.protected, 'base64url').toString()) as { epk: JsonWebKey }
  const z = diffieHellman({ privateKey, publicKey: createPublicKey({ key: header.epk, format: 'jwk' }) })
  const alg = Buffer.from('ECDH-ES+A256KW')
  const u32 = (n: number): Buffer => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255])
  const kek = createHash('sha256')
    .update(Buffer.concat([u32(1), z, u32(alg.length), alg, u32(0), u32(0), u32(256)]))
    .digest()
  const unwrap = createDecipheriv('id-aes256-wrap', kek, Buffer.from('a6'.repeat(8), 'hex'))
  const cek = Buffer.concat([unwrap.update(Buffer.from(jwe.encrypted_key, 'base64url')), unwrap.final()])
  const open = createDecipheriv('aes-256-gcm', cek, Buffer.from(jwe.iv, 'base64url'))
  open.setAAD(Buffer.from(jwe.protected))
  open.setAuthTag(Buffer.from(jwe.tag, 'base64url'))
  return Buffer.concat([open.update(Buffer.from(jwe.ciphertext, 'base64url')), open.final()]).toString()
}

/** A reference set over what a machine is now. */
export function referenceOf(verifier: Verifier, machine: Machine, name: string): unknown {
  const received = verifier.recognise(kbsEvidence(machine.tee, machine.attest(new Uint8Array(48))))
  return {
    name,
    tee: received.tee,
    values: verifier.skeleton(received),
    owner: 'tester',
    provenance: { kind: 'manual' },
  }
}

/** Challenge and attest. */
export async function attested(
  broker: Broker,
  machine: Machine,
  o: { readonly namespace: string; readonly at: Date; readonly keys: TeeKeys; readonly protocol?: 'kbs' | 'native' },
): Promise<{
  readonly session: string
  readonly nonce: string
  readonly outcome: Awaited<ReturnType<Broker['attest']>>
}> {
  const { session, nonce } = await broker.challenge({
    namespace: o.namespace,
    protocol: o.protocol ?? 'kbs',
    tee: machine.tee,
    at: o.at,
  })
  const evidence = evidenceFor(machine, nonce, o.keys.publicJwk)
  const outcome = await broker.attest({
    session,
    evidence,
    runtimeData: { nonce, 'tee-pubkey': o.keys.publicJwk },
    at: o.at,
  })
  return { session, nonce, outcome }
}

/** Another clock: a world at a fixed time. */
export const later = (at: Date, seconds: number): Date => new Date(at.getTime() + seconds * 1000)
