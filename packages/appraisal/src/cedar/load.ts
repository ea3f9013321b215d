import { openCedar } from '#cedar'
import type { Cedar, CedarSource } from './cedar.ts'

let opening: Promise<Cedar> | undefined

/** Cedar, loaded once, on first use: who decides nothing does not pay for 4 MB of WebAssembly. */
export function loadCedar(source?: CedarSource): Promise<Cedar> {
  opening ??= openCedar(source).catch((error: unknown) => {
    // The next call may try again: in a browser the network may be back.
    opening = undefined
    throw error
  })
  return opening
}

/**
 * Loads the policy engine ahead of the first policy. Node.js, Bun and Deno find its WebAssembly by
 * themselves; elsewhere `source` says where it is, when it is not beside the script.
 */
export async function loadPolicyEngine(source?: CedarSource): Promise<void> {
  await loadCedar(source)
}
