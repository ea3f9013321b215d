import { createHash } from 'node:crypto'
import type { Item } from './manifest.ts'

/** How deep encodings may be nested: hex inside base64 inside JSON, and no more. */
const MAX_DEPTH = 3
const MIN_RUN = 48
const MAX_VIEWS = 4096

/**
 * The files of the public repositories hold evidence in many wrappings: as it is, at an offset of a
 * larger structure, as hex or base64 in JSON, Rust or Solidity. The digest of what is wanted is known,
 * so no wrapping has to be described: this looks at every reading of `source`, and takes the bytes
 * whose digest is right.
 *
 * @returns undefined when no reading of the source holds the item
 */
export function findItem(views: readonly Buffer[], item: Item): Buffer | undefined {
  const head = Buffer.from(item.head, 'hex')
  for (const view of views) {
    for (let at = view.indexOf(head); at >= 0; at = view.indexOf(head, at + 1)) {
      const bytes = view.subarray(at, at + item.size)
      if (bytes.length === item.size && sha256(bytes) === item.sha256) return bytes
    }
  }
  return undefined
}

/** Lower-case hex of the SHA-256 of `bytes`. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Every reading of a file: as it is, with escapes undone, and each long run of hex or base64 decoded, again and again. */
export function readings(source: Buffer): Buffer[] {
  const views: Buffer[] = [source]
  let layer: Buffer[] = [source]
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    // A binary container may hold text; what a run of text decodes to, only if it is text again.
    layer = layer
      .filter((view) => depth === 0 || isText(view))
      .flatMap(decodings)
      .slice(0, MAX_VIEWS - views.length)
    views.push(...layer)
  }
  return views
}

function decodings(view: Buffer): Buffer[] {
  const text = view.toString('latin1')
  const found: Buffer[] = []
  if (text.includes('\\')) found.push(unescaped(text))
  if (text.includes('%'))
    found.push(
      Buffer.from(
        text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
        'latin1',
      ),
    )
  for (const [run] of text.matchAll(new RegExp(`[0-9a-fA-F]{${MIN_RUN},}`, 'g'))) {
    found.push(Buffer.from(run.length % 2 === 0 ? run : run.slice(1), 'hex'))
  }
  for (const [run] of text.matchAll(new RegExp(`[A-Za-z0-9+/_-]{${MIN_RUN},}`, 'g'))) {
    if (!/^[0-9a-fA-F]+$/.test(run)) found.push(Buffer.from(run, 'base64url'))
  }
  // PEM and base64 broken into lines; lists of numbers as source code and JSON have them.
  for (const [, body] of text.matchAll(/-----BEGIN [A-Z0-9 ]+-----([A-Za-z0-9+/=\s]+)-----END/g))
    found.push(Buffer.from(body ?? '', 'base64'))
  for (const [, body] of text.matchAll(/\[((?:\s*(?:0x[0-9a-fA-F]{1,2}|\d{1,3})\s*,?){16,})\]/g))
    found.push(Buffer.from(numbers(body ?? '')))
  return found
}

function isText(view: Buffer): boolean {
  return view.length >= MIN_RUN && view.every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13)
}

function unescaped(text: string): Buffer {
  const plain = text.replace(
    /\\(["'\\/nrt])/g,
    (_, letter: string) => ({ n: '\n', r: '\r', t: '\t' })[letter] ?? letter,
  )
  return Buffer.from(plain, 'latin1')
}

function numbers(list: string): number[] {
  return list
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map(Number)
}
