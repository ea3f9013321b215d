import { EvidenceError } from '../core/errors.ts'
import { identify, openBinary } from './binary.ts'
import { holdsEvidence } from './envelopes.ts'
import { openGoogleText } from './google.ts'
import { type Literal, literalOf } from './literals.ts'
import type { Opened } from './model.ts'
import { surroundedIn } from './surrounded.ts'
import { openText, textOf } from './text.ts'
import { tried } from './tried.ts'

/**
 * Takes one textual wrapper off, also what source code, programs and people write around evidence.
 *
 * @param where names the text in errors
 * @throws EvidenceError that is of the text itself, where nothing in it can be read
 */
export function openWritten(text: string, where: string): Opened {
  try {
    return openGoogleText(text) ?? openText(text, where)
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const literal = literalOf(text)
    if (literal === undefined || !isReadable(literal, where)) return openSurrounded(text, where) ?? raise(error)
    const bytes = 'bytes' in literal ? literal.bytes : new TextEncoder().encode(literal.text)
    return { name: literal.name, inner: { bytes }, path: '', unused: literal.unused ?? [] }
  }
}

function raise(error: EvidenceError): never {
  throw error
}

// Text in which something stands that is evidence for sure.
function openSurrounded(text: string, where: string): Opened | undefined {
  const found = surroundedIn(text)
  if (found === undefined) return undefined
  if (!holdsSome(found, where, 2)) return undefined
  return {
    name: 'text around it',
    inner: { bytes: new TextEncoder().encode(found) },
    path: '',
    unused: ['the text around it'],
  }
}

/** @param depth how many encodings may be around each other: a secret of Kubernetes is encoded once more */
function holdsSome(text: string, where: string, depth: number): boolean {
  if (identify(new TextEncoder().encode(text)) !== undefined) return true
  const inner = tried(() => openText(text, where))?.inner
  if (inner === undefined) return false
  if ('json' in inner) return holdsEvidence(inner.json)
  if (identify(inner.bytes) !== undefined || openBinary(inner.bytes) !== undefined) return true
  const within = depth > 1 ? textOf(inner.bytes) : undefined
  return within !== undefined && holdsSome(within, where, depth - 1)
}

// What is wrong with text is said of the text itself, unless it holds something.
function isReadable(literal: Literal, where: string): boolean {
  try {
    if ('bytes' in literal) return identify(literal.bytes) !== undefined || openBinary(literal.bytes) !== undefined
    openText(literal.text, where)
    return true
  } catch (error) {
    if (error instanceof EvidenceError) return false
    throw error
  }
}
