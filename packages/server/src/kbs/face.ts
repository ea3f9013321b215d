import type { Call } from '../http/call.ts'
import { HttpError } from '../http/errors.ts'
import type { Front } from '../http/front.ts'
import { readJson } from '../http/json.ts'
import { json, type Reply } from '../http/reply.ts'
import type { Broker } from '../ports.ts'
import { readSessionCookie, sessionCookie } from './cookie.ts'
import { factHeaders, KbsError, type KbsErrorName } from './errors.ts'
import { readAttestation, readKbsRequest } from './messages.ts'

/** What the KBS face stands on. */
export interface KbsServices {
  readonly broker: Broker
  /** Largest body, in bytes. */
  readonly bodyLimit: number
}

const PREFIXES = ['/kbs/v0', '/ns/:ns/kbs/v0'] as const
const ROUTED: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE'])
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/
const NAMESPACE = /^[a-z0-9][a-z0-9-]{0,62}$/

/** True for paths that KBS clients ask for, whose errors must be ErrorInformation. */
export function isKbsPath(path: string): boolean {
  return path.startsWith('/kbs/') || /^\/ns\/[^/]{0,63}\/kbs\//.test(path)
}

/** Serves the KBS protocol, version 0.4, for the namespace `default` and, below `/ns/NAME`, for any other. */
export function kbsFace(front: Front, services: KbsServices): void {
  for (const prefix of PREFIXES) {
    front.on('POST', `${prefix}/auth`, (call) => auth(call, services))
    front.on('POST', `${prefix}/attest`, (call) => attest(call, services))
    front.on('GET', `${prefix}/resource/*`, (call) => getResource(call, services))
    front.on('ALL', `${prefix}/*`, unknownPlugin)
  }
}

async function auth(call: Call, { broker, bodyLimit }: KbsServices): Promise<Reply> {
  const request = readKbsRequest(await bodyOf(call, bodyLimit))
  const challenge = await broker.challenge({
    namespace: namespaceOf(call),
    protocol: 'kbs',
    tee: request.tee,
    at: call.at,
  })
  return json(
    200,
    { nonce: challenge.nonce, 'extra-params': '' },
    { 'set-cookie': sessionCookie(challenge.session, challenge.expires) },
  )
}

async function attest(call: Call, { broker, bodyLimit }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  const session = readSessionCookie(call.header('cookie'))
  if (session === undefined)
    throw new KbsError('AttestationError', 'the session cookie is missing; ask for a challenge first')
  const sent = readAttestation(await bodyOf(call, bodyLimit))
  const outcome = await broker.attest({
    session,
    evidence: sent.primaryEvidence,
    additionalEvidence: sent.additionalEvidence,
    runtimeData: { nonce: sent.runtimeData.nonce, 'tee-pubkey': sent.runtimeData.teePubkey },
    ...(sent.initData === undefined ? {} : { initData: sent.initData }),
    namespace,
    at: call.at,
  })
  note(call, outcome.decision)
  if (outcome.token === undefined) throw refused(call, 'AttestationError', outcome.refusal ?? UNEXPLAINED)
  return json(200, { token: outcome.token }, factHeaders(outcome))
}

async function getResource(call: Call, { broker }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  const resource = resourceOf(call)
  call.facts.resource = resource
  const session = readSessionCookie(call.header('cookie'))
  if (session === undefined) throw new KbsError('TokenNotFound', 'no attestation token: attest first')
  const outcome = await broker.release({ by: { session }, namespace, resource, at: call.at })
  note(call, outcome.refused === undefined ? outcome.decision : outcome.refused.decision)
  if (outcome.refused === undefined) return json(200, outcome.released.jwe, factHeaders(outcome))
  throw refused(call, 'PolicyDeny', { code: outcome.refused.code, id: outcome.refused.decision })
}

function note(call: Call, decision: string | undefined): void {
  if (decision !== undefined) call.facts.decision = decision
}

const UNEXPLAINED = { code: 'evidence-rejected' } as const

function refused(call: Call, name: KbsErrorName, { code, id }: { code: string; id?: string | undefined }): KbsError {
  call.facts.code = code
  const decision = id === undefined ? '' : `; decision ${id}`
  return new KbsError(name, `refused: ${code}${decision}`, {
    code,
    ...(id === undefined ? {} : { facts: { decision: id } }),
  })
}

function unknownPlugin(call: Call): Reply {
  if (!ROUTED.has(call.method)) {
    throw new HttpError(405, 'method-not-allowed', 'this method is not part of the KBS protocol', {
      headers: { allow: 'GET, POST, PUT, DELETE' },
    })
  }
  const [plugin = ''] = restOf(call)
  if (plugin === '') throw new KbsError('InvalidRequestPath', 'the path names no plugin')
  throw new KbsError('PluginNotFound', 'there is no such plugin for this method')
}

function restOf(call: Call): readonly string[] {
  return call.path.slice(call.path.indexOf('/kbs/v0') + '/kbs/v0/'.length).split('/')
}

function resourceOf(call: Call): string {
  const segments = restOf(call).slice(1)
  if (segments.length !== 3 || !segments.every((one) => SEGMENT.test(one))) {
    throw new KbsError('InvalidRequestPath', 'a resource has three segments, repository/type/tag')
  }
  return segments.join('/')
}

function namespaceOf(call: Call): string {
  const namespace = call.params['ns'] ?? 'default'
  if (!NAMESPACE.test(namespace)) throw new KbsError('InvalidRequestPath', 'this is no name of a namespace')
  call.facts.namespace = namespace
  return namespace
}

async function bodyOf(call: Call, limit: number): Promise<unknown> {
  return readJson(await call.body(limit))
}
