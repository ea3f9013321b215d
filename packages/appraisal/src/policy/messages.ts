import { CLAIMS } from '../claims/table.ts'
import { nearestOf } from './nearest.ts'

/** A problem in words, and what would mend it. */
export interface Wording {
  readonly message: string
  readonly hint?: string
}

/** Says what Cedar said in the words of this package: no internal names, no action twice. */
export function wordingOf(message: string, help: string | undefined): Wording {
  const plain = message
    .replace(/^for policy `[^`]*`, /, '')
    .replace(/^failed to parse (?:policies|policy|template|policy or template) from string: /, '')
    .replace(/ in context for Sekisho::Action::"\w+"/g, '')
  const unknown = /^attribute `([^`]+)` not found$/.exec(plain)?.[1]
  if (unknown !== undefined)
    return help === undefined ? unknownClaim(unknown) : { ...unknownClaim(unknown), hint: help }
  const unsure = /^unable to guarantee safety of access to optional attribute `([^`]+)`$/.exec(plain)?.[1]
  if (unsure !== undefined)
    return {
      message: `evidence may lack the claim \`${unsure}\``,
      hint: help ?? `ask with \`context has ${unsure}\` first`,
    }
  return help === undefined ? { message: plain } : { message: plain, hint: help }
}

/** What is said of a name that no claim has. */
export function unknownClaim(path: string): Required<Wording> {
  const near = nearestClaim(path)
  const hint = near === undefined ? 'docs/policies.md lists all claims' : `did you mean \`${near}\`?`
  return { message: `there is no claim \`${path}\``, hint }
}

/** Path of the claim that a misspelt one most likely means; undefined when none is near. */
export function nearestClaim(path: string): string | undefined {
  return nearestOf(
    path,
    CLAIMS.map((row) => row.path),
  )
}
