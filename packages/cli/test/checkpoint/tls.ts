import { distinguishedName, generateKey, issueCertificate, toPem } from '@sekisho/emulator/kit'

/** Subject alternative names, DER: the one address 127.0.0.1 (RFC 5280, 4.2.1.6; GeneralName 7). */
const LOOPBACK = Uint8Array.of(0x30, 6, 0x87, 4, 127, 0, 0, 1)
const DAY_MS = 86_400_000

/** A certificate for 127.0.0.1 that vouches for itself, with its key, PEM. */
export function loopbackCertificate(): { readonly cert: string; readonly key: string } {
  const key = generateKey('P-256')
  const name = distinguishedName(['CN', 'checkpoint.example'])
  const der = issueCertificate({
    subject: name,
    issuer: name,
    serial: 1,
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    subjectKey: key,
    issuerKey: key,
    algorithm: 'ecdsa-p256-sha256',
    extensions: [{ oid: '2.5.29.17', value: LOOPBACK }],
  })
  return { cert: toPem(der), key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}
