import { createPrivateKey, X509Certificate } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { EndorsementFiles, MasterKey, TpmRoots } from '@sekisho/broker'
import type { CollateralSource } from '@sekisho/collateral'
import type { World } from '@sekisho/emulator'
import type { EmulatedPlatforms, TlsOptions } from '@sekisho/server'
import type { Around } from '../around.ts'
import { readEndorsementFiles } from '../checkpoint/endorsement-files.ts'
import { freePort } from '../checkpoint/free-port.ts'
import {
  checkMasterKey,
  formerMasterKeys,
  type MasterKeyOptions,
  masterKeyOf,
  nextMasterKey,
} from '../checkpoint/master-key.ts'
import { readOidc } from '../checkpoint/oidc-file.ts'
import { type Checkpoint, openCheckpoint } from '../checkpoint/open.ts'
import type { CheckpointOptions } from '../checkpoint/options.ts'
import { pageFolder } from '../checkpoint/page.ts'
import { inPlainWords } from '../checkpoint/plain-words.ts'
import { type ServedWorld, serveWorld } from '../checkpoint/served-world.ts'
import { untilStopped } from '../checkpoint/stop.ts'
import { type WatchedFiles, watched } from '../checkpoint/watched-files.ts'
import { openWorld } from '../checkpoint/world-file.ts'
import { CliError, EXIT, usageError } from '../exit.ts'
import { readBounded } from '../input.ts'
import type { KeepRefused } from '../options/retention.ts'
import { readTpmRootFiles } from '../options/tpm-roots.ts'
import { dataFolder } from '../remote/folders.ts'
import { writePrivate } from '../remote/private-file.ts'
import { DEFAULT_PORT } from '../remote/profile.ts'
import { Paper } from '../render/paper.ts'
import { SEKISHO } from '../self.ts'
import { VERSION } from '../version.ts'
import { SETUP_LINK } from './login.ts'
import { type NetworkFlags, sourceOf } from './source.ts'

/** Options of `sekisho up`, as the argument parser gives them. */
export interface UpOptions extends MasterKeyOptions, NetworkFlags {
  readonly data?: string
  readonly host?: string
  readonly port?: number
  readonly publicUrl?: string
  readonly newSetupLink?: true
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly oidc?: string
  readonly trustedProxy?: readonly string[]
  readonly emulated?: true
  readonly tpmRoot?: readonly string[]
  readonly endorsements?: readonly string[]
  readonly lease?: number
  readonly recheck?: number
  readonly keepRefused?: KeepRefused
  readonly keepEvents?: number
  readonly eventStreams?: number
}

/** More would take connections from those who ask for secrets: a server has 4,096. */
const MOST_STREAMS = 3000

/** `sekisho up`: the whole checkpoint in one process, until it is told to stop. */
export async function upCommand(options: UpOptions, around: Around): Promise<number> {
  if (options.production === true && options.emulated === true)
    throw usageError(
      '--production refuses --emulated: nobody should get a real secret for software that plays a machine',
    )
  if (options.recheck === 0) throw usageError('--recheck 0: expected minutes, one at least')
  if (options.lease === 0) throw usageError('--lease 0: expected seconds, one at least')
  if (options.keepEvents === 0) throw usageError('--keep-events 0: expected days, one at least')
  const { eventStreams } = options
  if (eventStreams !== undefined && (eventStreams === 0 || eventStreams > MOST_STREAMS))
    throw usageError(`--event-streams ${eventStreams}: expected 1 to ${MOST_STREAMS}`)
  const folder = dataFolder(options.data, around)
  const host = options.host ?? '127.0.0.1'
  const port = options.port ?? DEFAULT_PORT
  const stopped = untilStopped()
  // Both before anything is made: a start that comes to nothing leaves no folder with keys behind.
  const given = await readGiven(options, folder, around)
  if (port !== 0) await freePort(host, port).catch((error: unknown) => Promise.reject(inPlainWords(error)))
  const emulated = options.emulated === true ? await startWorld(folder, around) : undefined
  try {
    const checkpoint = await start({ folder, host, port, emulated, given }, options, around)
    try {
      await announce(checkpoint, folder, emulated, options, around)
      const over = await Promise.race([stopped, checkpoint.over])
      around.err('sekisho: stopping\n')
      if (over !== undefined) throw inPlainWords(over)
    } finally {
      await checkpoint.close()
      // It names a server that is gone; another start makes another.
      await rm(join(folder, SETUP_LINK), { force: true })
    }
  } finally {
    await emulated?.close()
  }
  return EXIT.ok
}

interface EmulatedWorld extends ServedWorld {
  readonly anchors: World['anchors']
  readonly arm: { readonly keys: string; readonly referenceValues: string }
  readonly file: string
  /** The world as its file has it now. */
  worldNow(): Promise<World>
}

