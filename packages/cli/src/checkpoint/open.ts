import { join } from 'node:path'
import type { AccessTokens, Broker, Database, LinkKeeper, Log, OpenedVerifier, SetupLink, Vault } from '@sekisho/broker'
import { type Rechecks, rechecks } from './due.ts'
import { endorsementWatch } from './endorsement-watch.ts'
import { holdPort } from './free-port.ts'
import type { CheckpointOptions } from './options.ts'
import { type Say, sayer, wordsOf } from './say.ts'
import { serve } from './serve.ts'
import { everySecond, ticking } from './ticking.ts'

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
  const { production, now } = options
  if (production && options.emulated !== undefined) throw new TypeError('emulated platforms sign nothing in production')
  const module = await import('@sekisho/broker')
  const opened = await openParts(module, options, closers)
  const { broker, db, vault, log, tokens, port, freePort, verifier, looks, say } = opened
  const setup = await setupLink(module, opened, options)
  const { over, onTrouble } = troubles(module, say)
  const watch = endorsementWatch({ broker, verifier, files: options.endorsements, looks, say })
  // By themselves: what files vouch for no more is not believed, however long a pass over the leases takes.
  closers.push(everySecond(() => watch.look(), onTrouble))
  const { worldChanged } = options
  if (worldChanged !== undefined)
    closers.push(
      everySecond(async () => {
        if (!(await worldChanged())) return
        verifier.forget()
        looks.news()
        say('info', 'news', { endorsements: 'emulated', reason: 'the world changed: live leases are looked at again' })
      }, onTrouble),
    )
  closers.push(ticking({ broker, looks, watch, now, onTrouble }))
  const served = { broker, db, vault, log, tokens, port, freePort, say }
  const server = await serve(options, served, { watch, onTrouble, closers })
  // Others on one database would not know the next key.
  const nextMaster = db.kind === 'sqlite' ? options.nextMaster : undefined
  if ((options.former ?? []).length > 0 || nextMaster !== undefined)
    closers.push(rotation(vault, { ...options, nextMaster }, say, onTrouble))
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

type BrokerModule = typeof import('@sekisho/broker')

/** What is open before anything is served. */
interface Opened {
  readonly db: Database
  readonly vault: Vault
  readonly log: Log
  readonly verifier: OpenedVerifier
  readonly broker: Broker
  readonly tokens: AccessTokens
  readonly looks: Rechecks
  readonly say: Say
  /** Where to listen: a free one in the place of 0. */
  readonly port: number
  /** Frees that port, for whoever listens on it at once. */
  freePort(): Promise<void>
}

async function openParts(
  module: BrokerModule,
  options: CheckpointOptions,
  closers: (() => Promise<void>)[],
): Promise<Opened> {
  const { master, production, now, source, emulatedAnchors, databaseUrl: url } = options
  const say = sayer(options)
  const onWait = (reason: string): void => say('warn', 'storage', { reason })
  const db = await module.openDatabase(url === undefined ? { folder: join(options.folder, 'db') } : { url, onWait })
  closers.push(() => db.close())
  const former = options.former ?? []
  const { logKey, sessionKey } = await module.serverKeys(db, master, former)
  const vault = await module.openVault(db, { master, former })
  // Its address is in what it signs, and is known before it can listen: until then nobody else may come to listen there.
  const held = options.port === 0 ? await holdPort(options.host) : undefined
  const port = held?.port ?? options.port
  const freePort = async (): Promise<void> => held?.release()
  closers.push(freePort)
  const issuer = options.publicUrl ?? originOf(options, port)
  // A log keeps the name that it began with, wherever the server listens today.
  const origin = (await module.logOrigin(db)) ?? `${new URL(issuer).host}/log`
  const log = await module.openLog(db, { origin, signingKey: logKey })
  const everyMs = (options.recheckMinutes ?? RECHECK_MINUTES) * MINUTE_MS
  const looks = rechecks({ everyMs, gapMs: NEWS_GAP_MS, started: now() })
  const verifier = module.openVerifier({
    ...(source === undefined ? {} : { source }),
    ...(emulatedAnchors.length === 0 ? {} : { trustAnchors: emulatedAnchors }),
    ...options.verifier,
    ...options.endorsements?.value,
    activation: module.enrolledKeys(db),
    onTrouble: (reason) => say('error', 'trouble', { reason }),
    onNews(endorsements) {
      say('info', 'news', { endorsements, reason: 'others than before: live leases are looked at again' })
      looks.news()
    },
  })
  const broker = await module.openBroker({
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
  const another = db.kind === 'postgres' ? await module.noteIssuer(db, issuer) : undefined
  if (another !== undefined)
    say('warn', 'issuer', {
      reason: `results are signed here as ${issuer}, and the process before signed as ${another}: where both run on this database, each refuses the other's results; give all the same --public-url`,
    })
  return { db, vault, log, verifier, broker, tokens: module.accessTokens(db), looks, say, port, freePort }
}

/** The one-time link of this start; undefined where there is none. */
function setupLink(
  module: BrokerModule,
  { db, broker }: Opened,
  { newSetupLink, now }: CheckpointOptions,
): Promise<SetupLink | undefined> {
  if (newSetupLink !== true) return module.createSetupLink(db, now())
  const record: LinkKeeper['record'] = (sql, act) => broker.admin.record(sql, '*', act, { actor: 'up', at: now() })
  return module.createRecoveryLink({ db, record }, now())
}

/** Says what fails beside requests; `over` resolves when nothing can go on. */
function troubles(
  { StorageError }: BrokerModule,
  say: Say,
): { readonly over: Promise<Error>; readonly onTrouble: (error: unknown) => void } {
  let overtaken: (error: Error) => void = () => undefined
  const over = new Promise<Error>((resolve) => {
    overtaken = resolve
  })
  const onTrouble = (error: unknown): void => {
    if (error instanceof StorageError && error.code === 'newer') overtaken(error)
    else say('error', 'trouble', { reason: wordsOf(error) })
  }
  return { over, onTrouble }
}

/**
 * Wraps what is under a former master key anew, beside everything else, and says what is left; once more when there is a next
 * key. What fails is tried again a second later; what is not done at the end is for the next start.
 */
function rotation(
  vault: Vault,
  {
    master,
    former = [],
    nextMaster = async () => undefined,
  }: Pick<CheckpointOptions, 'master' | 'former'> & {
    readonly nextMaster: CheckpointOptions['nextMaster'] | undefined
  },
  say: Say,
  onTrouble: (error: unknown) => void,
): () => Promise<void> {
  const over = new AbortController()
  let current = master
  let isDone = former.length === 0
  let wrong: string | undefined
  let seen: string | undefined
  const wrapping = everySecond(async () => {
    const next = await nextMaster().catch((error: unknown) => {
      // It is read again and again: what is wrong with it is said once.
      const words = wordsOf(error)
      if (words !== wrong) say('warn', 'rotation', { reason: words })
      wrong = words
    })
    // A file that is half written may look like another key: it must be the same twice.
    if (next !== undefined && next.id === seen && next.id !== current.id) {
      current = next
      isDone = false
    }
    seen = next?.id
    if (isDone) return
    const { rewrapped, inUse } = await vault.rotateMaster(current, over.signal)
    isDone = true
    say('info', 'rotation', { rewrapped, inUse })
  }, onTrouble)
  return () => {
    over.abort()
    return wrapping()
  }
}

function originOf({ host, tls }: CheckpointOptions, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `${tls === undefined ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${port}`
}
