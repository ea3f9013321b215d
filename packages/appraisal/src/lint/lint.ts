import { loadCedar } from '../cedar/load.ts'
import { mentionsOf } from '../policy/mentions.ts'
import { parsePolicies, type Statement } from '../policy/parse.ts'
import { createCandidates } from './candidates.ts'
import { constantPart, excludeEachOther } from './constant.ts'
import { covers, coversScope, type Reading, readingOf } from './cover.ts'
import type { LintCode, LintFinding } from './model.ts'
import { namesNothing } from './resources.ts'
import { misspellings } from './spelling.ts'
import {
  EMULATED,
  GUEST_REGISTERS,
  IN_DEBUG_MODE,
  OLD_TCB_FOR_EVER,
  UNATTESTED,
  UNKNOWN_WORKLOADS,
  withFree,
} from './suppositions.ts'
import { type Supposition, truthOfAll } from './truth.ts'

/**
 * What is allowed in a policy and probably not meant, in the order of the text: statements that never
 * decide, permits that reach further than attestation does, and values that are probably misspelt. A `forbid` that certainly applies
 * settles what a permit leaves open, and `@allow("code")` on a statement answers a warning about it.
 *
 * @throws PolicyError when the policy cannot be used
 */
export async function lintPolicies(text: string): Promise<readonly LintFinding[]> {
  const readings = parsePolicies(await loadCedar(), text).map(readingOf)
  const forbids = readings.filter(({ statement }) => statement.effect === 'forbid')
  const candidates = createCandidates(readings)
  const found = readings.flatMap((one, i) => {
    const idle = idleness(one, i, readings, candidates(one))
    const found = idle === undefined ? constantFindings(one) : [idle]
    // What never applies permits nothing; what another repeats does, and the other may have been answered for.
    if (one.statement.effect === 'permit' && idle?.code !== 'unreachable') found.push(...permitFindings(one, forbids))
    return [...found, ...spellingFindings(one.statement)].filter(isUnanswered(one.statement))
  })
  const isMeant = forbids.some(({ statement }) => !isUnanswered(statement)(NOTHING_PERMITTED))
  return isMeant || readings.length > forbids.length ? found : [...found, NOTHING_PERMITTED]
}

// Cedar refuses what no statement permits.
const NOTHING_PERMITTED: LintFinding = {
  code: 'nothing-permitted',
  severity: 'warning',
  line: 1,
  id: 'policy0',
  message: 'it has no `permit`: everything is refused, and whatever is held now is revoked',
  remedy: 'add a `permit`, such as those that `sekisho policy starter` prints',
}

// `@allow("emulated-allowed")` says, in the policy itself, that a warning was read and is meant. Errors stay.
function isUnanswered({ json }: Statement): (finding: LintFinding) => boolean {
  const allowed = (json.annotations?.['allow'] ?? '').split(/[\s,]+/)
  return ({ code, severity }) =>
    severity === 'error' || code === 'unreachable' || code === 'duplicate' || !allowed.includes(code)
}

function idleness(
  one: Reading,
  index: number,
  all: readonly Reading[],
  candidates: readonly number[],
): LintFinding | undefined {
  const { statement, conditions, implied } = one
  const nameless = namesNothing(one)
  if (nameless !== undefined)
    return finding(
      statement,
      'unreachable',
      `it can never apply: there can be no ${nameless}`,
      'a secret is named `repository/type/tag`, and its folders are `repository` and `repository/type`',
    )
  if (statement.impossible || truthOfAll(conditions, implied) === false || excludeEachOther(conditions))
    return finding(statement, 'unreachable', 'it can never apply', 'delete it, or mend its conditions')
  for (const i of candidates) {
    const other = all[i]
    if (other === undefined || i === index || other.statement.impossible || !covers(other, one)) continue
    const { effect, line } = other.statement
    if (effect === 'forbid' && statement.effect === 'permit')
      return finding(
        statement,
        'unreachable',
        `the forbid on line ${line} applies to all that it permits`,
        'narrow the forbid, or delete this permit',
      )
    if (effect === statement.effect && (i < index || !covers(one, other)))
      return finding(
        statement,
        'duplicate',
        `the ${effect} on line ${line} applies to all that it applies to`,
        'delete one of the two',
      )
  }
  return undefined
}

function constantFindings({ statement, conditions }: Reading): LintFinding[] {
  const constant = constantPart(conditions)
  if (constant === undefined) return []
  return [
    finding(
      statement,
      'constant-condition',
      constant ? 'a part of its conditions holds whatever is asked' : 'a part of its conditions never holds',
      'delete that part, or mend it',
    ),
  ]
}

