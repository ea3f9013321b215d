import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createWorld } from '@sekisho/emulator'
import { keptRsaKeys } from '@sekisho/emulator/kit'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { leave, openPages, type Pages, ROOT, type Seen, type Session } from './browser.ts'
import { runCommand } from './command-line.ts'

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
  /** A token of the administrator's, in all namespaces, that no page holds. */
  token(): Promise<string>
  /** Runs the command line as the administrator; its output. @throws Error when it fails */
  sekisho(...args: readonly string[]): Promise<string>
  close(): Promise<void>
}

const CLI = join(ROOT, 'packages/cli/bin/sekisho.cjs')
const START_MS = 60_000
const STOP_MS = 60_000

/** Starts both. */
export async function openCheckpointStage(): Promise<CheckpointStage> {
  const folder = mkdtempSync(join(tmpdir(), 'sekisho-console-'))
  const environment: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: '',
    SEKISHO_PROFILE: join(folder, 'profile.json'),
  }
  const starting = startServer(join(folder, 'data'), environment)
  const pages: Pages = await openPages(starting.then(({ url }) => url)).catch(async (error: unknown) => {
    await starting.then(
      ({ server }) => stop(server),
      () => undefined,
    )
    rmSync(folder, { recursive: true, force: true })
    throw error
  })
  const { server, url, setupLink, world } = await starting
  let session: Session | undefined
  const administrator = async (options: BrowserContextOptions = {}): Promise<Seen> => {
    const seen = await pages.page(options, session)
    session ??= await redeem(seen.page, setupLink)
    return seen
  }
  // The link is for the page: the command line gets a token that the page's session made.
  const login = async (): Promise<void> => {
    if (session === undefined) await leave((await administrator()).page)
    environment['SEKISHO_TOKEN'] = await makeToken(url, session)
    environment['SEKISHO_SERVER'] = url.replace(/\/$/, '')
  }
  let loggedIn: Promise<void> | undefined
  return {
    url,
    folder,
    setupLink,
    world,
    visitor: (options) => pages.page(options),
    administrator,
    async token() {
      loggedIn ??= login()
      await loggedIn
      return environment['SEKISHO_TOKEN'] ?? ''
    },
    async sekisho(...line) {
      loggedIn ??= login()
      await loggedIn
      return runCommand(line, environment)
    },
    async close() {
      try {
        await pages.close()
      } finally {
        await stop(server)
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

interface Started extends Pick<CheckpointStage, 'url' | 'setupLink' | 'world'> {
  readonly server: ChildProcess
}

async function startServer(data: string, environment: NodeJS.ProcessEnv): Promise<Started> {
  const world = join(data, 'world.json')
  mkdirSync(data, { mode: 0o700 })
  writeFileSync(world, await worldOfAll(), { mode: 0o600 })
  const args = [CLI, 'up', '--emulated', '--offline', '--port', '0', '--data', data]
  const server = spawn(process.execPath, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = await announcement(server).catch((error: unknown) => {
    server.kill('SIGKILL')
    throw error
  })
  const url = `${/at (http:\S+)/.exec(said)?.[1] ?? ''}/`
  return { server, url, setupLink: /http:\S+\/setup#\S+/.exec(said)?.[0] ?? '', world }
}

/** Ends a server, by force when it takes no leave. */
async function stop(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(timer)
}

let savedWorld: Promise<string> | undefined

/** The world that every stage of this process begins with: its RSA keys take seconds, and no test is about them. */
function worldOfAll(): Promise<string> {
  const make = async (): Promise<string> => {
    const world = createWorld({ rsaKey: keptRsaKeys() })
    await world.ready()
    return world.save()
  }
  savedWorld ??= make()
  return savedWorld
}

async function redeem(page: Page, setupLink: string): Promise<Session> {
  await page.goto(setupLink)
  await page.getByRole('button', { name: /Sign out|サインアウト/ }).waitFor()
  const key = await page.evaluate(() => localStorage.getItem('sekisho-session-key'))
  return { cookies: await page.context().cookies(), key: key ?? '' }
}

async function makeToken(url: string, session: Session | undefined): Promise<string> {
  const answer = await fetch(`${url}api/v1/tokens`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      cookie: (session?.cookies ?? []).map(({ name, value }) => `${name}=${value}`).join('; '),
      'sekisho-session': session?.key ?? '',
    },
    body: JSON.stringify({
      name: 'stage',
      scopes: ['admin'],
      expires: new Date(Date.now() + 3_600_000).toISOString(),
    }),
  })
  const told = await answer.text()
  if (!answer.ok) throw new Error(`no token for the command line: ${told}`)
  return (JSON.parse(told) as { token: string }).token
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
