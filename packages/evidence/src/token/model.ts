import type { JsonObject } from '../core/json.ts'

/** A signed token, a JWT in compact form or a CWT, decoded and not yet believed. */
export interface Token {
  readonly form: 'JWT' | 'CWT'
  readonly header: JsonObject
  readonly claims: JsonObject
  /** The signed text as received: header, dot, claims. */
  readonly signed: Uint8Array
  readonly signature: Uint8Array
  /** The text of a JWT, without white space around it; empty for a CWT. */
  readonly text: string
  /** Tokens that came beside this one in a detached EAT bundle, by name. */
  readonly submodules: readonly Submodule[]
}

/** One token of a bundle. Only its digest in the main token, and its signature, connect it with that. */
export interface Submodule {
  readonly name: string
  readonly token: Token
}
