const NAMESPACE = /^[a-z0-9][a-z0-9-]{0,62}$/
const RESOURCE = /^(?:[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}\/){2}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/

/** Namespace of those that name none. */
export const DEFAULT_NAMESPACE = 'default'

/** @throws TypeError unless it is a name of a namespace */
export function checkNamespace(namespace: string): void {
  if (!NAMESPACE.test(namespace)) throw new TypeError('namespace must be letters in lower case, digits and `-`')
}

/** @throws TypeError unless it is `repository/type/tag` */
export function checkResource(resource: string): void {
  if (!RESOURCE.test(resource)) throw new TypeError('resource must be repository/type/tag')
}