/** The world stays in its file: what `sekisho emulate` and `sekisho request` change there is served at once. */
async function startWorld(folder: string, around: Around): Promise<EmulatedWorld> {
  const file = join(folder, 'world.json')
  const onMaking = (): void =>
    around.err(
      'sekisho: makes the RSA keys of an emulated world, once: seconds, and up to a minute on a busy machine\n',
    )
  const first = await openWorld(file, () => around.now(), { onMaking })
  const { anchors } = first.world
  await first.save()
  let world = first.world
  let read = await changed(file)
  const worldNow = async (): Promise<World> => {
    const now = await changed(file)
    if (now !== read) {
      world = (await openWorld(file, () => around.now())).world
      read = now
    }
    return world
  }
  const served = await serveWorld(worldNow, 0)
  return { url: served.url, anchors, arm: first.world.arm.endorsements(), file, worldNow, close: () => served.close() }
}

async function platformsOf(world: EmulatedWorld, around: Around): Promise<EmulatedPlatforms> {
  const { emulatedPlatforms } = await import('../checkpoint/emulated-platforms.ts')
  const { playedEndorsements } = await import('../checkpoint/played-endorsements.ts')
  const source = playedEndorsements(world, () => around.now())
  return emulatedPlatforms(world.worldNow, { ...world, source, now: () => around.now() })
}

/** Tells of each change of the world once. */
function changesOf({ worldNow }: EmulatedWorld): () => Promise<boolean> {
  let seen: World | undefined
  return async () => {
    // While the file is gone or half written, the services answer 503: that says nothing about a platform.
    const now = await worldNow().catch(() => seen)
    const isOther = seen !== undefined && now !== seen
    seen = now
    return isOther
  }
}

async function changed(file: string): Promise<number> {
  return (await stat(file)).mtimeMs
}

/** What a start stands on. */
interface Ground {
  readonly folder: string
  readonly host: string
  readonly port: number
  readonly emulated: EmulatedWorld | undefined
  readonly given: Given
}

/** What options name beside endorsements, read. */
interface Given extends Pick<CheckpointOptions, 'oidc' | 'tls' | 'former'> {
  readonly tpmRoots?: TpmRoots
  /** Vendors' services. */
  readonly source?: CollateralSource
}

// As long as endorsements are held in memory: the cache's day would keep a revocation from running workloads.
const FRESH_MS = 5 * 60_000

async function readGiven(options: UpOptions, folder: string, around: Around): Promise<Given> {
  checkMasterKey(options, around)
  try {
    return {
      ...(options.tpmRoot === undefined ? {} : { tpmRoots: await readTpmRootFiles(options.tpmRoot, around) }),
      ...(options.oidc === undefined ? {} : { oidc: await readOidc(options.oidc, around) }),
      ...(await tlsOf(options)),
      ...(options.offline === true
        ? {}
        : { source: await sourceOf({ ...options, freshMs: FRESH_MS }, undefined, around) }),
      former: await formerMasterKeys(options, folder),
    }
  } catch (error) {
    throw inPlainWords(error)
  }
}

async function start(
  { folder, host, port, emulated, given: { tpmRoots, source, ...given } }: Ground,
  options: UpOptions,
  around: Around,
): Promise<Checkpoint> {
  const databaseUrl = around.env['DATABASE_URL'] ?? ''
  const paths = options.endorsements
  const files =
    paths === undefined ? undefined : await watched(paths, () => endorsementFiles(paths, emulated?.arm, around))
  const page = pageFolder()
  try {
    const key = await masterKeyOf(options, folder, around)
    const nextMaster = (): Promise<MasterKey | undefined> => nextMasterKey(options, folder, around)
    // A rotation that the last process began, or that was asked for while none ran.
    const next = databaseUrl === '' ? await nextMaster() : undefined
    return await openCheckpoint({
      folder,
      ...(databaseUrl === '' ? { nextMaster } : { databaseUrl }),
      master: next ?? key,
      production: options.production === true,
      emulatedAnchors: emulated?.anchors ?? [],
      ...(emulated === undefined
        ? {}
        : { emulated: await platformsOf(emulated, around), worldChanged: changesOf(emulated) }),
      verifier: {
        ...(emulated === undefined ? {} : { arm: emulated.arm }),
        ...(tpmRoots === undefined ? {} : { tpmRoots }),
      },
      ...(files === undefined ? {} : { endorsements: files }),
      source: await endorsements(emulated, source, around),
      host,
      port,
      ...(page === undefined ? {} : { console: page }),
      ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
      newSetupLink: options.newSetupLink === true,
      ...given,
      former: [...(next === undefined ? [] : [key]), ...(given.former ?? [])],
      ...(options.trustedProxy === undefined ? {} : { trustedProxies: options.trustedProxy }),
      ...(options.lease === undefined ? {} : { leaseSeconds: options.lease }),
      ...(options.recheck === undefined ? {} : { recheckMinutes: options.recheck }),
      retention: {
        ...options.keepRefused,
        ...(options.keepEvents === undefined ? {} : { eventDays: options.keepEvents }),
      },
      ...(options.eventStreams === undefined ? {} : { eventStreams: options.eventStreams }),
      version: VERSION,
      now: () => around.now(),
      writeLog: (text) => around.err(text),
    })
  } catch (error) {
    throw inPlainWords(error)
  }
}

