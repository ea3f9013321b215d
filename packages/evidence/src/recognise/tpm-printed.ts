import { encodeBase64 } from '../core/base64url.ts'
import { fromHex } from '../core/bytes.ts'
import { encodeSignature } from '../tpm-structures/signature.ts'
import { type OtherQuote, quoteOf } from './tpm-others.ts'
import { pcrsIn, type SplitQuote, signatureOf, signingHash, splitQuote } from './tpm-values.ts'

/** How what `tpm2_quote` prints begins. */
export const PRINTED: RegExp = /^\s*quoted:\s*ff544347/i
const MAX_LINES = 512

/**
 * The quote, its signature and the values of PCRs in what `tpm2_quote` of tpm2-tools prints. The signature is printed
 * without its structure: the hash is that of the quote's digest.
 *
 * @see tpm2-tools, tpm2_quote(1)
 */
export function quoteOfPrint(text: string): OtherQuote | undefined {
  const found = new Map<string, string>()
  const banks: Record<string, Record<string, string>> = {}
  let bank: string | undefined
  for (const line of text.split('\n', MAX_LINES)) {
    const [, name, value = ''] = /^(\w{1,32})\s*:\s*(\w*)$/.exec(line.trim()) ?? []
    if (name === undefined) continue
    if (value === '') bank = name
    else if (/^\d{1,2}$/.test(name) && bank !== undefined) banks[bank] = { ...banks[bank], [name]: value }
    else if (!found.has(name)) found.set(name, value)
  }
  const bytes = fromHex(found.get('quoted') ?? '')
  const split = bytes && splitQuote(bytes)
  const signature = split && signatureIn(found.get('sig') ?? '', found.get('alg'), split)
  if (split === undefined || signature === undefined) return undefined
  return quoteOf({
    message: encodeBase64(split.message),
    signature: encodeBase64(signature),
    pcrs: pcrsIn('pcrs', banks, split.quote),
  })
}

function signatureIn(text: string, scheme: string | undefined, { quote }: SplitQuote): Uint8Array | undefined {
  const bytes = fromHex(text)
  const hash = signingHash(quote)
  if (bytes === undefined || hash === undefined) return undefined
  return scheme === 'rsapss' ? encodeSignature({ scheme, hash, numbers: [bytes] }) : signatureOf(text, true, quote)
}
