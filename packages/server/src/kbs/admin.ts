import { readReferenceSet } from '@sekisho/appraisal'
import type { Principal } from '../access/principal.ts'
import type { Call } from '../http/call.ts'
import { HttpError } from '../http/errors.ts'
import { readJson } from '../http/json.ts'
import { json, type Reply } from '../http/reply.ts'
import { KbsError } from './errors.ts'
import { namespaceOf, resourceOf, restOf } from './paths.ts'
import { placeOf, readRvpsMessage, rvps, setName } from './reference-values.ts'
import type { KbsServices } from './services.ts'

/** POST `/resource/…`: the body as it is becomes a new version of the secret. */
export async function putResource(call: Call, { broker, auth, bodyLimit }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  const who = await auth.authorize(call, 'secrets:write', namespace)
  const path = resourceOf(call)
  const bytes = await call.body(bodyLimit)
  await broker.admin.putSecret(namespace, { path, bytes }, actingAs(who, call))
  return DONE
}

/** DELETE `/resource/…`. */
export async function deleteResource(call: Call, { broker, auth }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  const who = await auth.authorize(call, 'secrets:write', namespace)
  const gone = await broker.admin.deleteSecret(namespace, resourceOf(call), actingAs(who, call))
  if (!gone) throw new KbsError('PluginInternalError', 'there is no such resource', { status: 404 })
  return DONE
}

/** POST `/attestation-policy` and `/resource-policy` carry Rego. It is refused, never taken and left aside. */
export async function refusePolicy(call: Call, { auth }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  await auth.authorize(call, 'policy:write', namespace)
  throw new KbsError(
    'ParsePolicyError',
    `policies of this server are written in Cedar, not in Rego: nothing was changed. PUT /api/v1/namespaces/${namespace}/policy, or run \`sekisho policy set\``,
  )
}

/** GET `/resource-policy`: ids of the policies in force. */
export async function listPolicies(call: Call, { broker, auth }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  await auth.authorize(call, 'policy:read', namespace)
  const policy = await broker.admin.policy(namespace)
  return json(200, policy === undefined ? [] : [`cedar-${policy.version}`])
}

const SOURCE = 'KBS reference-value'

/** POST `/reference-value`: an RVPS message, kept in one reference set a TEE. */
export async function putReferenceValues(call: Call, services: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  const who = await services.auth.authorize(call, 'references:write', namespace)
  const values = readRvpsMessage(readJson(await call.body(services.bodyLimit)), readPayload)
  const { admin } = services.broker
  const before = await admin.references(namespace)
  const sets = [...new Set(values.map(({ tee }) => tee))].map((tee) => ({
    name: setName(tee),
    tee,
    values: Object.fromEntries(values.filter((one) => one.tee === tee).map(({ member, value }) => [member, value])),
    owner: who.actor,
    provenance: { kind: 'json', source: SOURCE },
    expires: inTwelveMonths(call.at).toISOString(),
  }))
  // All are looked at before the first is kept: a message is taken whole, or not at all.
  for (const set of sets)
    check({ ...set, values: { ...before.find(({ name }) => name === set.name)?.values, ...set.values } })
  const name = sets.length === 1 ? setName(sets[0]?.tee ?? '') : SOURCE
  if (sets.length > 0) await admin.putReferences(namespace, sets, { ...actingAs(who, call), name, merge: true })
  return DONE
}

function check(set: unknown): void {
  try {
    readReferenceSet(set)
  } catch (error) {
    if (error instanceof TypeError) throw rvps(error.message)
    throw error
  }
}

/** GET `/reference-value/{id}`: the JSON value. */
export async function getReferenceValue(call: Call, { broker, auth }: KbsServices): Promise<Reply> {
  const namespace = namespaceOf(call)
  await auth.authorize(call, 'references:read', namespace)
  const place = placeOf(decoded(restOf(call).slice(1).join('/')))
  if (place === undefined) throw rvps('there is no reference value of this id')
  const set = (await broker.admin.references(namespace)).find(({ name }) => name === setName(place.tee))
  const value = set?.values[place.member]
  if (value === undefined) throw rvps('there is no reference value of this id')
  return json(200, Array.isArray(value) ? value : [value])
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id)
  } catch {
    throw rvps('the id is not percent-encoded UTF-8')
  }
}

const DONE: Reply = { status: 200, headers: {}, body: '' }

/** RVPS keeps values for twelve months. */
function inTwelveMonths(at: Date): Date {
  const later = new Date(at)
  later.setUTCFullYear(later.getUTCFullYear() + 1)
  return later
}

function actingAs(who: Principal, call: Call): { readonly actor: string; readonly at: Date } {
  return { actor: who.actor, at: call.at }
}

function readPayload(body: Uint8Array): unknown {
  try {
    return readJson(body)
  } catch (error) {
    if (error instanceof HttpError) throw rvps(`the payload: ${error.message}`)
    throw error
  }
}
