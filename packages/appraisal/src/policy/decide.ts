import type { AuthorizationAnswer, Cedar, CedarValueJson, EntityJson } from '../cedar/cedar.ts'
import { type Projection, projectionOf } from '../claims/project.ts'
import type { PolicyContext } from '../model.ts'
import { type Mentions, mentionsOf } from './mentions.ts'
import type { Statement } from './parse.ts'
import { type PreparedSet, preparedName } from './prepared.ts'
import { createSlicer, type Slicer } from './slice.ts'

/** What is asked of policies. */
export interface PolicyRequest {
  readonly action: 'release' | 'renew'
  readonly namespace: string
  /** `repo/type/tag`. */
  readonly resource: string
  readonly workload: string
  readonly context: PolicyContext
}

/** A statement that decided. */
export interface PolicyReason {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly line: number
}

/**
 * Default deny; one `forbid` is enough; a statement that cannot be evaluated denies. Evidence whose verdict is
 * not `verified` and `proven` is never permitted, whatever the policies say.
 */
export interface PolicyDecision {
  readonly permitted: boolean
  /** The statements that decided; none when nothing permits. */
  readonly reasons: readonly PolicyReason[]
  /** What could not be evaluated, with the statement's id. */
  readonly errors: readonly string[]
}

/** Decides requests; the same answer for the same request. */
export type Decider = (request: PolicyRequest) => PolicyDecision

/** Statements that may apply to some requests, held ready. */
interface Slice {
  readonly set: PreparedSet
  readonly project: Projection
  readonly mentions: Pick<Mentions, 'principal' | 'resource' | 'times'>
}

const MAX_SLICES = 2048
const MAX_DECISIONS = 8192

/**
 * Decides on the slice of the statements that can apply, and remembers decisions by everything that the
 * slice looks at: Cedar's cost grows with the statements and with the context.
 */
export function createDecider(cedar: Cedar, statements: readonly Statement[]): Decider {
  const slicer: Slicer = createSlicer(statements)
  const slices = new Map<string, Slice>()
  const decisions = new Map<string, PolicyDecision>()
  const mentions = statements.map(({ json }) => mentionsOf(json))
  const decide: Decider = (request) => {
    const floor = belowFloor(request.context)
    if (floor !== undefined) return refusal([floor])
    const context = { ...request.context, namespace: request.namespace, resource: request.resource }
    const indexes = slicer({ ...request, context })
    if (indexes.length === 0) return NOTHING_PERMITS
    const applicable = indexes.join(',')
    const slice = remembered(slices, applicable, MAX_SLICES, () => sliceOf(statements, mentions, indexes))
    const projected = slice.project(context)
    const key = keyOf(applicable, slice, request, projected)
    return remembered(decisions, key, MAX_DECISIONS, () => evaluate(cedar, statements, slice, request, projected))
  }
  return (request) => {
    try {
      return decide(request)
    } catch (error) {
      // A record of another shape, say: nobody gets anything for it.
      return refusal([`the request cannot be decided: ${error instanceof Error ? error.message : 'unknown error'}`])
    }
  }
}

// Everything that the statements of the slice look at. Its scopes hold, for they chose it.
function keyOf(
  applicable: string,
  { mentions }: Slice,
  { action, workload, resource, context }: PolicyRequest,
  projected: Record<string, CedarValueJson>,
): string {
  const { times } = mentions
  return JSON.stringify([
    applicable,
    action,
    mentions.principal ? workload : '',
    mentions.resource ? resource : '',
    times === undefined ? projected : { ...projected, now: periodOf(context.now, times) },
  ])
}

// No policy lifts what the verifier refused: nothing is evaluated below this floor.
function belowFloor({ verdict }: PolicyContext): string | undefined {
  if (verdict.outcome === 'verified' && verdict.authenticity === 'proven') return undefined
  return `the evidence was not verified (${verdict.outcome}, authenticity ${verdict.authenticity}): no policy can permit it`
}