function permitFindings(one: Reading, forbids: readonly Reading[]): readonly LintFinding[] {
  const { statement } = one
  const allows = (suppose: Supposition): boolean => isAllowed(one, suppose, forbids)
  const paths = [...mentionsOf(statement.json).paths]
  const others = [...registerFindings(one, forbids, paths), ...exceptionFinding(one, forbids, paths)]
  // That it permits debug mode, emulated platforms and any workload is the same finding.
  if (allows(UNATTESTED))
    return [
      finding(
        statement,
        'no-attestation',
        'whoever asks gets this: no condition looks at what evidence proves',
        'ask for `context.verdict.outcome == "verified"` and a reference set, such as `context.references.contains("…")`',
        'error',
      ),
      ...others,
    ]
  return [
    ...others,
    ...(allows(IN_DEBUG_MODE)
      ? [
          finding(
            statement,
            'debug-allowed',
            'it permits workloads in debug mode, whose memory the host can read',
            'add `!context.debug`',
          ),
        ]
      : []),
    ...(allows(EMULATED)
      ? [
          finding(
            statement,
            'emulated-allowed',
            'it permits emulated platforms, which anybody can make',
            'add `context.hardware`, or `!context.emulated` where the platform is a virtual TPM',
          ),
        ]
      : []),
    ...(UNKNOWN_WORKLOADS.some(allows)
      ? [
          finding(
            statement,
            'workload-unpinned',
            isHalfPinned(paths)
              ? 'it permits any workload on such a platform: what it asks for is chosen by the host, or by firmware that it leaves open'
              : 'it permits any workload on such a platform',
            'ask for a reference set, such as `context.references.contains("…")`, or for a measurement or signer',
          ),
        ]
      : []),
  ]
}

function isHalfPinned(paths: readonly string[]): boolean {
  return paths.some((path) => path === 'hostData' || /^registers\.PCR[1-7]$/.test(path))
}

// Allowed unless the permit certainly does not apply, or a forbid of the same scope certainly does.
function isAllowed(
  { statement, conditions, implied }: Reading,
  suppose: Supposition,
  forbids: readonly Reading[],
): boolean {
  const supposed = new Map([...implied, ...suppose])
  if (truthOfAll(conditions, supposed) === false) return false
  return !forbids.some(
    (forbid) => coversScope(forbid.statement.json, statement.json) && truthOfAll(forbid.conditions, supposed) === true,
  )
}

function registerFindings(one: Reading, forbids: readonly Reading[], paths: readonly string[]): readonly LintFinding[] {
  return GUEST_REGISTERS.flatMap(({ name, below }) => {
    if (!paths.includes(`registers.${name}`)) return []
    const free = below.filter((claims) => isAllowed(one, withFree(claims), forbids)).map(([claim]) => claim ?? '')
    if (free.length === 0) return []
    return [
      finding(
        one.statement,
        'base-unpinned',
        `the guest writes ${name} itself, and ${free.join(', ')} below it may be anything`,
        `pin ${free.map((claim) => `\`context.${claim}\``).join(', ')} as well, or ask for a reference set that does`,
        'error',
      ),
    ]
  })
}

// Only where the statement speaks of the TCB's state: all others leave it to the verifier, whose exceptions end.
function exceptionFinding(one: Reading, forbids: readonly Reading[], paths: readonly string[]): readonly LintFinding[] {
  if (!paths.some((path) => path === 'tcb.status' || path === 'tcb')) return []
  if (!OLD_TCB_FOR_EVER.some((suppose) => isAllowed(one, suppose, forbids))) return []
  return [
    finding(
      one.statement,
      'exception-without-end',
      'it permits a TCB that is not up to date, for ever',
      'add an end, such as `context.now < datetime("2027-01-31")`',
    ),
  ]
}

function spellingFindings(statement: Statement): readonly LintFinding[] {
  return misspellings(statement).map(({ path, value, near }) =>
    finding(
      statement,
      'misspelt-value',
      `nothing known has \`context.${path}\` as ${JSON.stringify(value)}`,
      `did you mean \`${near}\`?`,
    ),
  )
}

function finding(
  { id, line }: Statement,
  code: LintCode,
  message: string,
  remedy: string,
  severity: LintFinding['severity'] = 'warning',
): LintFinding {
  return { code, severity, line, id, message, remedy }
}
