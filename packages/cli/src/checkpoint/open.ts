import { join } from 'node:path'
import type {
  Broker,
  Database,
  EndorsementFiles,
  LinkKeeper,
  MasterKey,
  Retention,
  Vault,
  VerifierOptions,
} from '@sekisho/broker'
import type { CollateralSource } from '@sekisho/collateral'
import type { TrustAnchor } from '@sekisho/evidence'
import type { EmulatedPlatforms, OidcOptions, TlsOptions } from '@sekisho/server'
import { rechecks } from './due.ts'
import { endorsementWatch } from './endorsement-watch.ts'
import { sayer, wordsOf } from './say.ts'
import { everySecond, ticking } from './ticking.ts'
import { type Rereading, rereading, type WatchedFiles } from './watched-files.ts'

/** What a checkpoint is made of. */
export interface CheckpointOptions {
  /** Where an embedded database lies; with `databaseUrl` only what is made beside it. */
  readonly folder: string
  readonly databaseUrl?: string
  readonly master: MasterKey
  /** Master keys that something may still be encrypted under; it is wrapped anew under `master` while the server runs. */
  readonly former?: readonly MasterKey[]
  /** An OpenID provider whose tokens open the API beside our own. */
  readonly oidc?: OidcOptions
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[]
  readonly production: boolean
  /** Roots of emulated platforms; refused in production. */
  readonly emulatedAnchors: readonly TrustAnchor[]
  /** Emulated machines that sign for administrators; refused in production. */
  readonly emulated?: EmulatedPlatforms
  readonly source: CollateralSource | undefined
  readonly host: string
  readonly port: number
  /** Certificate and key; renewed ones are shown as soon as their files have changed. */
  readonly tls?: WatchedFiles<TlsOptions>
  /** URL that others reach it at; names it in attestation results and in the log. */
  readonly publicUrl?: string
  /** A one-time link is made although somebody was let in before. */
  readonly newSetupLink?: boolean
  readonly leaseSeconds?: number
  /** How often live leases are judged by endorsements as they are then, beside whenever these are seen to be others. Default 60. */
  readonly recheckMinutes?: number
  readonly retention?: Retention
  readonly version: string
  readonly console?: string
  readonly now: () => Date
  /** Takes the log lines. */
  readonly writeLog: (text: string) => void
  /** What else the verifier is made with: roots of TPM makers, and endorsements where they are not from files. */
  readonly verifier?: Pick<VerifierOptions, 'arm' | 'tpmRoots'>
  /** Endorsements from files, read again when these change. */
  readonly endorsements?: WatchedFiles<EndorsementFiles>
}

/** A checkpoint that answers. */
export interface Checkpoint {
  readonly url: string
  readonly broker: Broker
  readonly db: Database
  /** The log's public key, as verifiers keep it. */
  readonly logKey: string
  /** The one-time link that makes the first token, or one in place of those that are lost; undefined where there is none. */
  readonly setupLink: string | undefined
  /** Resolves when it can serve no longer: a process of a newer version changed the database. */
  readonly over: Promise<Error>
  /** A token for everything, for whoever holds this object: the demonstration. */
  adminToken(): Promise<string>
  close(): Promise<void>
}

const MINUTE_MS = 60 * 1000
/** Vendors' lists are good for days, and recoveries are announced weeks ahead: an hour late is early. */
const RECHECK_MINUTES = 60
/** Where a source wavers, leases are not looked at all the time. */
const NEWS_GAP_MS = 10_000
const DAY_MS = 24 * 60 * 60 * 1000

/** Opens database, vault, log, verifier and broker, and serves them. Whatever was opened is closed when a part fails. */
export async function openCheckpoint(options: CheckpointOptions): Promise<Checkpoint> {
  const closers: (() => Promise<void>)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of closers.reverse().splice(0)) await close()
  }
  try {
    return await open(options, closers, closeAll)
  } catch (error) {
    await closeAll()
    throw error
  }
}

