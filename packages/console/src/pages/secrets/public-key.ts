type Importing = EcKeyImportParams | RsaHashedImportParams | { readonly name: string }

const PEM_LINE = 64

/**
 * A public JSON Web Key as PEM (`SubjectPublicKeyInfo`, RFC 7468); undefined where this browser cannot write it: a kind
 * of key that its Web Crypto does not know, or a page that was not served securely.
 */
export async function pemOf(jwk: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  const algorithm = algorithmOf(jwk)
  if (algorithm === undefined || !isSecureContext) return undefined
  try {
    const key = await crypto.subtle.importKey('jwk', bare(jwk), algorithm, true, ['verify'])
    return pem(new Uint8Array(await crypto.subtle.exportKey('spki', key)))
  } catch {
    // The reader has the JSON Web Key, which says the same.
    return undefined
  }
}

function algorithmOf({ kty, crv }: Readonly<Record<string, unknown>>): Importing | undefined {
  if (kty === 'EC' && typeof crv === 'string') return { name: 'ECDSA', namedCurve: crv }
  if (kty === 'RSA') return { name: 'RSA-PSS', hash: 'SHA-256' }
  return kty === 'OKP' && crv === 'Ed25519' ? { name: 'Ed25519' } : undefined
}

/** The numbers alone: what the key is meant for is not part of the PEM, and would have to fit the import. */
function bare(jwk: Readonly<Record<string, unknown>>): JsonWebKey {
  return Object.fromEntries(
    ['kty', 'crv', 'x', 'y', 'n', 'e'].flatMap((name) => (name in jwk ? [[name, jwk[name]]] : [])),
  )
}

function pem(bytes: Uint8Array): string {
  const base64 = btoa(String.fromCharCode(...bytes))
  const lines = base64.match(new RegExp(`.{1,${PEM_LINE}}`, 'g')) ?? []
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n')
}
