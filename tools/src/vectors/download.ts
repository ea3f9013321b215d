import type { Source } from './manifest.ts'

/** The one host that the genuine cases are fetched from. */
export const PUBLIC_HOST = 'https://raw.githubusercontent.com'

const MAX_BYTES = 16 * 1024 * 1024
const TIMEOUT_MS = 60_000
const ATTEMPTS = 3

/** The host does not answer at all: there is no point in asking for the next file. */
export class UnreachableError extends Error {}

/**
 * Fetches one file at its commit from `host`.
 * @throws UnreachableError without a network
 * @throws Error that says what could not be had: no such file, a redirect, a file over the bound
 */
export async function download(source: Source, host: string = PUBLIC_HOST): Promise<Buffer> {
  const path = [...source.repo.split('/'), source.commit, ...source.path.split('/')].map(encodeURIComponent).join('/')
  const url = `${host}/${path}`
  for (let attempt = 1; ; attempt++) {
    const answer = await get(url)
    if (answer.ok) return readBounded(answer, url)
    await answer.body?.cancel()
    const busy = answer.status === 429 || answer.status >= 500
    if (!busy || attempt === ATTEMPTS) throw new Error(`${url}: HTTP status ${answer.status}`)
    await new Promise((resolve) => setTimeout(resolve, waitMs(answer, attempt)))
  }
}

async function get(url: string): Promise<Response> {
  try {
    return await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined
    // A refused redirect reaches us the same way, and is the fault of one file only.
    if (cause?.message.includes('redirect')) throw new Error(`${url}: answers with a redirect`, { cause: error })
    throw new UnreachableError(
      `${url}: cannot be reached (${cause?.message ?? String(error)}); this command needs the network`,
      {
        cause: error,
      },
    )
  }
}

function waitMs(answer: Response, attempt: number): number {
  const asked = Number(answer.headers.get('retry-after'))
  return Number.isFinite(asked) && asked > 0 ? Math.min(asked, 30) * 1000 : 500 * 2 ** attempt
}

async function readBounded(answer: Response, url: string): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of answer.body ?? []) {
    size += part.length
    if (size > MAX_BYTES) throw new Error(`${url}: more than ${MAX_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}
