import { type EmulatedAnchor, emulatedAnchor } from '../anchor.ts'
import type { Ground } from '../ground.ts'
import { toHex } from '../kit/bytes.ts'
import { explicit, oid, sequence, set, utf8String } from '../kit/der.ts'
import { digest, type KeyPair } from '../kit/keys.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  distinguishedName,
  type Extension,
  issueCertificate,
  keyUsage,
  subjectKeyIdentifier,
} from '../kit/x509.ts'
import { derive, deriveKey } from '../secrets.ts'

/** A certificate of the maker's that can run out. */
export type TpmPart = 'root' | 'intermediate' | 'ak'

/** The maker of TPMs: a root, an intermediate CA, and certificates of attestation keys. */
export interface EmulatedTpmVendor {
  readonly anchor: EmulatedAnchor
  /** From now on certificates of this part are such that ran out just before. */
  expire(part: TpmPart): void
  renew(part: TpmPart): void
}

/** What TPMs need of their maker. */
export interface TpmOffice extends EmulatedTpmVendor {
  akKey(chip: string): KeyPair
  /** DER: the attestation key's certificate, the intermediate, the root. */
  chain(chip: string): readonly Uint8Array[]
}

const AK_USAGE = '2.23.133.8.3'
const YEARS: Readonly<Record<TpmPart, number>> = { root: 30, intermediate: 20, ak: 10 }
const YEAR_MS = 365 * 86_400_000

/** Opens the maker's office. */
export function tpmOffice(ground: Ground): TpmOffice {
  const { state, seed } = ground
  const rootKey = deriveKey(seed, 'P-384', 'tpm', 'root')
  const intermediateKey = deriveKey(seed, 'P-384', 'tpm', 'intermediate')
  const akKey = (chip: string): KeyPair =>
    ground.derivedKey(`tpm/${chip}`, () =>
      deriveKey(derive(seed, 48, 'fuses', 'tpm', chip), 'P-256', 'attestation key'),
    )
  const issued = (
    part: TpmPart,
    chip: string,
    key: KeyPair,
    issuerKey: KeyPair,
    extensions: readonly Extension[],
  ): Uint8Array => {
    const { notBefore, notAfter } = validity(ground, part)
    return ground.remember(`tpm/${part}/${chip}/${notAfter.getTime()}`, () =>
      issueCertificate({
        subject:
          part === 'ak'
            ? nameOf(`Emulated TPM attestation key ${toHex(derive(seed, 8, 'tpm name', chip))}`)
            : NAMES[part],
        issuer: part === 'ak' ? NAMES.intermediate : NAMES.root,
        serial: digest('sha256', key.spki)
          .subarray(1, 8)
          .map((byte, i) => (i === 0 ? (byte & 0x3f) | 0x40 : byte)),
        notBefore,
        notAfter,
        subjectKey: key,
        issuerKey,
        algorithm: 'ecdsa-p384-sha384',
        extensions: [subjectKeyIdentifier(key), authorityKeyIdentifier(issuerKey), ...extensions],
      }),
    )
  }
  return {
    anchor: emulatedAnchor('tpm-root', "a TPM maker's root", rootKey),
    expire: (part) => {
      state.expired[`tpm/${part}`] = new Date(ground.now().getTime() - 1000).toISOString()
      ground.changed()
    },
    renew: (part) => {
      delete state.expired[`tpm/${part}`]
      ground.changed()
    },
    akKey,
    chain: (chip) => {
      const ca = keyUsage('keyCertSign', 'cRLSign')
      return [
        issued('ak', chip, akKey(chip), intermediateKey, [
          basicConstraints(false),
          keyUsage('digitalSignature'),
          { oid: '2.5.29.37', value: sequence(oid(AK_USAGE)) },
          { oid: '2.5.29.17', value: sequence(explicit(4, TPM_NAME)) },
        ]),
        issued('intermediate', '', intermediateKey, rootKey, [basicConstraints(true, 0), ca]),
        issued('root', '', rootKey, rootKey, [basicConstraints(true, 1), ca]),
      ]
    },
  }
}

const nameOf = (commonName: string): Uint8Array =>
  distinguishedName(['C', 'XX'], ['O', 'EMULATED, no TPM maker'], ['CN', commonName])

const NAMES = { root: nameOf('Emulated TPM Root CA'), intermediate: nameOf('Emulated TPM Intermediate CA') } as const

/** Manufacturer, model and version. TCG EK Credential Profile 2.5, section 3.2.9. */
const TPM_NAME: Uint8Array = sequence(
  ...[
    ['2.23.133.2.1', 'id:454D554C'],
    ['2.23.133.2.2', 'EMULATED'],
    ['2.23.133.2.3', 'id:00010000'],
  ].map(([type = '', text = '']) => set(sequence(oid(type), utf8String(text)))),
)

function validity({ state }: Ground, part: TpmPart): { readonly notBefore: Date; readonly notAfter: Date } {
  const span = YEARS[part] * YEAR_MS
  const end = Date.parse(state.expired[`tpm/${part}`] ?? '')
  const notAfter = Number.isNaN(end) ? Math.floor(Date.parse(state.born) / 1000) * 1000 + span - YEAR_MS : end
  return { notBefore: new Date(notAfter - span), notAfter: new Date(notAfter) }
}
