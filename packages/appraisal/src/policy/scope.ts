import type { PolicyJson } from '../cedar/cedar.ts'

/** What the scope of a statement is compared with. */
export interface ScopeRequest {
  readonly action: 'release' | 'renew'
  readonly resource: string
  readonly workload: string
}

/** Whether a statement's scope holds for a request, exactly; its conditions are not looked at. */
export function appliesTo({ principal, action, resource }: PolicyJson, request: ScopeRequest): boolean {
  return (
    namesAction(action, request.action) &&
    namesWorkload(principal, request.workload) &&
    namesResource(resource, request.resource)
  )
}

function namesAction(action: PolicyJson['action'], wanted: string): boolean {
  if (action.op === 'All') return true
  const entities = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : undefined
  return entities === undefined || entities.some((entity) => uidOf(entity)?.id === wanted)
}

// Nothing contains workloads: `in` is `==`.
function namesWorkload(principal: PolicyJson['principal'], wanted: string): boolean {
  if (principal.op === 'All' || (principal.op === 'is' && !('in' in principal))) return true
  return isEntity(constraintOf(principal), WORKLOAD, wanted)
}

function namesResource(resource: PolicyJson['resource'], path: string): boolean {
  switch (resource.op) {
    case 'All':
      return true
    case 'is':
      return !('in' in resource) || isIn(constraintOf(resource), path)
    case '==':
      return isEntity(constraintOf(resource), SECRET, path)
    case 'in':
      return isIn(constraintOf(resource), path)
  }
}

/** The secret or folder that a scope names; undefined for any. */
export function resourceOf({ resource }: PolicyJson): EntityName | undefined {
  return resource.op === 'All' ? undefined : constraintOf(resource)
}

const WORKLOAD = 'Sekisho::Workload'
const SECRET = 'Sekisho::Secret'
const FOLDER = 'Sekisho::Folder'

function isIn(entity: EntityName | undefined, path: string): boolean {
  if (entity?.type === FOLDER) return path.startsWith(`${entity.id}/`)
  return isEntity(entity, SECRET, path)
}

function isEntity(entity: EntityName | undefined, type: string, id: string): boolean {
  return entity?.type === type && entity.id === id
}

/** Type and id of an entity that a scope names. */
export interface EntityName {
  readonly type: string
  readonly id: string
}

function constraintOf(constraint: object): EntityName | undefined {
  if ('in' in constraint && typeof constraint.in === 'object' && constraint.in !== null)
    return constraintOf(constraint.in)
  return 'entity' in constraint ? uidOf(constraint.entity) : undefined
}

/** An entity in Cedar's JSON; undefined for everything else. */
export function uidOf(entity: unknown): EntityName | undefined {
  if (typeof entity !== 'object' || entity === null) return undefined
  const { type, id, __entity }: { readonly type?: unknown; readonly id?: unknown; readonly __entity?: unknown } = entity
  if (typeof id === 'string' && typeof type === 'string') return { type, id }
  return __entity === undefined ? undefined : uidOf(__entity)
}
