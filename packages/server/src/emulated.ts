/**
 * Whether an attestation result of our own says that its evidence is of an emulated platform. Only for marking answers:
 * nothing is decided by it, and the signature is not looked at.
 */
export function tokenIsEmulated(token: string): boolean {
  const [, payload = ''] = token.split('.')
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  return (
    typeof claims === 'object' && claims !== null && 'sekisho.emulated' in claims && claims['sekisho.emulated'] === true
  )
}
