/** Keys of attestation services that files hold. */
export interface TokenFiles {
  /** Text of a JSON Web Key Set; the last one counts. */
  jwks: string | undefined
}

/** None yet. */
export function noTokenFiles(): TokenFiles {
  return { jwks: undefined }
}

/** Names of files in a folder that are read as key sets. */
export function isTokenFile(name: string): boolean {
  return /^jwks\.json$|\.jwks$/.test(name)
}

/** Takes a JSON Web Key Set. @returns false when the bytes are none */
export function takeToken(bytes: Uint8Array, into: TokenFiles): boolean {
  const text = new TextDecoder().decode(bytes)
  if (!/^\s*\{\s*"keys"\s*:\s*\[/.test(text)) return false
  into.jwks = text
  return true
}
