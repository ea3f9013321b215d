import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContextOptions } from 'playwright-core'
import { openPages, type Pages, ROOT, type Seen } from './browser.ts'

/** A real `sekisho up --emulated` of its own data folder, and a browser that may look at it. */
export interface CheckpointStage {
  /** With a slash behind. */
  readonly url: string
  /** Folder that goes with the stage, for files of commands. */
  readonly folder: string
  /** The file of the emulated world that the server trusts. */
  readonly world: string
  /** As the first start prints it; used up by the first call of `administrator`. */
  readonly setupLink: string
  /** A page of somebody who never signed in. */
  visitor(options?: BrowserContextOptions): Promise<Seen>
  /** A page of the administrator, signed in by the one-time link the first time and by the same session after. */
  administrator(options?: BrowserContextOptions): Promise<Seen>
  /** Runs the command line as the administrator; its output. @throws Error when it fails */
  sekisho(...args: readonly string[]): Promise<string>
  close(): Promise<void>
}

const CLI = join(ROOT, 'packages/cli/bin/sekisho.cjs')
const START_MS = 60_000

/** Starts both. */
export async function openCheckpointStage(): Promise<CheckpointStage> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-console-'))
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: '',
    SEKISHO_PROFILE: join(folder, 'profile.json'),
  }
  const args = [CLI, 'up', '--emulated', '--offline', '--port', '0', '--data', join(folder, 'data')]
  const server = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = await announcement(server)
  const url = `${/at (http:\S+)/.exec(said)?.[1] ?? ''}/`
  const setupLink = /http:\S+\/setup#\S+/.exec(said)?.[0] ?? ''
  const pages: Pages = await openPages(url)
  let state: BrowserContextOptions['storageState']
  const administrator = async (options: BrowserContextOptions = {}): Promise<Seen> => {
    const seen = await pages.page({ ...options, ...(state === undefined ? {} : { storageState: state }) })
    if (state === undefined) {
      await seen.page.goto(setupLink)
      await seen.page.getByRole('button', { name: /Sign out|サインアウト/ }).waitFor()
      state = withoutPreferences(await seen.page.context().storageState())
    }
    return seen
  }
  let signedIn: Promise<void> | undefined
  // The link is for the page: the command line gets a token that the page made.
  const login = async (): Promise<void> => {
    const { page } = await administrator()
    await page.goto(url)
    const token = await page.evaluate(async () => {
      const answer = await fetch('/api/v1/tokens', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'sekisho-session': localStorage.getItem('sekisho-session-key') ?? '',
        },
        body: JSON.stringify({
          name: 'stage',
          scopes: ['admin'],
          expires: new Date(Date.now() + 3_600_000).toISOString(),
        }),
      })
      return ((await answer.json()) as { token: string }).token
    })
    await page.context().close()
    environment['SEKISHO_TOKEN'] = token
    environment['SEKISHO_SERVER'] = url.replace(/\/$/, '')
  }
  return {
    url,
    folder,
    setupLink,
    world: join(folder, 'data', 'world.json'),
    visitor: (options) => pages.page(options),
    administrator,
    async sekisho(...args) {
      signedIn ??= login()
      await signedIn
      return output(spawn(process.execPath, [CLI, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] }))
    },
    async close() {
      await pages.close()
      if (server.exitCode === null) {
        server.kill('SIGTERM')
        await once(server, 'exit')
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

type Kept = Awaited<ReturnType<import('playwright-core').BrowserContext['storageState']>>

/** The session alone: language and appearance are those of each new browser. */
function withoutPreferences(state: Kept): Kept {
  const origins = state.origins.map((one) => ({
    ...one,
    localStorage: one.localStorage.filter(({ name }) => name === 'sekisho-session-key'),
  }))
  return { ...state, origins }
}

function announcement(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = ''
    let err = ''
    const timer = setTimeout(() => reject(new Error(`the server did not start: ${err}`)), START_MS)
    server.stdout?.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (!out.includes('Ctrl-C')) return
      clearTimeout(timer)
      resolve(out)
    })
    server.stderr?.on('data', (chunk: Buffer) => {
      err = (err + chunk.toString()).slice(-4000)
    })
    server.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the server ended with ${code}: ${err}`))
    })
  })
}

async function output(child: ChildProcess): Promise<string> {
  let out = ''
  let err = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    out += chunk.toString()
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`exit ${code}: ${err}${out}`)
  return out
}
