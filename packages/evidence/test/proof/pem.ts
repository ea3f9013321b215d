/** DER of every certificate in a PEM text, read apart from the decoder under test. */
export function pemParts(text: string): readonly Uint8Array[] {
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)].map(
    ([, body = '']) => new Uint8Array(Buffer.from(body, 'base64')),
  )
}

/** Certificates as one PEM text. */
export function pemOf(ders: readonly Uint8Array[]): string {
  return ders
    .map((der) => `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`)
    .join('')
}
