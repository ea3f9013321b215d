/** An AES-256 key in a token. */
export interface Pkcs11Location {
  /** Path of the token's PKCS#11 library. */
  readonly module: string
  /** Label of the token. */
  readonly token: string
  /** A file that only its owner can read, with the user PIN. */
  readonly pinFile: string
  /** Label of the key. */
  readonly label: string
  /** Generate the key, never to leave the token, when there is none of that label. */
  readonly create?: boolean
}
