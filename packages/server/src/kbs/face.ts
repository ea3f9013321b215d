import type { Challenge } from '@sekisho/broker'
import { tokenIsEmulated } from '../emulated.ts'
import type { Call } from '../http/call.ts'
import { HttpError } from '../http/errors.ts'
import type { Front } from '../http/front.ts'
import { readJson } from '../http/json.ts'
import { json, type Reply } from '../http/reply.ts'
import {
  deleteResource,
  getReferenceValue,
  listPolicies,
  putReferenceValues,
  putResource,
  refusePolicy,
} from './admin.ts'
import { cookieFault, readSessionCookie, sessionCookie } from './cookie.ts'
import { factHeaders, KbsError } from './errors.ts'
import { readAttestation, readKbsRequest } from './messages.ts'
import { namespaceOf, resourceOf, restOf } from './paths.ts'
import { attestRefusal, releaseRefusal } from './refusals.ts'
import type { KbsServices } from './services.ts'

type KbsHandler = (call: Call, services: KbsServices) => Promise<Reply>

/** Built-ins of the protocol. What is not here is answered `PluginNotFound`, whatever the method, as its servers do. */
const ROUTES: readonly (readonly [method: string, path: string, handler: KbsHandler])[] = [
  ['POST', '/auth', auth],
  ['POST', '/attest', attest],
  ['GET', '/resource/*', getResource],
  ['POST', '/resource/*', putResource],
  ['DELETE', '/resource/*', deleteResource],
  ['POST', '/attestation-policy', refusePolicy],
  ['POST', '/resource-policy', refusePolicy],
  ['GET', '/resource-policy', listPolicies],
  ['POST', '/reference-value', putReferenceValues],
  ['GET', '/reference-value/*', getReferenceValue],
]
const PREFIXES = ['/kbs/v0', '/ns/:ns/kbs/v0'] as const
const ROUTED: ReadonlySet<string> = new Set(['GET', 'POST', 'PUT', 'DELETE'])

/** Serves the KBS protocol, version 0.4, for the namespace `default` and, below `/ns/NAME`, for any other. */
export function kbsFace(front: Front, services: KbsServices): void {
  for (const prefix of PREFIXES) {
    for (const [method, path, handler] of ROUTES)
      front.on(method, prefix + path, (call) => {
        // A router takes HEAD for GET; a release is not to happen for who does not want the secret.
        if (call.method === 'HEAD') throw notRouted()
        return handler(call, services)
      })
    front.on('ALL', `${prefix}/*`, unknownPlugin)
  }
}

async function auth(call: Call, { broker, bodyLimit }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  const { tee } = readKbsRequest(readJson(await call.body(bodyLimit)))
  const challenge = await broker.challenge({ namespace, protocol: 'kbs', tee, at: call.at })
  return json(
    200,
    { nonce: challenge.nonce, 'extra-params': extraParams(challenge.hash) },
    { 'set-cookie': sessionCookie(challenge.session, challenge.expires) },
  )
}

/** Guests hash with SHA-384 unless they are told otherwise. */
function extraParams(hash: Challenge['hash']): string | { readonly 'selected-hash-algorithm': string } {
  return hash === 'sha384' ? '' : { 'selected-hash-algorithm': hash }
}

async function attest(call: Call, { broker, bodyLimit, outcomes }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  const session = readSessionCookie(call.header('cookie'))
  if (session === undefined) {
    throw new KbsError('AttestationError', `${cookieFault(call.header('cookie'))}; ask for a challenge first`)
  }
  const sent = readAttestation(readJson(await call.body(bodyLimit)))
  const outcome = await broker.attest({
    session,
    namespace,
    evidence: sent.primaryEvidence,
    additionalEvidence: sent.additionalEvidence,
    runtimeData: { nonce: sent.runtimeData.nonce, 'tee-pubkey': sent.runtimeData.teePubkey },
    ...(sent.initData === undefined ? {} : { initData: sent.initData }),
    at: call.at,
  })
  if (outcome.token === undefined) throw attestRefusal(call, outcome, sent.primaryEvidence, outcomes)
  if (outcome.decision !== undefined) call.facts.decision = outcome.decision
  outcomes.attested()
  return json(
    200,
    { token: outcome.token },
    {
      ...factHeaders({
        decision: outcome.decision,
        emulated: outcome.emulated ?? tokenIsEmulated(outcome.token),
      }),
      ...(outcome.expires === undefined ? {} : { 'set-cookie': sessionCookie(session, outcome.expires) }),
    },
  )
}

async function getResource(call: Call, { broker, outcomes }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  const resource = resourceOf(call)
  const session = readSessionCookie(call.header('cookie'))
  const token = bearerOf(call)
  if (session === undefined && token === undefined) {
    throw new KbsError('TokenNotFound', 'neither a session cookie nor a bearer token: attest first')
  }
  // The token of the session comes first; only when there is none is the header looked at.
  let outcome =
    session === undefined ? undefined : await broker.release({ by: { session }, namespace, resource, at: call.at })
  const sessionless = outcome?.refused !== undefined && SESSIONLESS.has(outcome.refused.code)
  if (token !== undefined && (outcome === undefined || sessionless)) {
    outcome = await broker.release({ by: { token }, namespace, resource, at: call.at })
  }
  if (outcome === undefined) throw new KbsError('TokenNotFound', 'there is no attestation token: attest first')
  if (outcome.refused !== undefined) throw releaseRefusal(call, outcome.refused, outcomes)
  call.facts.decision = outcome.decision
  outcomes.released()
  const { lease, decision, emulated, released } = outcome
  return json(200, released.jwe, {
    ...factHeaders({ decision, emulated }),
    'sekisho-lease': lease.id,
    'sekisho-lease-expires': lease.expires.toISOString(),
  })
}

const SESSIONLESS: ReadonlySet<string> = new Set(['session-unknown', 'session-expired', 'not-attested'])

function bearerOf(call: Call): string | undefined {
  return /^Bearer +([A-Za-z0-9_.-]{1,131072})$/i.exec(call.header('authorization') ?? '')?.[1]
}

function unknownPlugin(call: Call): Reply {
  if (!ROUTED.has(call.method)) throw notRouted()
  if (restOf(call)[0] === '') throw new KbsError('InvalidRequestPath', 'the path names no plugin')
  throw new KbsError('PluginNotFound', 'there is no such plugin, or it has nothing at this path and method')
}

function notRouted(): HttpError {
  return new HttpError(405, 'method-not-allowed', 'this method is not part of the KBS protocol', {
    headers: { allow: 'GET, POST, PUT, DELETE' },
  })
}
