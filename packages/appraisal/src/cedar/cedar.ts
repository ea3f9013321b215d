import type * as wasm from '@cedar-policy/cedar-wasm/nodejs'

/** What this package uses of Cedar. */
export type Cedar = Pick<
  typeof wasm,
  'validate' | 'policyToJson' | 'policyToText' | 'preparsePolicySet' | 'statefulIsAuthorized'
>

/** Where Cedar's WebAssembly comes from: its bytes, the compiled module, or its address. */
export type CedarSource = BufferSource | WebAssembly.Module | URL

export type {
  AuthorizationAnswer,
  CedarValueJson,
  Clause,
  DetailedError,
  EntityJson,
  Expr,
  PolicyJson,
} from '@cedar-policy/cedar-wasm/nodejs'
