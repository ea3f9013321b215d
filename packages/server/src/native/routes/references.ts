import { type ImportOptions, importReferences, passedOver } from '@sekisho/appraisal'
import type { StoredReference } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import { invalid, notFound, unexpected } from '../../http/errors.ts'
import { acting } from '../acting.ts'
import { anyObject, BYTES_LIMIT, closed, namespaceSchema, timeSchema } from '../common.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const NS = closed({ ns: namespaceSchema() })
const NAME = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,63}$',
  description: 'lower-case letters, digits, `.`, `_` and `-`, at most 64',
})
const ONE = closed({ ns: namespaceSchema(), name: NAME })
const REAPPRAISED = { live: Type.Integer(), revoked: Type.Integer() }
const WITHOUT = Type.String({
  pattern: '^[A-Za-z0-9_.-]{1,64}(,[A-Za-z0-9_.-]{1,64}){0,31}$',
  description: 'measurements of a CoRIM that are not to be compared, such as `VERSION,CURRENT_VERSION`',
})
const TD_CLASS = Type.String({
  pattern: '^[0-9]{1,10}([.][0-9]{1,10}){1,31}$',
  description: 'class id (OID) of the TDs that a CoRIM of Intel’s profile is for, which assigns none',
})
const SET = closed({
  name: Type.Optional(NAME),
  tee: Type.String({ maxLength: 32 }),
  values: anyObject('members of the expectations of that TEE, docs/expectations.md'),
  owner: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  provenance: Type.Optional(anyObject('{kind, source?, sha256?}')),
  expires: Type.Optional(timeSchema()),
})
const STORED = closed({
  name: Type.String(),
  tee: Type.String(),
  values: anyObject('members of the expectations of that TEE'),
  owner: Type.String(),
  provenance: anyObject('where the set came from'),
  expires: Type.Optional(Type.String()),
  created: timeSchema(),
  lastMatched: Type.Optional(timeSchema()),
  unmatchedValues: Type.Optional(
    Type.Array(closed({ member: Type.String(), value: Type.String() }), {
      description: 'of members that accept several values: those that no evidence had yet',
    }),
  ),
})

/** Reference values: what workloads and platforms are expected to be. */
export function referenceRoutes({ broker }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/references',
      tag: 'references',
      summary:
        'All reference sets; one without `lastMatched` was never met by evidence that passed, and `unmatchedValues` are values that none had',
      scope: 'references:read',
      params: NS,
      answer: closed({ references: Type.Array(STORED) }),
      handle: async ({ params }) => ({ references: (await broker.admin.references(params.ns)).map(storedOf) }),
    }),
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/references/{name}',
      tag: 'references',
      summary: 'One reference set',
      scope: 'references:read',
      params: ONE,
      answer: STORED,
      handle: async ({ params }) => {
        const found = (await broker.admin.references(params.ns)).find(({ name }) => name === params.name)
        if (found === undefined) throw notFound('there is no such reference set in this namespace')
        return storedOf(found)
      },
    }),
    jsonRoute({
      method: 'PUT',
      path: '/namespaces/{ns}/references/{name}',
      tag: 'references',
      summary: 'Writes a reference set and looks at every live lease again',
      scope: 'references:write',
      params: ONE,
      body: SET,
      answer: closed({ name: Type.String(), ...REAPPRAISED }),
      handle: async (input) => {
        const { owner = input.who.actor, provenance = { kind: 'manual' }, ...set } = input.body
        if (set.name !== undefined && set.name !== input.params.name) {
          throw unexpected([{ field: '/name', expected: 'the name in the path, or none' }])
        }
        const { name, live, revoked } = await broker.admin.putReference(
          input.params.ns,
          { ...set, name: input.params.name, owner, provenance },
          acting(input),
        )
        return { name, live, revoked }
      },
    }),
    jsonRoute({
      method: 'DELETE',
      path: '/namespaces/{ns}/references/{name}',
      tag: 'references',
      summary: 'Removes a reference set and looks at every live lease again',
      scope: 'references:write',
      params: ONE,
      answer: closed(REAPPRAISED),
      handle: async (input) => {
        const { live, revoked } = await broker.admin.deleteReference(input.params.ns, input.params.name, acting(input))
        return { live, revoked }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/references/import',
      tag: 'references',
      summary: 'Imports reference sets: our JSON, a CoRIM, or the output of a measurement',
      scope: 'references:write',
      params: NS,
      query: closed({
        name: NAME,
        owner: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
        until: Type.Optional(timeSchema()),
        without: Type.Optional(WITHOUT),
        tdClass: Type.Optional(TD_CLASS),
      }),
      bodyKind: 'bytes',
      body: Type.Unsafe<Uint8Array>({}),
      bodyLimit: BYTES_LIMIT,
      status: 201,
      answer: closed({
        names: Type.Array(Type.String()),
        passedOver: Type.Array(Type.String(), {
          description: 'paths in a CoRIM of what is for other environments, or holds no reference values',
        }),
        staying: Type.Array(Type.String(), {
          description: 'sets of earlier imports under this name that this one did not replace: they are in force still',
        }),
        ...REAPPRAISED,
      }),
      handle: async (input) => {
        const { name, owner = input.who.actor, until, without, tdClass } = input.query
        const imported = importedFrom(input.body, {
          name,
          owner,
          at: input.call.at,
          ...(until === undefined ? {} : { until: new Date(until) }),
          ...(without === undefined ? {} : { without: without.split(',') }),
          ...(tdClass === undefined ? {} : { tdClass }),
        })
        const { sets, ...rest } = imported
        const { live, revoked } = await broker.admin.putReferences(input.params.ns, sets, { ...acting(input), name })
        const staying = earlierOf(await broker.admin.references(input.params.ns), sets, name)
        return { names: sets.map((set) => set.name), ...rest, staying, live, revoked }
      },
    }),
  ]
}

interface Imported {
  readonly sets: ReturnType<typeof importReferences>
  readonly passedOver: string[]
}

function importedFrom(bytes: Uint8Array, options: ImportOptions): Imported {
  try {
    return { sets: importReferences(bytes, options), passedOver: [...passedOver(bytes, options)] }
  } catch (error) {
    // Imports refuse what they cannot read with a TypeError that names the member.
    if (error instanceof TypeError) throw invalid(error.message)
    throw error
  }
}

/** Names of sets that an import under a name made which had other numbers of them. */
function earlierOf(stored: readonly StoredReference[], sets: Imported['sets'], name: string): string[] {
  const made = new Set(sets.map((set) => set.name))
  const kinds = new Set<unknown>(sets.map(({ provenance }) => provenance.kind))
  return stored.flatMap(({ name: one, provenance }) => {
    const isNumbered = one === name || (one.startsWith(`${name}-`) && /^[1-9][0-9]*$/.test(one.slice(name.length + 1)))
    return isNumbered && !made.has(one) && kinds.has(Object(provenance)['kind']) ? [one] : []
  })
}

function storedOf(one: StoredReference): Static<typeof STORED> {
  return {
    name: one.name,
    tee: one.tee,
    values: one.values,
    owner: one.owner,
    provenance: { ...(typeof one.provenance === 'object' ? one.provenance : {}) },
    ...(one.expires === undefined ? {} : { expires: one.expires }),
    created: one.created.toISOString(),
    ...(one.lastMatched === undefined ? {} : { lastMatched: one.lastMatched.toISOString() }),
    ...(one.unmatchedValues === undefined
      ? {}
      : { unmatchedValues: one.unmatchedValues.map((value) => ({ ...value })) }),
  }
}
