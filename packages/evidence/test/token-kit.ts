import assert from 'node:assert/strict'
import type { Check, Verdict } from '../src/core/verdict.ts'

/** UTF-8 of a text. */
export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

/** JSON of a value as a part of a compact JWS. */
export const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The check of an id, which must be there. */
export function check(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((one) => one.id === id)
  assert.ok(found, id)
  return found
}