async function open(
  options: CheckpointOptions,
  closers: (() => Promise<void>)[],
  closeAll: () => Promise<void>,
): Promise<Checkpoint> {
  const { master, production, now, source, emulatedAnchors } = options
  if (production && options.emulated !== undefined) throw new TypeError('emulated platforms sign nothing in production')
  const parts = await import('@sekisho/broker')
  const url = options.databaseUrl
  const db = await parts.openDatabase(url === undefined ? { folder: join(options.folder, 'db') } : { url })
  closers.push(() => db.close())
  const former = options.former ?? []
  const { logKey, sessionKey } = await parts.serverKeys(db, master, former)
  const vault = await parts.openVault(db, { master, former })
  const port = options.port === 0 ? await freePort(options.host) : options.port
  const issuer = options.publicUrl ?? originOf(options, port)
  const log = await parts.openLog(db, { origin: await originOfLog(db, issuer), signingKey: logKey })
  const everyMs = (options.recheckMinutes ?? RECHECK_MINUTES) * MINUTE_MS
  const looks = rechecks({ everyMs, gapMs: NEWS_GAP_MS, started: now() })
  const say = sayer(options)
  const verifier = parts.openVerifier({
    ...(source === undefined ? {} : { source }),
    ...(emulatedAnchors.length === 0 ? {} : { trustAnchors: emulatedAnchors }),
    ...options.verifier,
    ...options.endorsements?.value,
    activation: parts.enrolledKeys(db),
    onTrouble: (reason) => say('error', 'trouble', { reason }),
    onNews(endorsements) {
      say('info', 'news', { endorsements, reason: 'others than before: live leases are looked at again' })
      looks.news()
    },
  })
  const broker = await parts.openBroker({
    db,
    vault,
    log,
    verifier,
    sessionKey,
    issuer,
    production,
    ...(options.leaseSeconds === undefined ? {} : { leaseSeconds: options.leaseSeconds }),
    ...(options.retention === undefined ? {} : { retention: options.retention }),
  })
  // One folder has one process at a time: a name that changed there is of the past.
  const another = db.kind === 'postgres' ? await parts.noteIssuer(db, issuer) : undefined
  if (another !== undefined)
    say('warn', 'issuer', {
      reason: `results are signed here as ${issuer}, and the process before signed as ${another}: where both run on this database, each refuses the other's results; give all the same --public-url`,
    })
  const tokens = parts.accessTokens(db)
  const record: LinkKeeper['record'] = (sql, act) => broker.admin.record(sql, '*', act, { actor: 'up', at: now() })
  const setup =
    options.newSetupLink === true
      ? await parts.createRecoveryLink({ db, record }, now())
      : await parts.createSetupLink(db, now())
  let overtaken: (error: Error) => void = () => undefined
  const over = new Promise<Error>((resolve) => {
    overtaken = resolve
  })
  const onTrouble = (error: unknown): void => {
    if (error instanceof parts.StorageError && error.code === 'newer') overtaken(error)
    else say('error', 'trouble', { reason: wordsOf(error) })
  }
  const watch = endorsementWatch({ broker, verifier, files: options.endorsements, looks, say })
  // By themselves: what files vouch for no more is not believed, however long a pass over the leases takes.
  closers.push(everySecond(() => watch.look(), onTrouble))
  closers.push(ticking({ broker, looks, watch, now, onTrouble }))
  const { startServer } = await import('@sekisho/server')
  const { tls } = options
  let certificates: Rereading | undefined
  const server = await startServer({
    broker,
    db,
    vault,
    log,
    tokens,
    host: options.host,
    port,
    version: options.version,
    writeLog: options.writeLog,
    now,
    ...(source === undefined ? {} : { source }),
    ...(options.emulated === undefined ? {} : { emulated: options.emulated }),
    ...(tls === undefined ? {} : { tls: tls.value }),
    stale: {
      ...(options.endorsements === undefined ? {} : { endorsements: () => watch.stale }),
      ...(tls === undefined ? {} : { tls: () => certificates?.stale === true }),
    },
    ...(options.oidc === undefined ? {} : { oidc: options.oidc }),
    ...(options.trustedProxies === undefined ? {} : { trustedProxies: options.trustedProxies }),
    ...(options.console === undefined ? {} : { console: options.console }),
  })
  closers.push(() => server.close())
  if (tls !== undefined) {
    const reread = rereading(tls, {
      renewed(value) {
        server.renewTls(value)
        say('info', 'files', { files: 'tls', reason: 'read anew: new connections get this certificate' })
      },
      failed: (error) =>
        say('warn', 'files', { files: 'tls', reason: `${wordsOf(error)}: the certificate read before stays in use` }),
    })
    certificates = reread
    closers.push(everySecond(() => reread.look(), onTrouble))
  }
  if (former.length > 0) closers.push(rotation(vault, options))
  return {
    url: server.url,
    broker,
    db,
    logKey: log.verifierKey,
    setupLink: setup === undefined ? undefined : `${server.url}/setup#${setup.secret}`,
    over,
    adminToken: async () => {
      const expires = new Date(now().getTime() + DAY_MS)
      const made = await db.transaction((sql) =>
        tokens.create(sql, { namespace: '*', name: 'demonstration', scopes: ['admin'], expires, at: now() }),
      )
      return made.token
    },
    close: closeAll,
  }
}

/** Wraps what is under a former master key anew, beside everything else; what is left is said. */
function rotation(vault: Vault, options: CheckpointOptions): () => Promise<void> {
  const say = sayer(options)
  const running = vault.rotateMaster(options.master).then(
    ({ rewrapped, inUse }) => say('info', 'rotation', { rewrapped, inUse }),
    (error: unknown) => say('error', 'trouble', { reason: wordsOf(error) }),
  )
  return () => running
}

function originOf({ host, tls }: CheckpointOptions, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `${tls === undefined ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** A log keeps the name that it began with, wherever the server listens today. */
async function originOfLog(db: Database, issuer: string): Promise<string> {
  const [head] = await db.all<{ verifier_key: string }>('SELECT verifier_key FROM log_head WHERE id = 1')
  return head?.verifier_key.split('+')[0] ?? `${new URL(issuer).host}/log`
}

/** A port that is free now. */
async function freePort(host: string): Promise<number> {
  const { createServer } = await import('node:net')
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', reject).listen(0, host, resolve)
  })
  const address = probe.address()
  await new Promise<void>((resolve) => {
    probe.close(() => resolve())
  })
  if (typeof address === 'object' && address !== null) return address.port
  throw new TypeError(`${host} gives no port`)
}
