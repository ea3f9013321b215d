import type { Verdict } from '@sekisho/evidence'
import { unreadable } from '../exit.ts'

/** A verdict that the checkpoint sent, as far as showing it needs. @throws CliError when it is none of this version */
export function readVerdict(value: Readonly<Record<string, unknown>>): Verdict {
  if (isVerdict(value)) return value
  throw unreadable('the checkpoint sent a verdict of another version than this program shows')
}

function isVerdict(value: unknown): value is Verdict {
  if (typeof value !== 'object' || value === null) return false
  const { schema, outcome, checks, claims, assumed, notes }: { readonly [K in keyof Verdict]?: unknown } = value
  return (
    schema === 'urn:sekisho:verdict:v1' &&
    typeof outcome === 'string' &&
    typeof claims === 'object' &&
    [checks, assumed, notes].every(Array.isArray)
  )
}
