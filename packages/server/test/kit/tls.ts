import { basicConstraints, distinguishedName, generateKey, issueCertificate, toPem } from '@sekisho/emulator/kit'
import type { TlsOptions } from '../../src/index.ts'

/** A certificate that vouches for itself, with its key, PEM. */
export function selfSigned(): TlsOptions {
  const key = generateKey('P-256')
  const name = distinguishedName(['CN', 'checkpoint.example'])
  const day = 86_400_000
  const der = issueCertificate({
    subject: name,
    issuer: name,
    serial: 1,
    notBefore: new Date(Date.now() - day),
    notAfter: new Date(Date.now() + day),
    subjectKey: key,
    issuerKey: key,
    algorithm: 'ecdsa-p256-sha256',
    extensions: [basicConstraints(true)],
  })
  return { cert: toPem(der), key: key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}
