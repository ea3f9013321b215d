import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.ts'

/** What the command line loads to serve; without it a start takes twice as long. */
const BUNDLE = 'node_modules/sekisho/dist/bundle/checkpoint.cjs'
const UP_MS = 60_000

/**
 * Uses the checkpoint as it is installed in a project: `sekisho demo` to its end, and `sekisho up` until it answers.
 *
 * @returns one line for each thing that worked
 * @throws Error with the output of whatever did not
 */
export async function useCheckpoint(project: string): Promise<readonly string[]> {
  if (!existsSync(join(project, BUNDLE))) throw new Error(`the package sekisho lacks ${BUNDLE}`)
  return [await startsUp(project), tellsItsStory(project)]
}

function tellsItsStory(project: string): string {
  const told = run(join(project, 'node_modules/.bin/sekisho'), ['demo', '--json'], project)
  const steps = told.stdout.split('\n').filter((line) => line.startsWith('{'))
  if (told.status !== 0 || steps.length === 0)
    throw new Error(`sekisho demo ended with ${told.status}\n${told.stdout}\n${told.stderr}`)
  return `sekisho demo: ${steps.length} steps`
}

async function startsUp(project: string): Promise<string> {
  const args = ['up', '--offline', '--port', '0', '--data', join(project, 'data')]
  const child = spawn(join(project, 'node_modules/.bin/sekisho'), args, {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  const said = listening(child)
  const timer = setTimeout(() => child.kill('SIGKILL'), UP_MS)
  try {
    const url = await Promise.race([
      said.url,
      ended.then((code) => {
        throw new Error(`sekisho up ended with ${code}\n${said.text()}`)
      }),
    ])
    for (const path of ['/readyz', '/api/v1/openapi.json', '/']) {
      const answer = await fetch(`${url}${path}`, { headers: { connection: 'close' } })
      // Node.js 24 fails over a body that is not read when its connection closes.
      await answer.arrayBuffer()
      const { status } = answer
      if (status !== 200) throw new Error(`sekisho up answers ${path} with ${status}\n${said.text()}`)
    }
    child.kill('SIGTERM')
    const code = await ended
    if (code !== 0) throw new Error(`sekisho up ended with ${code} when it was stopped\n${said.text()}`)
    return 'sekisho up: ready, with its interface and its page'
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}

/** What a process says, and the address in it. */
function listening(child: ChildProcess): { readonly url: Promise<string>; text(): string } {
  let text = ''
  const url = new Promise<string>((resolve) => {
    const take = (chunk: Buffer): void => {
      text += chunk.toString('utf8')
      const found = /^Sekisho is up at (\S+)[\s\S]*Ctrl-C/m.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout?.on('data', take)
    child.stderr?.on('data', take)
  })
  return { url, text: () => text }
}
