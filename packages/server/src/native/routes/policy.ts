import {
  type CasePlatform,
  CEDAR_SCHEMA,
  compilePolicies,
  dryRun,
  lintPolicies,
  type PlatformPlay,
  type PolicyCase,
  type PolicyContext,
  playCases,
  readPolicyCases,
  STARTER_POLICIES,
  testPolicies,
} from '@sekisho/appraisal'
import type { PolicyVersion } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import type { EmulatedPlatforms } from '../../emulated-platforms.ts'
import { HttpError, invalid, notFound } from '../../http/errors.ts'
import { text } from '../../http/reply.ts'
import { acting } from '../acting.ts'
import { anyObject, closed, namespaceSchema, oneOf, resourceSchema, timeSchema } from '../common.ts'
import { recordedDecisions } from '../recorded.ts'
import { jsonRoute, type Route, rawRoute } from '../route.ts'
import type { NativeServices } from '../services.ts'

const NS = closed({ ns: namespaceSchema() })
const TEXT = Type.String({ maxLength: 512 * 1024, description: 'Cedar policies, at most 512 KiB' })
const VERSION = Type.Integer({ minimum: 1, description: 'the number of a version, from 1' })
const CASE = closed({
  name: Type.String({ minLength: 1, maxLength: 256 }),
  action: Type.Optional(oneOf(['release', 'renew'] as const)),
  namespace: Type.Optional(namespaceSchema()),
  resource: resourceSchema(),
  workload: Type.Optional(Type.String({ maxLength: 512 })),
  context: Type.Optional(Type.Unsafe<PolicyContext>(anyObject('what the policy sees, GET /api/v1/policy/schema'))),
  platform: Type.Optional(
    Type.Unsafe<CasePlatform>(
      anyObject(
        'an emulated platform whose evidence gives the context: kind, product, measurement, debug, tcb, maskedId, wrongBinding, revoked, expired; GET /api/v1/emulated',
      ),
    ),
  ),
  known: Type.Optional(Type.Boolean({ description: 'whether the values of the platform are reference values; true' })),
  permitted: Type.Boolean(),
  by: Type.Optional(Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64 })),
})
const FINDINGS = Type.Array(
  closed({
    code: Type.String(),
    severity: Type.String(),
    line: Type.Integer(),
    message: Type.String(),
    remedy: Type.String(),
  }),
)
const ACTIVATED = closed({ version: VERSION, live: Type.Integer(), revoked: Type.Integer(), findings: FINDINGS })
const STRICT = Type.Optional(
  Type.Boolean({ description: 'refuse it, with 409, where the linter finds anything; false' }),
)
const NUMBER = Type.String({ pattern: '^[1-9][0-9]{0,8}$', description: 'the number of a version, from 1' })
const VERSION_MEMBERS = {
  version: VERSION,
  sha256: Type.String(),
  created: timeSchema(),
  createdBy: Type.String(),
  note: Type.Optional(Type.String()),
  active: Type.Boolean(),
}
const POLICY_VERSION = closed(VERSION_MEMBERS)

