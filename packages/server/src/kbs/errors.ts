import type { Call } from '../http/call.ts'
import { HttpError } from '../http/errors.ts'
import { json, type Reply } from '../http/reply.ts'

/** Error names that KBS programs emit (Trustee, `kbs/src/error.rs`); clients look for them at the end of `type`. */
export type KbsErrorName =
  | 'AttestationError'
  | 'AdminAuthAccess'
  | 'InvalidRequestPath'
  | 'JweError'
  | 'ParsePolicyError'
  | 'PluginNotFound'
  | 'PluginInternalError'
  | 'PolicyDeny'
  | 'PolicyEngineError'
  | 'RvpsError'
  | 'SerdeError'
  | 'TokenNotFound'
  | 'TokenVerifierError'

/** Members of HttpError details that the KBS face puts into headers; its body has room for two members only. */
export interface KbsFacts {
  readonly decision?: string | undefined
  readonly emulated?: boolean | undefined
}

/**
 * An error in the words of the KBS protocol. Its status is 401, whatever went wrong, but for `InvalidRequestPath`,
 * `PluginNotFound` and a missing resource, which are 404: on 401 a client runs the whole handshake again, on 404 it stops.
 */
export class KbsError extends HttpError {
  readonly kbs: KbsErrorName

  constructor(kbs: KbsErrorName, detail: string, o: { status?: number; code?: string; facts?: KbsFacts } = {}) {
    const status = o.status ?? (kbs === 'InvalidRequestPath' || kbs === 'PluginNotFound' ? 404 : 401)
    super(status, o.code ?? kbs, detail, { headers: factHeaders(o.facts ?? {}) })
    this.name = 'KbsError'
    this.kbs = kbs
  }
}

/** Headers that tell what a KBS body has no member for. Unmodified clients do not look at them. */
export function factHeaders({ decision, emulated }: KbsFacts): Record<string, string> {
  return {
    ...(decision === undefined ? {} : { 'sekisho-decision': decision }),
    ...(emulated === true ? { 'sekisho-emulated': 'true' } : {}),
  }
}

const TYPE_PREFIX = 'https://github.com/confidential-containers/kbs/errors/'

/** ErrorInformation for every error: a client that finds anything else in a body reports a deserialisation error. */
export function kbsErrorReply(error: HttpError, _call: Pick<Call, 'id'>): Reply {
  const name = error instanceof KbsError ? error.kbs : nameOf(error)
  const status = error instanceof KbsError || KEPT.has(error.status) ? error.status : 401
  return json(status, { type: TYPE_PREFIX + name, detail: error.message }, error.details.headers)
}

/** Statuses of the HTTP layer that mean more than "no" to clients and proxies, and stay what they are. */
const KEPT: ReadonlySet<number> = new Set([404, 405, 413, 429, 503])

function nameOf({ status, code }: HttpError): KbsErrorName {
  if (status === 404 || status === 405) return 'InvalidRequestPath'
  if (status >= 500 || status === 429) return 'PluginInternalError'
  return code === 'unauthorized' || code === 'forbidden' ? 'AdminAuthAccess' : 'SerdeError'
}
