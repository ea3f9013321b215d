import type { Cedar } from './cedar.ts'

/** Loads Cedar where WebAssembly comes from a file beside the package. */
export async function openCedar(): Promise<Cedar> {
  return await import('@cedar-policy/cedar-wasm/nodejs')
}
