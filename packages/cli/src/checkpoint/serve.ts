import type { RunningServer, ServerOptions } from '@sekisho/server'
import type { EndorsementWatch } from './endorsement-watch.ts'
import type { CheckpointOptions } from './options.ts'
import { type Say, wordsOf } from './say.ts'
import { everySecond } from './ticking.ts'
import { type Rereading, rereading } from './watched-files.ts'

/** What is served, and where. */
interface Served extends Pick<ServerOptions, 'broker' | 'db' | 'vault' | 'log' | 'tokens' | 'port'> {
  readonly say: Say
  /** Frees the port, if it was held. */
  freePort(): Promise<void>
}

/** What runs beside the server. */
interface Around {
  readonly watch: EndorsementWatch
  readonly onTrouble: (error: unknown) => void
  /** Takes what ends the server. */
  readonly closers: (() => Promise<void>)[]
}

/** Starts the server, and shows a renewed certificate from then on. */
export async function serve(
  options: CheckpointOptions,
  { say, freePort, ...opened }: Served,
  { watch, onTrouble, closers }: Around,
): Promise<RunningServer> {
  const { startServer } = await import('@sekisho/server')
  const { source, tls } = options
  let certificates: Rereading | undefined
  await freePort()
  const server = await startServer({
    ...opened,
    host: options.host,
    version: options.version,
    writeLog: options.writeLog,
    now: options.now,
    ...(source === undefined ? {} : { source }),
    ...(options.emulated === undefined ? {} : { emulated: options.emulated }),
    ...(tls === undefined ? {} : { tls: tls.value }),
    stale: {
      ...(options.endorsements === undefined ? {} : { endorsements: () => watch.stale }),
      ...(tls === undefined ? {} : { tls: () => certificates?.stale === true }),
    },
    ...(options.oidc === undefined ? {} : { oidc: options.oidc }),
    ...(options.trustedProxies === undefined ? {} : { trustedProxies: options.trustedProxies }),
    ...(options.eventStreams === undefined ? {} : { limits: { eventStreams: options.eventStreams } }),
    ...(options.console === undefined ? {} : { console: options.console }),
  })
  closers.push(() => server.close())
  if (tls === undefined) return server
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
  return server
}
