import type { Place } from './envelope.ts'

/** Where a version of a secret or key belongs. */
export function secretPlace(namespace: string, path: string, version: number, contentType: string | null): Place {
  return ['secret', namespace, path, version, contentType]
}

/** Where a signing key of the server belongs. */
export function serverKeyPlace(name: string): Place {
  return ['server key', name]
}
