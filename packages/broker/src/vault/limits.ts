import { isNamespace, isResource } from '../names.ts'
import { VaultError } from './errors.ts'

/** The longest secret: 1 MiB. */
export const MAX_SECRET_BYTES: number = 1024 * 1024
const MAX_METADATA_BYTES = 4096

const CONTENT_TYPE = /^[\x20-\x7e]{1,255}$/

/** Notes about a secret that are not secret: names and texts. */
export type Metadata = Readonly<Record<string, string>>

/** @throws VaultError `invalid` */
export function checkPlace(namespace: string, path: string): void {
  if (!isNamespace(namespace)) {
    throw new VaultError('invalid', 'namespace must be lower-case letters, digits and hyphens, at most 63')
  }
  if (!isResource(path)) {
    throw new VaultError('invalid', 'path must be repository/type/tag, each of letters, digits, `_`, `-` and `.`')
  }
}

/** @throws VaultError `invalid` */
export function checkContent(bytes: Uint8Array, contentType: string | undefined): void {
  if (bytes.length > MAX_SECRET_BYTES) {
    throw new VaultError('invalid', `the secret has ${bytes.length} bytes; at most ${MAX_SECRET_BYTES} are kept`)
  }
  if (contentType !== undefined && !CONTENT_TYPE.test(contentType)) {
    throw new VaultError('invalid', 'content type must be 1 to 255 printable ASCII characters')
  }
}

/** The JSON text of metadata. @throws VaultError `invalid` */
export function metadataText(metadata: Metadata): string {
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') throw new VaultError('invalid', `metadata \`${name}\` must be a text`)
  }
  const text = JSON.stringify(metadata)
  if (Buffer.byteLength(text) > MAX_METADATA_BYTES) {
    throw new VaultError('invalid', `metadata has more than ${MAX_METADATA_BYTES} bytes`)
  }
  return text
}
