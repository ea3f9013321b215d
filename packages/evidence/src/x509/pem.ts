import { decodeBase64 } from '#text'
import { refuse } from '../core/errors.ts'

export { decodeBase64 } from '#text'

const BEGIN = '-----BEGIN '
const MAX_BLOCKS = 16

/**
 * DER of every PEM block with the label `label` in `text`, in order. Text outside of blocks is white
 * space or NUL, as hosts deliver it; other labels, other text and more than 16 blocks are refused.
 *
 * @throws EvidenceError with offsets counted in characters
 * @see RFC 7468, sections 2 and 3
 */
export function decodePem(text: string, label: string, field: string): readonly Uint8Array[] {
  const blocks: Uint8Array[] = []
  const begin = `${BEGIN}${label}-----`
  const end = `-----END ${label}-----`
  let at = skipBlank(text, 0)
  while (at < text.length) {
    if (!text.startsWith(begin, at)) throw refuse(field, 'other text', `\`${begin}\``, at)
    const start = at + begin.length
    const stop = text.indexOf(end, start)
    if (stop < 0) throw refuse(field, 'no end of the block', `\`${end}\``, start)
    if (blocks.length === MAX_BLOCKS) throw refuse(field, 'another block', `at most ${MAX_BLOCKS} blocks`, at)
    const der = decodeBase64(text.slice(start, stop))
    if (der === undefined) throw refuse(field, 'text that is not base64', 'base64', start)
    blocks.push(der)
    at = skipBlank(text, stop + end.length)
  }
  return blocks
}

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n\0'.includes(text.charAt(at))) at++
  return at
}
