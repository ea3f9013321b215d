import { isNamespace } from '../names.ts'

/** What a bearer may do. `admin` is everything in its namespace. */
export type Scope =
  | 'admin'
  | 'secrets:read'
  | 'secrets:write'
  | 'policy:read'
  | 'policy:write'
  | 'references:read'
  | 'references:write'
  | 'decisions:read'
  | 'leases:read'
  | 'leases:write'
  | 'advisories:read'
  | 'advisories:write'
  | 'tokens:read'
  | 'tokens:write'

/** All of {@link Scope}. `secrets:read` is names and metadata: no scope reads a secret. */
export const SCOPES: readonly Scope[] = [
  'admin',
  'secrets:read',
  'secrets:write',
  'policy:read',
  'policy:write',
  'references:read',
  'references:write',
  'decisions:read',
  'leases:read',
  'leases:write',
  'advisories:read',
  'advisories:write',
  'tokens:read',
  'tokens:write',
]

/** Scopes in one namespace, or in all (`*`). */
export interface Grant {
  readonly namespace: string
  readonly scopes: readonly Scope[]
}

/** Who calls, and what that one may do: from an API token, or from an identity provider's. */
export interface Access {
  /** As the log names it: `token:<id>`, `oidc:<subject>`. */
  readonly actor: string
  readonly grants: readonly Grant[]
}

/** The caller may not do this. The message tells the scope and the namespace that were asked for. */
export class AccessError extends Error {
  override readonly name = 'AccessError'
  readonly code = 'forbidden'
}

/**
 * The one place where tenants are kept apart: returns when `access` has `scope` (or `admin`) in
 * `namespace`. Pass `*` for what concerns all namespaces; only a grant for all gives that.
 *
 * @throws AccessError otherwise, also for a name that no namespace can have
 */
export function assertAccess(access: Access, namespace: string, scope: Scope): void {
  if (!mayAccess(access, namespace, scope)) {
    throw new AccessError(`this needs the scope \`${scope}\` in ${namespaceText(namespace)}`)
  }
}

/** Whether {@link assertAccess} would return. */
export function mayAccess(access: Access, namespace: string, scope: Scope): boolean {
  if (namespace !== '*' && !isNamespace(namespace)) return false
  return access.grants.some(
    (grant) =>
      (grant.namespace === '*' || grant.namespace === namespace) &&
      (grant.scopes.includes('admin') || grant.scopes.includes(scope)),
  )
}

/**
 * Checks a grant that comes from outside.
 *
 * @throws TypeError naming the member
 */
export function readGrant(namespace: unknown, scopes: unknown): Grant {
  if (typeof namespace !== 'string' || (namespace !== '*' && !isNamespace(namespace))) {
    throw new TypeError('namespace must be `*`, or lower-case letters, digits and hyphens, at most 63')
  }
  if (!Array.isArray(scopes) || scopes.length === 0 || scopes.length > SCOPES.length) {
    throw new TypeError(`scopes must be a list of 1 to ${SCOPES.length}`)
  }
  return { namespace, scopes: [...new Set(scopes.map(readScope))] }
}

function readScope(value: unknown): Scope {
  const scope = SCOPES.find((one) => one === value)
  if (scope === undefined) throw new TypeError(`scopes must be of ${SCOPES.join(', ')}`)
  return scope
}

function namespaceText(namespace: string): string {
  if (namespace === '*') return 'all namespaces'
  return isNamespace(namespace) ? `the namespace \`${namespace}\`` : 'a namespace of that name'
}