const NOTHING_PERMITS: PolicyDecision = { permitted: false, reasons: [], errors: [] }

// Between two times that statements name, and at each of them, all moments are alike.
function periodOf(now: string, times: readonly number[]): string {
  if (times.length === 0) return ''
  const at = new Date(now).getTime()
  return times.map((time) => (at < time ? '<' : at > time ? '>' : at === time ? '=' : '?')).join('')
}

// The oldest goes first: what is asked often is soon back.
function remembered<T>(memory: Map<string, T>, key: string, max: number, make: () => T): T {
  const known = memory.get(key)
  if (known !== undefined) return known
  const made = make()
  if (memory.size >= max) {
    const [oldest] = memory.keys()
    if (oldest !== undefined) memory.delete(oldest)
  }
  memory.set(key, made)
  return made
}

function sliceOf(statements: readonly Statement[], mentions: readonly Mentions[], indexes: readonly number[]): Slice {
  const texts: Record<string, string> = {}
  const paths = new Set<string>()
  let principal = false
  let resource = false
  let times: readonly number[] | undefined = []
  for (const index of indexes) {
    texts[index] = (statements[index] as Statement).text
    const its = mentions[index] as Mentions
    for (const path of its.paths) paths.add(path)
    principal ||= its.principal
    resource ||= its.resource
    times = times === undefined || its.times === undefined ? undefined : [...times, ...its.times]
  }
  return { set: { texts }, project: projectionOf(paths), mentions: { principal, resource, times } }
}

function evaluate(
  cedar: Cedar,
  statements: readonly Statement[],
  slice: Slice,
  request: PolicyRequest,
  context: Record<string, CedarValueJson>,
): PolicyDecision {
  try {
    const answer = cedar.statefulIsAuthorized({
      principal: { type: 'Sekisho::Workload', id: request.workload },
      action: { type: 'Sekisho::Action', id: request.action },
      resource: { type: 'Sekisho::Secret', id: request.resource },
      context,
      preparsedPolicySetId: preparedName(cedar, slice.set),
      entities: [secretEntity(request.resource)],
    })
    return decisionOf(answer, statements)
  } catch (error) {
    return refusal([`the policies could not be evaluated: ${error instanceof Error ? error.message : 'unknown error'}`])
  }
}

/** A secret and the folders it is in: `a/b/c` is in `a/b` and in `a`. */
export function secretEntity(resource: string): EntityJson {
  const parents = foldersOf(resource).map((id) => ({ type: 'Sekisho::Folder', id }))
  return { uid: { type: 'Sekisho::Secret', id: resource }, attrs: {}, parents }
}

/** Folders of a path, the outermost first. */
export function foldersOf(resource: string): readonly string[] {
  const names = resource.split('/').slice(0, -1)
  return names.map((_, i) => names.slice(0, i + 1).join('/'))
}

function decisionOf(answer: AuthorizationAnswer, statements: readonly Statement[]): PolicyDecision {
  if (answer.type === 'failure') return refusal(answer.errors.map(({ message }) => message))
  const { decision, diagnostics } = answer.response
  const errors = diagnostics.errors.map(
    ({ policyId, error }) =>
      `${statements[Number(policyId)]?.id ?? policyId}: ${error.message.replace(/^error while evaluating policy `[^`]*`: /, '')}`,
  )
  const reasons = diagnostics.reason
    .map((name) => statements[Number(name)])
    .filter((one): one is Statement => one !== undefined)
    .sort((a, b) => a.start - b.start)
    .map(({ id, effect, line }) => ({ id, effect, line }))
  return { permitted: decision === 'allow' && errors.length === 0, reasons, errors }
}

function refusal(errors: readonly string[]): PolicyDecision {
  return {
    permitted: false,
    reasons: [],
    errors: errors.length === 0 ? ['the policies could not be evaluated'] : errors,
  }
}
