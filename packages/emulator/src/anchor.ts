import { type KeyPair, spkiSha256 } from './kit/keys.ts'

/** A root of an emulated world as verifiers take trust anchors. It always says that it is emulated. */
export interface EmulatedAnchor {
  readonly id: string
  readonly name: string
  readonly vendor: string
  /** SHA-256 of the DER SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string
  readonly emulated: true
}

/** The trust anchor for a root key. */
export function emulatedAnchor(id: string, placeOf: string, key: KeyPair): EmulatedAnchor {
  return {
    id: `emulated-${id}`,
    name: `EMULATED root in the place of ${placeOf}`,
    vendor: 'Sekisho emulator',
    spkiSha256: spkiSha256(key),
    emulated: true,
  }
}