/** Policies: what is in force, what it was, and what a candidate would do. */
export function policyRoutes({ broker, emulated }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/policy',
      tag: 'policy',
      summary: 'The policy in force',
      scope: 'policy:read',
      params: NS,
      answer: closed({ version: VERSION, text: Type.String(), sha256: Type.String() }),
      handle: async ({ params }) => {
        const policy = await broker.admin.policy(params.ns)
        if (policy === undefined) throw notFound('this namespace has no policy: nothing is released')
        return { version: policy.version, text: policy.text, sha256: policy.sha256 }
      },
    }),
    jsonRoute({
      method: 'PUT',
      path: '/namespaces/{ns}/policy',
      tag: 'policy',
      summary: 'Puts a new version in force and looks at every live lease again',
      scope: 'policy:write',
      params: NS,
      body: closed({
        text: TEXT,
        note: Type.Optional(Type.String({ maxLength: 1024 })),
        basedOn: Type.Optional(
          Type.Integer({ minimum: 0, description: 'the version that must be in force now, else 409; 0 for none' }),
        ),
        strict: STRICT,
      }),
      answer: ACTIVATED,
      handle: async (input) => {
        const { text, note, basedOn, strict } = input.body
        const findings = await admitted(text, '/text', strict)
        const done = await broker.admin.setPolicy(input.params.ns, text, {
          ...acting(input),
          ...(note === undefined ? {} : { note }),
          ...(basedOn === undefined ? {} : { basedOn }),
        })
        return { ...activated(done), findings }
      },
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/policy/versions',
      tag: 'policy',
      summary: 'All versions, the newest first',
      scope: 'policy:read',
      params: NS,
      answer: closed({ versions: Type.Array(POLICY_VERSION) }),
      handle: async ({ params }) => ({
        versions: (await broker.admin.policyVersions(params.ns)).map(versionOf),
      }),
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/policy/versions/{version}',
      tag: 'policy',
      summary: 'One version with its text',
      scope: 'policy:read',
      params: closed({ ns: namespaceSchema(), version: NUMBER }),
      answer: closed({ ...VERSION_MEMBERS, text: Type.String() }),
      handle: async ({ params }) => {
        const found = await broker.admin.policyVersion(params.ns, Number(params.version))
        if (found === undefined) throw notFound('there is no such version of the policy in this namespace')
        return { ...versionOf(found), text: found.text }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/policy/rollback',
      tag: 'policy',
      summary: 'Puts an older version in force again',
      scope: 'policy:write',
      params: NS,
      body: closed({ version: VERSION, strict: STRICT }),
      answer: ACTIVATED,
      handle: async (input) => {
        const { version, strict } = input.body
        // The text of a version never changes; of one that there is none of, the rollback says so.
        const kept = await broker.admin.policyVersion(input.params.ns, version)
        const findings = kept === undefined ? [] : await admitted(kept.text, '/version', strict)
        return { ...activated(await broker.admin.rollback(input.params.ns, version, acting(input))), findings }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/policy/lint',
      tag: 'policy',
      summary: 'What a reviewer would say of a policy; nothing is kept',
      scope: 'policy:read',
      params: NS,
      body: closed({ text: TEXT }),
      answer: closed({ findings: FINDINGS }),
      handle: async ({ body }) => ({ findings: await findingsOf(body.text) }),
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/policy/dry-run',
      tag: 'policy',
      summary: 'What a candidate policy would have decided of the releases and renewals recorded; nothing is kept',
      scope: 'decisions:read',
      params: NS,
      body: closed({ text: TEXT, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 20_000 })) }),
      answer: anyObject('the report: how many were looked at, and which would have come out otherwise'),
      handle: async ({ params, body }) => ({
        ...(await dryRun(body.text, await recordedDecisions(broker, params.ns, body.limit ?? 5000))),
      }),
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/policy/test',
      tag: 'policy',
      summary: 'Runs cases against a policy and tells which statements none of them exercises',
      scope: 'policy:read',
      params: NS,
      body: closed({ text: TEXT, cases: Type.Array(CASE, { maxItems: 1000 }) }),
      answer: anyObject('the report: each case, and the statements that none of them reached'),
      handle: async ({ body }) => ({ ...(await testPolicies(body.text, await casesOf(body.cases, emulated))) }),
    }),
    rawRoute({
      method: 'GET',
      path: '/policy/schema',
      tag: 'policy',
      summary: 'The Cedar schema that policies are checked against',
      answerType: 'text/plain',
      handle: async () => text(200, CEDAR_SCHEMA),
    }),
    jsonRoute({
      method: 'GET',
      path: '/policy/starters',
      tag: 'policy',
      summary: 'Policies to start from',
      answer: closed({
        starters: Type.Array(closed({ name: Type.String(), title: Type.String(), text: Type.String() })),
      }),
      handle: async () => ({ starters: STARTER_POLICIES.map(({ name, title, text }) => ({ name, title, text })) }),
    }),
  ]
}

/** @throws PolicyError when the policy cannot be used */
async function findingsOf(text: string): Promise<Static<typeof FINDINGS>> {
  await compilePolicies(text)
  const findings = await lintPolicies(text)
  return findings.map(({ code, severity, line, message, remedy }) => ({ code, severity, line, message, remedy }))
}

/**
 * What the linter finds in a policy that is about to be put in force.
 *
 * @param field of the request, as a JSON Pointer, that says which policy
 * @throws PolicyError when the policy cannot be used
 * @throws HttpError 409 for any finding where it has to be free of them
 */
async function admitted(text: string, field: string, strict = false): Promise<Static<typeof FINDINGS>> {
  const findings = await findingsOf(text)
  if (strict && findings.length > 0) throw found(findings, field)
  return findings
}

function found(findings: Static<typeof FINDINGS>, field: string): HttpError {
  const errors = findings.map(({ code, line, message, remedy }) => ({
    field,
    expected: `${message} [${code}]`,
    line,
    column: 1,
    hint: remedy,
  }))
  return new HttpError(409, 'policy-findings', 'the linter finds something in the policy; nothing is changed', {
    errors,
  })
}

/** Platforms that one request has attest: each costs a signature and a verification. */
const MAX_PLATFORMS = 100

/** Claims that a case does not name are the usual ones: docs/policies.md. */
async function casesOf(cases: unknown, emulated: EmulatedPlatforms | undefined): Promise<readonly PolicyCase[]> {
  try {
    const written = readPolicyCases(cases)
    if (written.filter((one) => 'platform' in one).length > MAX_PLATFORMS)
      throw new TypeError(`cases: expected at most ${MAX_PLATFORMS} with a platform`)
    return await playCases(written, emulated?.play ?? playsNothing)
  } catch (error) {
    if (error instanceof TypeError) throw invalid(error.message, [fieldOfCases(error.message)])
    throw error
  }
}

const playsNothing: PlatformPlay = () =>
  Promise.reject(new TypeError('no emulated platforms are here; `sekisho policy test` brings its own'))

/** The reader words it `cases[2].context.tee: expected …`. */
function fieldOfCases(message: string): { readonly field: string; readonly expected: string } {
  const [where = '', ...rest] = message.split(': ')
  return { field: `/${where.replace(/\[(\d+)\]/g, '/$1').replaceAll('.', '/')}`, expected: rest.join(': ') }
}

function versionOf(one: PolicyVersion): Static<typeof POLICY_VERSION> {
  return {
    version: one.version,
    sha256: one.sha256,
    created: one.created.toISOString(),
    createdBy: one.createdBy,
    ...(one.note === undefined ? {} : { note: one.note }),
    active: one.active,
  }
}

function activated({ version, live, revoked }: { version: number; live: number; revoked: number }): {
  version: number
  live: number
  revoked: number
} {
  return { version, live, revoked }
}
