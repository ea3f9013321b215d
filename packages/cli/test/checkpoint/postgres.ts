import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { until } from '../until.ts'

/** A PostgreSQL server of a test's own, on a socket in a scratch folder. */
export interface Postgres {
  /** URL of its one database. */
  readonly url: string
  /** Everything that it holds, as `pg_dump` writes it. */
  dump(): string
  /** Makes another database. @returns its URL */
  create(name: string): string
  /** Runs statements in a database, past every program. */
  run(database: string, statements: string): void
  stop(): Promise<void>
}

const INSTALLED = '/usr/lib/postgresql'

function programs(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined
  const folders = readdirSync(INSTALLED).map((version) => join(INSTALLED, version, 'bin'))
  return folders.find((folder) => existsSync(join(folder, 'initdb')))
}

/** The server refuses to run as root: then it runs as the user that the package made. */
function user(): { readonly uid: number; readonly gid: number } | undefined {
  const [, , uid, gid] = /^postgres:.*$/m.exec(readFileSync('/etc/passwd', 'utf8'))?.[0].split(':') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

const isRoot = process.getuid?.() === 0

/** False, or why tests with PostgreSQL are skipped. */
export const postgresMissing: string | false =
  programs() === undefined
    ? `no PostgreSQL server in ${INSTALLED} (Debian: postgresql)`
    : isRoot && user() === undefined
      ? 'PostgreSQL does not run as root, and there is no user postgres'
      : false

/** Starts a server. */
export async function startPostgres(): Promise<Postgres> {
  const bin = programs() ?? ''
  const as = isRoot ? user() : undefined
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-pg-'))
  if (as !== undefined) chownSync(folder, as.uid, as.gid)
  const options = { ...as, cwd: folder }
  const data = join(folder, 'data')
  const auth = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N']
  execFileSync(join(bin, 'initdb'), ['-D', data, ...auth], { ...options, stdio: 'ignore' })
  const settings = [`unix_socket_directories=${folder}`, 'listen_addresses=', 'fsync=on'].flatMap((one) => ['-c', one])
  const server = spawn(join(bin, 'postgres'), ['-D', data, ...settings], { ...options, stdio: 'ignore' })
  const ended = new Promise((resolve) => server.once('exit', resolve))
  await takesConnections(join(bin, 'pg_isready'), folder, server).catch((error: unknown) => {
    server.kill('SIGINT')
    throw error
  })
  const urlOf = (name: string): string => `postgres://postgres@${encodeURIComponent(folder)}/${name}`
  const run = (database: string, statements: string): void => {
    const args = ['-q', '-v', 'ON_ERROR_STOP=1', '-h', folder, '-U', 'postgres', '-c', statements, database]
    execFileSync(join(bin, 'psql'), args, options)
  }
  return {
    url: urlOf('postgres'),
    dump: () =>
      execFileSync(join(bin, 'pg_dump'), ['-h', folder, '-U', 'postgres', 'postgres'], {
        ...options,
        encoding: 'utf8',
        maxBuffer: 256 * 1024 * 1024,
      }),
    create(name) {
      run('postgres', `CREATE DATABASE ${name}`)
      return urlOf(name)
    },
    run,
    async stop() {
      server.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function takesConnections(program: string, folder: string, server: ChildProcess): Promise<void> {
  const args = ['-q', '-h', folder, '-U', 'postgres']
  await until('PostgreSQL takes connections', () => {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error('PostgreSQL did not start')
    return spawnSync(program, args, { stdio: 'ignore' }).status === 0
  })
}
