/** What the API tells of a secret or key; never what it holds. */
export interface SecretSummary {
  readonly path: string
  readonly kind: 'secret' | 'key'
  readonly metadata: Readonly<Record<string, unknown>>
  readonly version: number
  readonly contentType?: string
  readonly created: string
  /** Of the newest version. */
  readonly updated: string
}

/** The same of one, with its versions. */
export interface SecretDescription extends SecretSummary {
  readonly versions: readonly { readonly version: number; readonly created: string; readonly createdBy: string }[]
  readonly publicJwk?: Readonly<Record<string, unknown>>
}

/** Keys that the checkpoint makes. */
export const KEY_TYPES = ['aes-256', 'ec-p256', 'ec-p384', 'ed25519', 'rsa-3072'] as const

/** One of {@link KEY_TYPES}. */
export type KeyType = (typeof KEY_TYPES)[number]

/** The greatest value that is kept, in bytes. */
export const MAX_VALUE: number = 1024 * 1024

const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/

/** Whether a text is `repository/type/tag` as the checkpoint takes it. */
export function isPath(text: string): boolean {
  const segments = text.split('/')
  return segments.length === 3 && segments.every((one) => SEGMENT.test(one))
}

/** Names with texts out of lines `name = text`; or the number of the first line that is none, counted from 1. */
export function metadataOf(
  text: string,
): { readonly metadata: Readonly<Record<string, string>> } | { readonly badLine: number } {
  const entries: [string, string][] = []
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const at = line.indexOf('=')
    const name = line.slice(0, at).trim()
    if (at < 1 || name === '' || name.length > 64) return { badLine: i + 1 }
    entries.push([name, line.slice(at + 1).trim()])
  }
  return { metadata: Object.fromEntries(entries) }
}

/** Metadata as {@link metadataOf} reads it. */
export function metadataText(metadata: SecretSummary['metadata']): string {
  return Object.entries(metadata)
    .map(([name, text]) => `${name} = ${String(text)}`)
    .join('\n')
}

/** Those whose path has all the words of a search, of one kind or of any. */
export function matching(
  list: readonly SecretSummary[],
  words: string,
  kind: SecretSummary['kind'] | undefined,
): readonly SecretSummary[] {
  const wanted = words.toLowerCase().split(/\s+/)
  return list.filter(
    (one) => (kind === undefined || one.kind === kind) && wanted.every((word) => one.path.toLowerCase().includes(word)),
  )
}
