import { createDigester, type DigestAlgorithm } from '@sekisho/evidence/crypto'
import type { ImageBytes } from './image-reader.ts'

/** The digest of parts, one after the other. */
export function digestOf(algorithm: DigestAlgorithm, ...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const digester = createDigester(algorithm)
  for (const part of parts) digester.update(part)
  return Promise.resolve(digester.digest())
}

/** The digest of an image, which is read once. @throws TypeError for what is no bytes */
export async function digestOfImage(algorithm: DigestAlgorithm, image: ImageBytes): Promise<Uint8Array> {
  if (image instanceof Uint8Array) return digestOf(algorithm, image)
  const digester = createDigester(algorithm)
  for await (const piece of image) {
    // The name of a file is iterable too: its letters would be digested.
    if (!(piece instanceof Uint8Array)) throw new TypeError('image: expected bytes, or pieces that are Uint8Arrays')
    digester.update(piece)
  }
  return digester.digest()
}
