import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import pg from 'pg'

/** A PostgreSQL server of a test's own, on a unix socket in a temporary folder, with fsync on. */
export interface TestPostgres {
  /** The URL of a new, empty database. */
  createDatabase(): Promise<string>
  /** Kills the server and all its children with SIGKILL, as a power cut would. */
  kill(): Promise<void>
  /** Starts the server again after {@link kill} and waits until it takes connections. */
  start(): Promise<void>
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
}

const INSTALLED = '/usr/lib/postgresql'

/** What PostgreSQL tests miss on this machine: the message to skip them with; false when nothing is missing. */
export const postgresMissing: string | false = missing()

function missing(): string | false {
  if (programs() === undefined) return `no PostgreSQL server in ${INSTALLED} (Debian: postgresql)`
  if (process.getuid?.() === 0 && serverUser() === undefined) {
    return 'PostgreSQL does not run as root, and there is no user "postgres" to run it as'
  }
  return false
}

function programs(): string | undefined {
  if (!existsSync(INSTALLED)) return undefined
  const versions = readdirSync(INSTALLED).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => join(INSTALLED, version, 'bin')).find((bin) => existsSync(join(bin, 'postgres')))
}

interface User {
  readonly uid: number
  readonly gid: number
}

function serverUser(): User | undefined {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((user) => user.startsWith('postgres:'))
  const [, , uid, gid] = line?.split(':') ?? []
  return uid === undefined || gid === undefined ? undefined : { uid: Number(uid), gid: Number(gid) }
}

let shared: Promise<TestPostgres> | undefined
after(async () => await (await shared)?.stop())

/**
 * The one server of all tests of this process that never kill it: to make and to remove its thousand files takes seconds.
 * Call it only when {@link postgresMissing} is false. It ends with the last test.
 */
export function sharedPostgres(): Promise<Omit<TestPostgres, 'kill' | 'start' | 'stop'>> {
  shared ??= startPostgres()
  return shared
}

/**
 * Starts a server; call it only when {@link postgresMissing} is false.
 *
 * @param settings further settings, `name=value`
 */
export async function startPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const bin = programs()
  if (bin === undefined) throw new Error('PostgreSQL is not here')
  const user = process.getuid?.() === 0 ? serverUser() : undefined
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-pg-'))
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  const data = join(folder, 'data')
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'], {
    ...user,
    cwd: folder,
    stdio: 'ignore',
  })
  const config = [`unix_socket_directories=${folder}`, 'listen_addresses=', 'max_connections=50', ...settings]
  const args = ['-D', data, ...config.flatMap((setting) => ['-c', setting])]
  let server: ChildProcess | undefined

  const urlOf = (name: string): string => `postgres://postgres@${encodeURIComponent(folder)}/${name}`
  const start = async (): Promise<void> => {
    const child = spawn(join(bin, 'postgres'), args, { ...user, cwd: folder, stdio: 'ignore' })
    server = child
    await ready(urlOf('postgres'), child).catch((error: unknown) => {
      child.kill('SIGINT')
      throw error
    })
  }
  const ended = async (child: ChildProcess | undefined, signal: () => void): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exit = new Promise((resolve) => child.once('exit', resolve))
    signal()
    await exit
  }
  await start()
  return {
    start,
    async createDatabase() {
      const name = `test_${randomBytes(6).toString('hex')}`
      await once(urlOf('postgres'), `CREATE DATABASE ${name}`)
      return urlOf(name)
    },
    async kill() {
      const child = server
      await ended(child, () => {
        const pid = child?.pid ?? 0
        const family = [pid, ...childrenOf(pid)]
        for (const member of family) killHard(member)
      })
    },
    async stop() {
      await ended(server, () => server?.kill('SIGINT'))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function ready(url: string, server: ChildProcess): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await once(url, 'SELECT 1')
      return
    } catch (error) {
      if (attempt === 1800 || server.exitCode !== null || server.signalCode !== null) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

async function once(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    // It ended in the meantime.
    return undefined
  }
}

function killHard(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended in the meantime.
  }
}
