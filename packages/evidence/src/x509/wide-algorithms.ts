import { type AlgorithmProfile, STRICT } from './algorithms.ts'
import { RSA } from './rsa.ts'

/**
 * Algorithms of chains outside of Intel and AMD: TPM vendors, clouds, NVIDIA, IBM and its certificate
 * authority. Any of our curves with any SHA-2, and RSASSA-PKCS1-v1_5 with SHA-2. No SHA-1.
 * @see RFC 5758, section 3.2; RFC 4055, section 5
 */
export const WIDE: AlgorithmProfile = {
  schemes: new Map([
    ['1.2.840.10045.4.3.2', 'ecdsa-sha256'],
    ['1.2.840.10045.4.3.3', 'ecdsa-sha384'],
    ['1.2.840.10045.4.3.4', 'ecdsa-sha512'],
    ['1.2.840.113549.1.1.11', 'rsassa-pkcs1-sha256'],
    ['1.2.840.113549.1.1.12', 'rsassa-pkcs1-sha384'],
    ['1.2.840.113549.1.1.13', 'rsassa-pkcs1-sha512'],
  ]),
  curves: new Map([...STRICT.curves, ['1.3.132.0.35', 'P-521']]),
  rsa: RSA,
}
