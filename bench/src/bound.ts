import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'

/** Raw material of a key import, in the form that is the cheapest for its kind. */
export type KeyMaterial =
  | {
      readonly kind: 'P-256'
      readonly jwk: { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
    }
  | { readonly kind: 'P-384'; readonly spki: Buffer }
  | { readonly kind: 'RSA'; readonly pkcs1: Buffer }

/** One signature check that no verifier of this evidence can go without. */
export interface BoundCheck {
  readonly name: string
  readonly key: KeyMaterial
  readonly data: Uint8Array
  readonly signature: Uint8Array
}

/** Imports a key with node:crypto and nothing else. */
export function importKey(material: KeyMaterial): KeyObject {
  switch (material.kind) {
    case 'P-256':
      return createPublicKey({ format: 'jwk', key: material.jwk })
    case 'P-384':
      return createPublicKey({ format: 'der', type: 'spki', key: material.spki })
    case 'RSA':
      return createPublicKey({ format: 'der', type: 'pkcs1', key: material.pkcs1 })
  }
}

/** Checks one signature with node:crypto and nothing else. */
export function checkSignature(check: BoundCheck, key: KeyObject): boolean {
  switch (check.key.kind) {
    case 'P-256':
      return verify('sha256', check.data, { key, dsaEncoding: 'ieee-p1363' }, check.signature)
    case 'P-384':
      return verify('sha384', check.data, { key, dsaEncoding: 'ieee-p1363' }, check.signature)
    case 'RSA':
      return verify(
        'sha384',
        check.data,
        { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 48 },
        check.signature,
      )
  }
}

/**
 * The bound: every check once, every key imported once a call, except those that `known` holds.
 * @throws Error when a signature does not verify: then the bound would measure something else
 */
export function runBound(checks: readonly BoundCheck[], known: ReadonlyMap<KeyMaterial, KeyObject> = new Map()): void {
  const keys = new Map(known)
  for (const check of checks) {
    let key = keys.get(check.key)
    if (key === undefined) {
      key = importKey(check.key)
      keys.set(check.key, key)
    }
    if (!checkSignature(check, key)) throw new Error(`bound: the signature ${check.name} does not verify`)
  }
}
