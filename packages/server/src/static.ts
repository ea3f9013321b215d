import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { notFound } from './http/errors.ts'
import type { Front } from './http/front.ts'
import { type Reply, text } from './http/reply.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
}
const PAGE_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
const MAX_FILES = 2000

/**
 * Serves the files that are in a folder now, and nothing else: paths are looked up in a list, so that no path leads
 * out of it. `/` is the page. @throws when the folder cannot be read
 */
export async function staticFace(front: Front, folder: string): Promise<void> {
  const files = await filesOf(folder)
  const page = files.get('/index.html')
  const serve = async (file: string | undefined): Promise<Reply> => {
    const type = file === undefined ? undefined : TYPES[extname(file)]
    if (file === undefined || type === undefined) throw notFound('there is nothing at this path')
    return {
      status: 200,
      headers: { 'content-type': type, 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-cache' },
      body: await readFile(file),
    }
  }
  front.on('GET', '/', () => serve(page))
  front.on('GET', '/setup', () => serve(page))
  front.on('GET', '/*', (call) => serve(files.get(call.path)))
}

async function filesOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  if (files.length > MAX_FILES) throw new TypeError(`the folder of the web page holds more than ${MAX_FILES} files`)
  return new Map(files.map((file) => [`/${relative(folder, file).split(sep).join('/')}`, file]))
}

/** What stands at `/` and `/setup` when there is no web page. */
export function plainFace(front: Front): void {
  front.on('GET', '/', () => text(200, 'Sekisho. The interface is described at /api/v1/openapi.json.\n'))
  setupFace(front)
}

/** What the one-time link shows to a browser where there is no page to redeem it. */
function setupFace(front: Front): void {
  front.on('GET', '/setup', () =>
    text(
      200,
      'The one-time link of this server is redeemed with `sekisho login`, or by POST /api/v1/setup with\n' +
        '{"secret": "what stands behind # in the link"}. It gives a token that is shown once.\n',
    ),
  )
}
