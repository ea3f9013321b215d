import type { Scope } from '@sekisho/broker'
import type { Static, TObject, TProperties, TSchema } from '@sinclair/typebox'
import type { Principal } from '../access/principal.ts'
import type { Call } from '../http/call.ts'
import type { Reply } from '../http/reply.ts'

/** What a handler of a route is given: the request, checked against the schemas of the route. */
export interface RouteInput<P extends TObject, Q extends TObject, B extends TSchema> {
  readonly call: Call
  readonly params: Static<P>
  readonly query: Static<Q>
  readonly body: Static<B>
  /** Of a route without scope: somebody who may do nothing. */
  readonly who: Principal
}

/** The parts of a route that the OpenAPI document and the router read alike. */
export interface RouteShape {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE'
  /** Below `/api/v1`, members of the path in braces. */
  readonly path: string
  /** Groups routes in the document. */
  readonly tag: string
  readonly summary: string
  /** What the bearer must have in the namespace of the path; in all when the path has none. Undefined: no token is asked for. */
  readonly scope?: Scope
  /** What a route without scope asks for all the same: whoever has a token, or the holder of the lease. */
  readonly bearer?: 'any-token' | 'lease-secret'
  /** Schemas of the members of the path; every member named in `path` has one. */
  readonly params?: TObject
  readonly query?: TObject
  readonly body?: TSchema
  /** `bytes`: the body is taken as it is, whatever its content type. */
  readonly bodyKind?: 'json' | 'bytes'
  /** Bytes; default 2 MiB for bytes, 1 MiB for JSON. */
  readonly bodyLimit?: number
  /** Status of success; default 200, 204 when there is no answer. */
  readonly status?: 200 | 201 | 204
  /** Schema of the answer's JSON body. */
  readonly answer?: TSchema
  /** Content type of an answer that is no JSON. */
  readonly answerType?: string
}

/** A route with its handler, its types erased: what the router keeps. */
export interface Route extends RouteShape {
  handle(input: {
    readonly call: Call
    readonly params: unknown
    readonly query: unknown
    readonly body: unknown
    readonly who: Principal
  }): Promise<Reply | { readonly answer: unknown }>
}

type None = TObject<TProperties>

/** What `define` is given: a shape with its schemas' types kept, so that a handler cannot answer another shape. */
export interface RouteDefinition<P extends TObject, Q extends TObject, B extends TSchema, A extends TSchema>
  extends RouteShape {
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly answer?: A
  handle(input: RouteInput<P, Q, B>): Promise<Static<A>>
}

/** A route that answers JSON of its schema, or nothing when it has none. */
export function jsonRoute<
  P extends TObject = None,
  Q extends TObject = None,
  B extends TSchema = TSchema,
  A extends TSchema = TSchema,
>(definition: RouteDefinition<P, Q, B, A>): Route {
  return {
    ...definition,
    // The router checked all three against the schemas whose types these are.
    handle: async (input) => ({ answer: await definition.handle(input as RouteInput<P, Q, B>) }),
  }
}

/** A route that writes its reply itself: bytes, text, an event stream, headers of its own. */
export function rawRoute<P extends TObject = None, Q extends TObject = None, B extends TSchema = TSchema>(
  definition: RouteShape & {
    readonly params?: P
    readonly query?: Q
    readonly body?: B
    handle(input: RouteInput<P, Q, B>): Promise<Reply>
  },
): Route {
  return { ...definition, handle: (input) => definition.handle(input as RouteInput<P, Q, B>) }
}
