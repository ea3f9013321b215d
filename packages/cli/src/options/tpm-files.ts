import type { TpmActivation } from '@sekisho/evidence/tpm'

/** What files hold of TPMs. */
export interface TpmFiles {
  /** Outcome of a credential activation; the last one counts. */
  activation: TpmActivation | undefined
}

/** None yet. */
export function noTpmFiles(): TpmFiles {
  return { activation: undefined }
}

const MAX_CERTIFICATES = 16

/**
 * Takes an activation as a checkpoint keeps it, or as `sekisho tpm list --json` shows one key:
 * `{ "akName": hex, "ekCertificates": [base64 DER, leaf first] }`. @returns false when the bytes are none
 */
export function takeTpm(bytes: Uint8Array, into: TpmFiles): boolean {
  const text = new TextDecoder().decode(bytes)
  if (!/^\s*\{\s*"akName"\s*:/.test(text)) return false
  const activation = activationOf(text)
  if (activation !== undefined) into.activation = activation
  return activation !== undefined
}

function activationOf(text: string): TpmActivation | undefined {
  const value = parsed(text)
  if (typeof value !== 'object' || value === null || !('akName' in value) || !('ekCertificates' in value))
    return undefined
  const { akName, ekCertificates } = value
  if (typeof akName !== 'string' || !/^[0-9a-f]{68,132}$/.test(akName)) return undefined
  if (!Array.isArray(ekCertificates) || ekCertificates.length === 0 || ekCertificates.length > MAX_CERTIFICATES)
    return undefined
  const certificates: readonly unknown[] = ekCertificates
  const ders = certificates.map((one) =>
    typeof one === 'string' ? new Uint8Array(Buffer.from(one, 'base64')) : undefined,
  )
  return ders.every((der) => der !== undefined) ? { akName, ekCertificates: ders } : undefined
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
