import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import type { Usage } from './serve.ts'

/** A checkpoint that serves, in another process. */
export interface ServerProcess {
  readonly url: string
  /** A token that may read decisions, where the page is served. */
  readonly token: string | undefined
  usage(): Promise<Usage>
  stop(): Promise<void>
}

/** What it is started with; see `serve.ts`. */
export interface ServerProcessOptions {
  /** A folder, or the URL of a PostgreSQL. */
  readonly place: string
  readonly worldFile: string
  readonly services: string
  readonly furnish: boolean
  /** Folder of the web page, which is then served; only with `furnish`. */
  readonly page?: string
  /** Makes `usage` collect garbage first. */
  readonly collect?: boolean
}

/** Starts one. With SEKISHO_BENCH_PROFILE it writes a CPU profile into that folder when it ends. */
export async function startProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { place, worldFile, services } = options
  const profile = process.env['SEKISHO_BENCH_PROFILE']
  const child = fork(
    join(import.meta.dirname, 'serve.js'),
    [
      place,
      worldFile,
      services,
      ...(options.furnish ? ['furnish', ...(options.page === undefined ? [] : [options.page])] : []),
    ],
    {
      stdio: ['ignore', 'inherit', 'ignore', 'ipc'],
      execArgv: [
        ...(options.collect === true ? ['--expose-gc'] : []),
        ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
      ],
    },
  )
  const { url, token } = await answer<{ readonly url: string; readonly token?: string }>(child)
  return {
    url,
    token,
    usage() {
      const usage = answer<Usage>(child)
      child.send('usage')
      return usage
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.disconnect()
      await ended
    },
  }
}

function answer<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the server ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message: unknown) => {
      child.removeListener('exit', ended)
      resolve(message as T)
    })
  })
}
