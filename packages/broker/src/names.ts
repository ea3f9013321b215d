const NAMESPACE = /^[a-z0-9][a-z0-9-]{0,62}$/
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/

/** Whether a text can name a namespace: lower-case letters, digits and hyphens, at most 63, the first no hyphen. */
export function isNamespace(name: string): boolean {
  return NAMESPACE.test(name)
}

/** Whether a text names a resource: `repository/type/tag`, each of letters, digits, `_`, `-` and `.`, at most 128. */
export function isResource(path: string): boolean {
  const segments = path.split('/')
  return segments.length === 3 && segments.every((segment) => SEGMENT.test(segment))
}
