import { distinguishedName, generateKey, issueCertificate } from '@sekisho/emulator/kit'

export const KEY: ReturnType<typeof generateKey> = generateKey('P-256')
export const TIMES: { readonly notBefore: Date; readonly notAfter: Date } = {
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2036-01-01T00:00:00Z'),
}

/** A certificate of nobody's, DER, that its own name issued. */
export function certificate(name: string): Uint8Array {
  const subject = distinguishedName(['CN', name])
  const keys = { subjectKey: KEY, issuerKey: KEY }
  return issueCertificate({ subject, issuer: subject, serial: 1, ...TIMES, ...keys, algorithm: 'ecdsa-p256-sha256' })
}
