import type { Identified } from './model.ts'

const REQUEST = 37

/**
 * Tells an SPDM exchange of a GPU or NVSwitch by request and response code, and NVIDIA's JSON by a member
 * `evidence` that begins like one in base64.
 */
export function identifyNvidia(bytes: Uint8Array): Identified | undefined {
  if (bytes[0] === 0x11 && bytes[1] === 0xe0 && (bytes.length <= REQUEST + 1 || bytes[REQUEST + 1] === 0x60))
    return { tee: 'nvidia-gpu', form: 'NVIDIA SPDM measurements', bytes }
  if (!startsJson(bytes)) return undefined
  const text = new TextDecoder().decode(bytes)
  return EVIDENCE.test(text) ? { tee: 'nvidia-gpu', form: 'NVIDIA evidence in JSON', bytes } : undefined
}

// Base64 of 11 e0 01: SPDM 1.1, GET_MEASUREMENTS, signature wanted.
const EVIDENCE = /"evidence"\s*:\s*"EeAB/

function startsJson(bytes: Uint8Array): boolean {
  for (const byte of bytes)
    if (!(byte === 0x20 || (byte >= 0x09 && byte <= 0x0d))) return byte === 0x5b || byte === 0x7b
  return false
}