async function endorsementFiles(
  paths: readonly string[],
  arm: EmulatedWorld['arm'] | undefined,
  around: Around,
): Promise<EndorsementFiles> {
  const files = await readEndorsementFiles(paths, around)
  if (arm === undefined) return files
  if (files.arm !== undefined)
    throw usageError('--emulated brings the keys of its own Arm platforms; leave out those of --endorsements')
  return { ...files, arm }
}

/** Vendors are asked about all but emulated platforms. */
async function endorsements(
  emulated: EmulatedWorld | undefined,
  source: CollateralSource | undefined,
  around: Around,
): ReturnType<typeof sourceOf> {
  if (emulated === undefined) return source ?? (await import('@sekisho/collateral')).chainSources()
  const { endorsementsBeside, playedEndorsements } = await import('../checkpoint/played-endorsements.ts')
  return endorsementsBeside(
    playedEndorsements(emulated, () => around.now()),
    emulated,
    source,
  )
}

async function tlsOf({ tlsCert, tlsKey }: UpOptions): Promise<{ tls?: WatchedFiles<TlsOptions> }> {
  if (tlsCert === undefined && tlsKey === undefined) return {}
  if (tlsCert === undefined || tlsKey === undefined) throw usageError('--tls-cert and --tls-key belong together')
  return { tls: await watched([tlsCert, tlsKey], () => readTls(tlsCert, tlsKey)) }
}

const MAX_PEM = 1024 * 1024

async function readTls(tlsCert: string, tlsKey: string): Promise<TlsOptions> {
  const read = async (path: string): Promise<string> => Buffer.from(await readBounded(path, MAX_PEM)).toString()
  const tls = { cert: await read(tlsCert), key: await read(tlsKey) }
  const { createSecureContext } = await import('node:tls')
  try {
    createSecureContext(tls)
    // OpenSSL takes an empty text for none: such a server is up, and every connection to it fails.
    if (!new X509Certificate(tls.cert).checkPrivateKey(createPrivateKey(tls.key)))
      throw new TypeError('the key is of another certificate')
  } catch (cause) {
    const message = '--tls-cert and --tls-key: expected a certificate chain and the private key of its first, in PEM'
    throw new CliError(EXIT.unreadable, message, { cause })
  }
  return tls
}

async function announce(
  { url, setupLink, logKey }: Checkpoint,
  folder: string,
  emulated: EmulatedWorld | undefined,
  options: UpOptions,
  around: Around,
): Promise<void> {
  const paper = new Paper(around)
  const mark = emulated === undefined ? [] : [{ text: ' EMULATED platforms are trusted', tone: 'bad' } as const]
  paper.line(0, 2, { text: 'Sekisho is up', tone: 'good' }, ` at ${url}`, ...mark)
  if (pageFolder() !== undefined) paper.entry(2, 14, 'workbench', `${url}/`)
  paper.entry(2, 14, 'KBS', `${url}/kbs/v0`)
  paper.entry(2, 14, 'API', `${url}/api/v1/openapi.json`)
  paper.entry(2, 14, 'log key', logKey)
  paper.entry(2, 14, 'data', around.env['DATABASE_URL'] ? 'PostgreSQL of DATABASE_URL' : folder)
  if (emulated !== undefined) {
    paper.entry(2, 14, 'emulated', `${emulated.url} (KDS and PCS), world in ${emulated.file}`)
  }
  const file = join(folder, SETUP_LINK)
  // A process that was killed leaves the link of its start, which is spent or over by now.
  if (setupLink === undefined) await rm(file, { force: true })
  else {
    await writePrivate(file, `${setupLink}\n`)
    const why = options.newSetupLink === true ? 'A new link, which the log has.' : 'First start.'
    paper.blank().line(0, 2, `${why} This link works once, for 30 minutes:`)
    paper.verbatim(2, setupLink)
    const where = options.data === undefined ? '' : ` --data ${options.data}`
    paper.line(0, 2, 'or, on this machine, in another terminal:').verbatim(2, `${SEKISHO} login${where}`)
  }
  around.out(paper.blank().line(0, 2, { text: 'Ctrl-C stops it.', tone: 'faint' }).toString())
}
