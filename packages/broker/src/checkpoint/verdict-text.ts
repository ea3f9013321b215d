import { canonicalJson } from '@sekisho/evidence'
import { StorageError } from '../storage/errors.ts'
import { sha256 } from '../verifier/bytes.ts'
import { joined, type TextTemplate, templateOf } from './text-template.ts'

/**
 * A verdict as it is kept: its canonical JSON, whose digest stands in receipts. What verdicts on one platform share is
 * stored once, as a template; of each, what fills its holes.
 */
export interface VerdictText {
  readonly text: string
  /** Of the whole text, lower-case hex. */
  readonly sha256: string
  /** What is stored instead of the text; undefined where it is unlike all before. */
  readonly difference?: {
    readonly template: StoredTemplate
    /** JSON list of what fills the holes, in the order of the text. */
    readonly holes: string
  }
}

/** A template as it is stored. */
export interface StoredTemplate {
  /** Of `body`, lower-case hex. */
  readonly sha256: string
  /** JSON list of the pieces of text around the holes. */
  readonly body: string
}

/** Writes verdicts. @throws TypeError where `canonicalJson` does */
export type VerdictWriter = (verdict: unknown) => VerdictText

interface Known {
  readonly template: TextTemplate
  /** Made when a second verdict fits: what came once is stored whole. */
  readonly stored: StoredTemplate | undefined
}

/** Shapes that are remembered: passed and failed verdicts of a few products. */
const MAX_KNOWN = 8
/** Templates one writer makes, each stored for as long as a verdict is: whoever changes shape all the time gets no more of them. */
const MAX_MADE = 256

/**
 * Makes a writer for verdicts that are much alike, as those of one TEE are. Two of one shape make a template, whose holes
 * become more where a further one differs elsewhere. It holds texts of a few verdicts, and no reference to any.
 */
export function verdictWriter(): VerdictWriter {
  const known: Known[] = []
  let made = 0
  return (verdict) => {
    for (const [i, one] of known.entries()) {
      if (one.stored === undefined) continue
      const filled = one.template.fill(verdict)
      if (filled === undefined) continue
      if (i > 0) known.unshift(...known.splice(i, 1))
      return difference(filled, one.stored)
    }
    const next = made < MAX_MADE ? widened(known, verdict) : undefined
    if (next !== undefined) {
      made++
      const filled = next.template.fill(verdict)
      if (filled !== undefined) return difference(filled, next.stored)
    }
    const text = canonicalJson(verdict)
    known.splice(MAX_KNOWN - 1)
    known.unshift({ template: templateOf(verdict), stored: undefined })
    return { text, sha256: sha256(text) }
  }
}

/** The first of those known that has the verdict's shape, made to fit it. */
function widened(known: Known[], verdict: unknown): (Known & { readonly stored: StoredTemplate }) | undefined {
  for (const [i, { template: before }] of known.entries()) {
    const template = before.widen(verdict)
    if (template === undefined) continue
    const body = JSON.stringify(template.pieces)
    const next = { template, stored: { sha256: sha256(body), body } }
    known.splice(i, 1)
    known.unshift(next)
    return next
  }
  return undefined
}

function difference(
  { text, holes }: { readonly text: string; readonly holes: readonly string[] },
  template: StoredTemplate,
): VerdictText {
  return { text, sha256: sha256(text), difference: { template, holes: `[${holes.join(',')}]` } }
}

/** A verdict's row, with the body of its template. */
export interface VerdictRow {
  readonly sha256: string
  /** The whole text, or what fills the holes. */
  readonly body: string
  /** Digest of the template; null where `body` is the whole text. */
  readonly template: string | null
  readonly template_body: string | null
}

/**
 * The text of a stored verdict, byte for byte as it was when its digest was logged.
 *
 * @throws StorageError `corrupt` for a row that does not give this very text
 */
export function storedText({ sha256: digest, body, template, template_body: pieces }: VerdictRow): string {
  const text = template === null ? body : filledText(pieces, body)
  if (text === undefined || sha256(text) !== digest)
    throw new StorageError('corrupt', `the verdict ${digest} is not what was stored`)
  return text
}

function filledText(pieces: string | null, body: string): string | undefined {
  if (pieces === null) return undefined
  try {
    // Written by this file alone; whether it still is what was written, the digest says.
    const holes = JSON.parse(body) as readonly unknown[]
    return joined(JSON.parse(pieces) as readonly string[], holes.map(canonicalJson))
  } catch {
    return undefined
  }
}
