const TAG = 'd901f5'
/** A COSE_Sign1, as signed ones are; evidence may be one too, and has another content type. */
const SIGNED_TAG = 0xd2
const SIGNED_TYPE = /application\/(?:co)?rim(?:-unsigned)?\+cbor/
const MAX_HEADER = 16 * 1024

/** Whether bytes begin as a CoRIM does: unsigned under tag 501, or signed under tag 18 with its content type. */
export function isCorim(bytes: Uint8Array): boolean {
  return isSignedCorim(bytes) || Buffer.from(bytes.subarray(0, 3)).toString('hex') === TAG
}

/** Whether bytes begin as a signed CoRIM does. */
export function isSignedCorim(bytes: Uint8Array): boolean {
  return bytes[0] === SIGNED_TAG && SIGNED_TYPE.test(Buffer.from(bytes.subarray(0, MAX_HEADER)).toString('latin1'))
}
