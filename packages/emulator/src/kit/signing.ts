import { constants, sign } from 'node:crypto'
import { explicit, integer, nul, oid, sequence } from './der.ts'
import type { KeyPair } from './keys.ts'

/**
 * Signature algorithms that certificates and lists can be issued with. The first four are those of
 * genuine endorsements; the rest are for showing that a verifier refuses them.
 */
export type IssuingAlgorithm =
  | 'ecdsa-p256-sha256'
  | 'ecdsa-p384-sha384'
  /** PSS parameters with the trailer field left out, as DER asks for. */
  | 'rsassa-pss-sha384'
  /** The same with trailer field 1 spelled out, as AMD's CA certificates have it. */
  | 'rsassa-pss-sha384-trailer'
  | 'rsassa-pss-sha256'
  | 'rsassa-pss-sha384-salt32'
  | 'rsa-pkcs1-sha384'
  | 'ecdsa-sha1'

interface Row {
  readonly identifier: Uint8Array
  signature(key: KeyPair, data: Uint8Array): Uint8Array
}

const SHA256 = '2.16.840.1.101.3.4.2.1'
const SHA384 = '2.16.840.1.101.3.4.2.2'

const ROWS: Readonly<Record<IssuingAlgorithm, Row>> = {
  'ecdsa-p256-sha256': ecdsa('1.2.840.10045.4.3.2', 'sha256'),
  'ecdsa-p384-sha384': ecdsa('1.2.840.10045.4.3.3', 'sha384'),
  'ecdsa-sha1': ecdsa('1.2.840.10045.4.1', 'sha1'),
  'rsassa-pss-sha384': pss('sha384', SHA384, 48, false),
  'rsassa-pss-sha384-trailer': pss('sha384', SHA384, 48, true),
  'rsassa-pss-sha256': pss('sha256', SHA256, 32, false),
  'rsassa-pss-sha384-salt32': pss('sha384', SHA384, 32, false),
  'rsa-pkcs1-sha384': {
    identifier: sequence(oid('1.2.840.113549.1.1.12'), nul),
    signature: (key, data) => new Uint8Array(sign('sha384', data, key.privateKey)),
  },
}

function ecdsa(dotted: string, hash: string): Row {
  return {
    identifier: sequence(oid(dotted)),
    signature: (key, data) => new Uint8Array(sign(hash, data, { key: key.privateKey, dsaEncoding: 'der' })),
  }
}

/** RSASSA-PSS-params: RFC 4055, section 3.1. */
function pss(hash: string, hashOid: string, saltLength: number, trailer: boolean): Row {
  const algorithm = sequence(oid(hashOid), nul)
  const parameters = sequence(
    explicit(0, algorithm),
    explicit(1, sequence(oid('1.2.840.113549.1.1.8'), algorithm)),
    explicit(2, integer(saltLength)),
    ...(trailer ? [explicit(3, integer(1))] : []),
  )
  return {
    identifier: sequence(oid('1.2.840.113549.1.1.10'), parameters),
    signature: (key, data) =>
      new Uint8Array(sign(hash, data, { key: key.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength })),
  }
}

/** DER AlgorithmIdentifier. */
export function algorithmIdentifier(algorithm: IssuingAlgorithm): Uint8Array {
  return ROWS[algorithm].identifier
}

/** The signature as it stands in a certificate's BIT STRING. */
export function signWith(algorithm: IssuingAlgorithm, key: KeyPair, data: Uint8Array): Uint8Array {
  return ROWS[algorithm].signature(key, data)
}
