import { type AlgorithmProfile, STRICT } from './algorithms.ts'
import { isPssSha384, rsaKeyOf } from './rsa.ts'

const SCHEMES: AlgorithmProfile['schemes'] = new Map([
  ['1.2.840.10045.4.3.2', 'ecdsa-sha256'],
  ['1.2.840.10045.4.3.3', 'ecdsa-sha384'],
  ['1.2.840.10045.4.3.4', 'ecdsa-sha512'],
  ['1.2.840.113549.1.1.11', 'rsassa-pkcs1-sha256'],
  ['1.2.840.113549.1.1.12', 'rsassa-pkcs1-sha384'],
  ['1.2.840.113549.1.1.13', 'rsassa-pkcs1-sha512'],
])
const CURVES: AlgorithmProfile['curves'] = new Map([...STRICT.curves, ['1.3.132.0.35', 'P-521']])

/**
 * Algorithms of chains outside of Intel and AMD: TPM vendors, clouds, NVIDIA, IBM and its certificate
 * authority. Any of our curves with any SHA-2, RSASSA-PKCS1-v1_5 with SHA-2, and RSASSA-PSS with SHA-384. No SHA-1.
 * @see RFC 5758, section 3.2; RFC 4055, section 5
 */
export const WIDE: AlgorithmProfile = { schemes: SCHEMES, curves: CURVES, rsaKey: rsaKeyOf, isPss: isPssSha384 }

/** The same without RSASSA-PSS: Intel's attestation service never signed with it. */
export const WIDE_PKCS1: AlgorithmProfile = { schemes: SCHEMES, curves: CURVES, rsaKey: rsaKeyOf }
