const BLOCK = /-----BEGIN [A-Z0-9 ]+-----[^-]*-----END [A-Z0-9 ]+-----/g

/** The blocks of PEM in a text, whatever stands around them. */
export function pemBlocks(text: string): readonly string[] {
  return text.match(BLOCK) ?? []
}

/**
 * The blocks of a file in PEM, without the words that tools write around them (`openssl x509 -text`, `s_client -showcerts`).
 * Undefined for other text, for JSON and XML, where blocks are parts of something else, and for a text of which a block is
 * damaged: whoever reads that names what is wrong.
 *
 * @see RFC 7468, section 2
 */
export function blocksOfFile(bytes: Uint8Array): readonly string[] | undefined {
  const text = plainText(bytes)
  if (text === undefined || /^\s*[[{<]/.test(text)) return undefined
  const blocks = pemBlocks(text)
  return blocks.length > 0 && blocks.length === text.split('-----BEGIN ').length - 1 ? blocks : undefined
}

// Text in UTF-8 without control characters, but for zeros at its end, which Intel's library puts there.
function plainText(bytes: Uint8Array): string | undefined {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  if (bytes.subarray(0, end).some((byte) => byte < 0x20 && (byte < 0x09 || byte > 0x0d))) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end))
  } catch {
    // Bytes of another kind, for whoever knows that.
    return undefined
  }
}
