import { loadCedar } from '../cedar/load.ts'
import { createDecider, type PolicyDecision, type PolicyReason, type PolicyRequest } from './decide.ts'
import { type UnmetPermit, unmetPermits } from './explain.ts'
import { parsePolicies, type Statement } from './parse.ts'
import { sha256Hex } from './sha256.ts'

/** Policies that were read, checked and can decide. */
export interface CompiledPolicies {
  readonly text: string
  /** Of the text's UTF-8, lower-case hex. */
  readonly sha256: string
  readonly statements: readonly PolicyReason[]
  /** Synchronous, and never throws: what cannot be evaluated is denied, and `errors` says why. */
  decide(request: PolicyRequest): PolicyDecision
  /** Of a request that nothing permits: the permits that came nearest, and what they lack. For people, not for deciding. */
  explain(request: PolicyRequest): readonly UnmetPermit[]
}

/**
 * Reads policies in Cedar (namespace `Sekisho`, see {@link CEDAR_SCHEMA}) and checks them: syntax, names
 * and types of claims, values that a claim never has.
 *
 * @throws PolicyError that lists every problem with its line, its column and what would mend it
 */
export async function compilePolicies(text: string): Promise<CompiledPolicies> {
  const cedar = await loadCedar()
  const statements = parsePolicies(cedar, text)
  return {
    text,
    sha256: await sha256Hex(text),
    statements: statements.map(reasonOf),
    decide: createDecider(cedar, statements),
    explain: (request) => unmetPermits(cedar, statements, request),
  }
}

function reasonOf({ id, effect, line }: Statement): PolicyReason {
  return { id, effect, line }
}
