import type { Envelope } from './envelope.ts'
import { VaultError } from './errors.ts'

/** An envelope as one column of text holds it: JSON, byte strings in base64. */
export function envelopeText(envelope: Envelope): string {
  return JSON.stringify({
    masterKeyId: envelope.masterKeyId,
    dataKeyWrapped: Buffer.from(envelope.dataKeyWrapped).toString('base64'),
    nonce: Buffer.from(envelope.nonce).toString('base64'),
    ciphertext: Buffer.from(envelope.ciphertext).toString('base64'),
  })
}

/**
 * The envelope of a text.
 *
 * @param where what holds it, for the error
 * @throws VaultError `corrupt` when the text is none
 */
export function readEnvelopeText(text: string, where: string): Envelope {
  const value: unknown = parsed(text)
  const field = (member: string): string => {
    const found = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[member] : undefined
    if (typeof found === 'string') return found
    throw new VaultError('corrupt', `${where} does not hold an encrypted key`)
  }
  return {
    masterKeyId: field('masterKeyId'),
    dataKeyWrapped: Buffer.from(field('dataKeyWrapped'), 'base64'),
    nonce: Buffer.from(field('nonce'), 'base64'),
    ciphertext: Buffer.from(field('ciphertext'), 'base64'),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
