import { loadCedar } from '../cedar/load.ts'
import { parsePolicies } from '../policy/parse.ts'
import type { LintFinding } from './model.ts'

/** What is allowed in a policy and probably not meant, in the order of the text. @throws PolicyError when it cannot be used */
export async function lintPolicies(text: string): Promise<readonly LintFinding[]> {
  const statements = parsePolicies(await loadCedar(), text)
  return statements
    .filter(({ impossible }) => impossible)
    .map(({ id, line }) => ({
      code: 'unreachable',
      severity: 'warning',
      line,
      id,
      message: 'it can never apply',
      remedy: 'delete it, or mend its conditions',
    }))
}
