import type { Cedar, CedarSource } from './cedar.ts'

/** Loads Cedar where WebAssembly comes from a file beside the package: a `source` is not needed, and not looked at. */
export async function openCedar(_source?: CedarSource): Promise<Cedar> {
  return await import('@cedar-policy/cedar-wasm/nodejs')
}
