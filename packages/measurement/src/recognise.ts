/** Kinds of images that this version measures. */
export type ImageKind = 'eif'

/** Bytes that {@link recogniseImage} wants to see, as far as there are any. */
export const IMAGE_HEAD = 16

const MAGICS: readonly (readonly [ImageKind, string])[] = [['eif', '.eif']]

/** What kind of image begins like this; undefined for one that this version does not measure. */
export function recogniseImage(head: Uint8Array): ImageKind | undefined {
  const start = Array.from(head.subarray(0, IMAGE_HEAD), (byte) => String.fromCharCode(byte)).join('')
  return MAGICS.find(([, magic]) => start.startsWith(magic))?.[0]
}
