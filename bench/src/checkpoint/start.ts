import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '../measure.ts'
import type { Row } from '../rows.ts'

const ROUNDS = 9
const MIB = 1024 * 1024

/** A server that does nothing: what no server of Node.js starts faster than. */
const BARE = `require('node:http').createServer((q, a) => a.end()).listen(0, '127.0.0.1', function () { console.log('http://127.0.0.1:' + this.address().port) })`

interface Started {
  readonly millis: number
  /** Resident bytes after the first answer; 0 where the system does not say. */
  readonly rss: number
}

/** `sekisho up` on a folder that it has used before, until it answers, against a bare server until that answers. */
export async function startRows(root: string): Promise<readonly Row[]> {
  const data = mkdtempSync(join(tmpdir(), 'sekisho-bench-'))
  const up = [join(root, 'packages/cli/bin/sekisho.cjs'), 'up', '--port', '0', '--data', data]
  try {
    await start(up, '/readyz')
    const rounds: { readonly bare: Started; readonly ours: Started }[] = []
    for (let i = 0; i < ROUNDS; i++)
      rounds.push({ bare: await start(['-e', BARE], '/'), ours: await start(up, '/readyz') })
    const per = (value: (round: (typeof rounds)[number]) => number): number => median(rounds.map(value))
    return [
      {
        what: 'sekisho up until it answers / bare node:http server',
        ours: `${per(({ ours }) => ours.millis).toFixed(0)} ms`,
        against: `bare server ${per(({ bare }) => bare.millis).toFixed(0)} ms`,
        ratio: per(({ bare, ours }) => ours.millis / bare.millis),
        target: 2.5,
        sense: 'at-most',
      },
      {
        what: 'sekisho up: resident memory when it answers, MiB',
        ours: 'after the first answer',
        against: `bare server ${(per(({ bare }) => bare.rss) / MIB).toFixed(0)} MiB`,
        ratio: per(({ ours }) => ours.rss) / MIB,
        target: 90,
        sense: 'at-most',
      },
    ]
  } finally {
    rmSync(data, { recursive: true, force: true })
  }
}

async function start(args: readonly string[], path: string): Promise<Started> {
  const from = performance.now()
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  try {
    const url = await printedUrl(child.stdout, ended)
    const answer = await fetch(url + path)
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`${args.join(' ')} answered ${answer.status}`)
    return { millis: performance.now() - from, rss: residentBytes(child.pid) }
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

function printedUrl(out: NodeJS.ReadableStream, ended: Promise<unknown>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    out.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const url = /http:\/\/127\.0\.0\.1:\d+(?=\s)/.exec(text)?.[0]
      if (url !== undefined) resolve(url)
    })
    ended.then(() => reject(new Error(`the server ended; it said: ${text}`)), reject)
  })
}

function residentBytes(pid: number | undefined): number {
  if (process.platform !== 'linux') return 0
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}
