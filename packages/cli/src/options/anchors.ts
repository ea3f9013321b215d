import { createHash, X509Certificate } from 'node:crypto'
import type { TrustAnchor } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { unreadable, usageError } from '../exit.ts'
import { readInput } from '../input.ts'
import { parseJson } from './json-text.ts'

const MAX_FILE = 1_000_000
const MAX_ANCHORS = 64

/** Trust anchors, and the certificates that some of them were given as. */
export interface AnchorFiles {
  /** Undefined when no file is named, which means the vendors' own. */
  readonly anchors: readonly TrustAnchor[] | undefined
  /** DER or PEM: where a chain is looked for in files, it may end in one of these. */
  readonly certificates: readonly Uint8Array[]
}

/** As {@link readAnchors}, with the certificates. */
export async function readAnchorFiles(paths: readonly string[] | undefined, around: Around): Promise<AnchorFiles> {
  if (paths === undefined) return { anchors: undefined, certificates: [] }
  const files = await Promise.all(paths.map((path) => readAnchorFile(path, around)))
  return {
    anchors: files.flatMap(({ anchors }) => anchors),
    certificates: files.flatMap(({ certificate }) => (certificate === undefined ? [] : [certificate])),
  }
}

/** The trust anchors of all files; undefined when no file is named, which means the vendors' own. */
export async function readAnchors(
  paths: readonly string[] | undefined,
  around: Around,
): Promise<readonly TrustAnchor[] | undefined> {
  return (await readAnchorFiles(paths, around)).anchors
}

/**
 * Reads trust anchors: a JSON list of them (or an object with the list as `anchors`), or a root
 * certificate in PEM or DER. Whatever comes from a file is no hardware vendor's anchor, so that
 * verdicts that rest on it say EMULATED.
 *
 * @throws CliError when the file is none of these
 */
export async function readTrustAnchors(path: string, around: Around): Promise<readonly TrustAnchor[]> {
  return (await readAnchorFile(path, around)).anchors
}

async function readAnchorFile(
  path: string,
  around: Around,
): Promise<{ readonly anchors: readonly TrustAnchor[]; readonly certificate?: Uint8Array }> {
  const bytes = await readInput(path, around, MAX_FILE)
  const text = new TextDecoder().decode(bytes)
  if (/^\s*[[{]/.test(text)) return { anchors: anchorsOfJson(text, path) }
  return { anchors: [anchorOfCertificate(bytes, path)], certificate: bytes }
}

const DER_SEQUENCE = 0x30

function anchorOfCertificate(bytes: Uint8Array, path: string): TrustAnchor {
  try {
    const certificate = new X509Certificate(bytes)
    // OpenSSL looks for PEM first, also inside of DER: a root must not be another one than the file is.
    if (bytes[0] === DER_SEQUENCE && !certificate.raw.equals(bytes))
      throw new TypeError('a certificate inside another one')
    const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
    const name = /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? 'root without a name'
    return {
      id: 'given-root',
      name: name.slice(0, 64),
      vendor: 'nobody known',
      spkiSha256: createHash('sha256').update(spki).digest('hex'),
      emulated: true,
    }
  } catch (error) {
    throw unreadable(`${path}: neither a JSON list of trust anchors nor a certificate in PEM or DER`, error)
  }
}

function anchorsOfJson(text: string, path: string): readonly TrustAnchor[] {
  const list = listOf(parseJson(text, path))
  if (list === undefined || list.length === 0 || list.length > MAX_ANCHORS)
    throw usageError(`${path}: expected a list of 1 to ${MAX_ANCHORS} trust anchors`)
  return list.map((one, index) => anchorOf(one, `${path}: anchor ${index + 1}`))
}

function listOf(content: unknown): readonly unknown[] | undefined {
  if (Array.isArray(content)) return content
  if (typeof content !== 'object' || content === null) return undefined
  if ('anchors' in content && Array.isArray(content.anchors)) return content.anchors
  return 'spkiSha256' in content ? [content] : undefined
}

function anchorOf(value: unknown, where: string): TrustAnchor {
  if (typeof value !== 'object' || value === null) throw usageError(`${where}: expected an object with spkiSha256`)
  const digest = 'spkiSha256' in value ? value.spkiSha256 : undefined
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/i.test(digest))
    throw usageError(`${where}: expected spkiSha256, 64 hexadecimal digits`)
  const text = (name: string, otherwise: string): string => {
    const found = Object.entries(value).find(([key]) => key === name)?.[1]
    return typeof found === 'string' && found.length > 0 && found.length <= 128 ? found : otherwise
  }
  return {
    id: text('id', 'given-root'),
    name: text('name', 'root from a file'),
    vendor: text('vendor', 'nobody known'),
    spkiSha256: digest.toLowerCase(),
    emulated: true,
  }
}
