import { ecSpki } from './ec-key.ts'
import type { PublicKey } from './jobs.ts'
import { rsaSpki } from './rsa-key.ts'

/** The DER SubjectPublicKeyInfo of a key of any kind. */
export function spkiOf(key: PublicKey): Uint8Array {
  return key.kind === 'RSA' ? rsaSpki(key) : ecSpki(key)
}
