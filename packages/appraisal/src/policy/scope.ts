import type { PolicyJson } from '../cedar/cedar.ts'

/** What the scope of a statement is compared with. */
export interface ScopeRequest {
  readonly action: 'release' | 'renew'
  readonly resource: string
  readonly workload: string
}

/** Whether a statement's scope holds for a request; its conditions are not looked at. */
export function appliesTo({ principal, action, resource }: PolicyJson, request: ScopeRequest): boolean {
  return (
    namesAction(action, request.action) &&
    (principal.op === 'All' || principal.op === 'is' || named(principal) === request.workload) &&
    namesResource(resource, request.resource)
  )
}

function namesAction(action: PolicyJson['action'], wanted: string): boolean {
  if (action.op === 'All') return true
  const entities = 'entities' in action ? action.entities : 'entity' in action ? [action.entity] : undefined
  return entities === undefined || entities.some((entity) => idOf(entity) === wanted)
}

function namesResource(resource: PolicyJson['resource'], path: string): boolean {
  switch (resource.op) {
    case 'All':
      return true
    case 'is':
      return resource.in === undefined || isWithin(path, named(resource.in))
    case '==':
      return named(resource) === path
    case 'in':
      return isWithin(path, named(resource))
  }
}

function isWithin(path: string, folder: string | undefined): boolean {
  return folder === undefined || path === folder || path.startsWith(`${folder}/`)
}

function named(constraint: object): string | undefined {
  return 'entity' in constraint ? idOf(constraint.entity) : undefined
}

function idOf(entity: unknown): string | undefined {
  if (typeof entity !== 'object' || entity === null) return undefined
  const { id, __entity }: { readonly id?: unknown; readonly __entity?: unknown } = entity
  return typeof id === 'string' ? id : __entity === undefined ? undefined : idOf(__entity)
}
