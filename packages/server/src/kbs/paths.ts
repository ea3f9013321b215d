import type { Call } from '../http/call.ts'
import { KbsError } from './errors.ts'

const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/
const NAMESPACE = /^[a-z0-9][a-z0-9-]{0,62}$/
const BASE = '/kbs/v0'

/** Segments behind the prefix; the first names a built-in or a plugin. */
export function restOf(call: Call): readonly string[] {
  return call.path.slice(call.path.indexOf(BASE) + BASE.length + 1).split('/')
}

/** `repository/type/tag` of the path. @throws KbsError `InvalidRequestPath` */
export function resourceOf(call: Call): string {
  const segments = restOf(call).slice(1)
  if (segments.length !== 3 || !segments.every((one) => SEGMENT.test(one))) {
    throw new KbsError('InvalidRequestPath', 'a resource has three segments, repository/type/tag')
  }
  const resource = segments.join('/')
  call.facts.resource = resource
  return resource
}

/** The namespace of the path, `default` when it names none. @throws KbsError `InvalidRequestPath` */
export function namespaceOf(call: Call): string {
  const namespace = call.params['ns'] ?? 'default'
  if (!NAMESPACE.test(namespace)) throw new KbsError('InvalidRequestPath', 'this is no name of a namespace')
  call.facts.namespace = namespace
  return namespace
}

/** True for paths that KBS clients ask for, whose errors must be ErrorInformation. */
export function isKbsPath(path: string): boolean {
  return path.startsWith('/kbs/') || /^\/ns\/[^/]{0,63}\/kbs\//.test(path)
}
