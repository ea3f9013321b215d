/**
 * Why the vault did not do what it was asked. Stable: callers may switch on it.
 *
 * - `invalid`: a name, a size or a type that is not allowed; the message names it.
 * - `conflict`: the path holds a key where a secret was put, or the other way round.
 * - `master-key`: the master key cannot be had: file, permissions, format, token or PIN.
 * - `master-key-unknown`: something is encrypted under a master key that was not given.
 * - `corrupt`: what is stored does not open: altered, moved to another place, or of a key that was exchanged.
 */
export type VaultErrorCode = 'invalid' | 'conflict' | 'master-key' | 'master-key-unknown' | 'corrupt'

/** The vault refused or failed. The message never holds a secret or key bytes. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
  readonly code: VaultErrorCode

  constructor(code: VaultErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}
