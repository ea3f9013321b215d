import { fromBase64, toBase64Url } from '../engine/bytes.ts'

/** Longest evidence that a link carries, in bytes: what browsers and mail programs still pass on. */
export const MAX_LINKED: number = 24 * 1024

/** What a link carries. */
export interface Linked {
  readonly file: Uint8Array
  /** The time to judge at; undefined for the time of reading. */
  readonly at: number | undefined
}

/** The link to evidence: all of it in the fragment, which no browser sends anywhere. Undefined when it does not fit. */
export function linkTo(page: string, { file, at }: Linked): string | undefined {
  if (file.length > MAX_LINKED) return undefined
  const when = at === undefined ? '' : `&at=${at}`
  return `${page.split('#')[0] ?? ''}#evidence=${toBase64Url(file)}${when}`
}

/** What a fragment carries; undefined where it carries no evidence, `bad` where that cannot be read. */
export function linkedIn(fragment: string): Linked | 'bad' | undefined {
  const members = new URLSearchParams(fragment.replace(/^#/, ''))
  const text = members.get('evidence')
  if (text === null) return undefined
  const file = text.length > MAX_LINKED * 2 ? undefined : fromBase64(text)
  if (file === undefined || file.length === 0 || file.length > MAX_LINKED) return 'bad'
  const at = members.get('at')
  return { file, at: at !== null && /^\d{1,15}$/.test(at) ? Number(at) : undefined }
}
