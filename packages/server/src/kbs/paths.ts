import { isNamespace, isResource } from '@sekisho/broker'
import type { Call } from '../http/call.ts'
import { KbsError } from './errors.ts'

const BASE = '/kbs/v0'

/** What a path of a resource looks like. Segments are compared as they are sent: percent signs stand for nothing. */
export const RESOURCE_SHAPE =
  'a resource is repository/type/tag, each 1 to 128 letters, digits, `_`, `-` and `.`, the first no `.`'

/** Segments behind the prefix; the first names a built-in or a plugin. */
export function restOf(call: Call): readonly string[] {
  return call.path.slice(call.path.indexOf(BASE) + BASE.length + 1).split('/')
}

/** `repository/type/tag` of the path. @throws KbsError `InvalidRequestPath` */
export function resourceOf(call: Call): string {
  const resource = restOf(call).slice(1).join('/')
  if (!isResource(resource)) throw new KbsError('InvalidRequestPath', RESOURCE_SHAPE)
  call.facts.resource = resource
  return resource
}

/** The namespace of the path, `default` when it names none. @throws KbsError `InvalidRequestPath` */
export function namespaceOf(call: Call): string {
  const namespace = call.params['ns'] ?? 'default'
  if (!isNamespace(namespace)) throw new KbsError('InvalidRequestPath', 'this is no name of a namespace')
  call.facts.namespace = namespace
  return namespace
}

/** True for paths that KBS clients ask for, whose errors must be ErrorInformation. */
export function isKbsPath(path: string): boolean {
  return path.startsWith('/kbs/') || /^\/ns\/[^/]{0,63}\/kbs\//.test(path)
}
