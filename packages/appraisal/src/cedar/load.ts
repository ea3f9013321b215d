import { openCedar } from '#cedar'
import type { Cedar } from './cedar.ts'

let opening: Promise<Cedar> | undefined

/** Cedar, loaded once, on first use: who decides nothing does not pay for 4 MB of WebAssembly. */
export function loadCedar(): Promise<Cedar> {
  opening ??= openCedar().catch((error: unknown) => {
    // The next call may try again: in a browser the network may be back.
    opening = undefined
    throw error
  })
  return opening
}
