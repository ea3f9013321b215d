/** What files hold for IBM Secure Execution. */
export interface IbmFiles {
  /** Certificates and lists of IBM and the authority above it, and host key documents. */
  readonly x509: Uint8Array[]
  /** The header of the expected image, or the image. */
  header: Uint8Array | undefined
  protectionKey: Uint8Array | undefined
  /** The request that an answer of the KBS protocol answers. */
  request: Uint8Array | undefined
}

/** None yet. */
export function noIbmFiles(): IbmFiles {
  return { x509: [], header: undefined, protectionKey: undefined, request: undefined }
}

/** Names of files in a folder that are read for Secure Execution. */
export function isIbmFile(name: string): boolean {
  return /^(protection-key|se-header)\.bin$|\.(hdr|arpk|arcb)$/.test(name)
}

const HEADER_MAGIC = 'IBMSecEx'
const EXCHANGE_MAGIC = 'pvattest'
const IMAGE_MAGIC = 'SeImgLnx'
const METADATA_AT = 0xc000
const KEY_SIZE = 32
const NAMES = ['International Business Machines', 'DigiCert', 'ibm-z-host-key', 'Host Key Signing'].map((name) =>
  Buffer.from(name),
)

/**
 * Takes the header of an image, an image, a protection key of 32 bytes, a request (`pvattest`, or named `*.arcb`), or certificates and lists that
 * name IBM or DigiCert; or certificates and lists as a checkpoint keeps them with a decision.
 *
 * @returns false when the file is for somebody else
 */
export function takeIbm(name: string, bytes: Uint8Array, into: IbmFiles): boolean {
  if (textAt(bytes, 0) === HEADER_MAGIC || textAt(bytes, METADATA_AT) === IMAGE_MAGIC) {
    into.header = bytes
    return true
  }
  if (bytes.length === KEY_SIZE && /key|arpk/i.test(name)) {
    into.protectionKey = bytes
    return true
  }
  if (textAt(bytes, 0) === EXCHANGE_MAGIC || (name.endsWith('.arcb') && bytes.length > KEY_SIZE)) {
    into.request = bytes
    return true
  }
  const kept = keptFiles(bytes)
  if (kept !== undefined) {
    into.x509.push(...kept)
    return true
  }
  if (!isOfIbm(bytes)) return false
  into.x509.push(bytes)
  return true
}

const MAX_KEPT = 256

/** `{ "files": [base64] }`, and nothing else. */
function keptFiles(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  if (Buffer.from(bytes.subarray(0, 10)).toString('latin1') !== '{"files":[') return undefined
  try {
    const { files, ...others }: { readonly files?: unknown } = JSON.parse(Buffer.from(bytes).toString())
    if (!Array.isArray(files) || files.length > MAX_KEPT || Object.keys(others).length > 0) return undefined
    const decoded = files.map((one: unknown) => (typeof one === 'string' ? Buffer.from(one, 'base64') : undefined))
    return decoded.every((one) => one !== undefined) ? decoded.map((one) => new Uint8Array(one)) : undefined
  } catch {
    // Whoever reads this file as something else says what is wrong with it.
    return undefined
  }
}

function textAt(bytes: Uint8Array, at: number): string {
  return Buffer.from(bytes.subarray(at, at + 8)).toString('latin1')
}

function isOfIbm(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x30) return NAMES.some((name) => Buffer.from(bytes).includes(name))
  const text = Buffer.from(bytes).toString('latin1')
  const block = /-----BEGIN (?:CERTIFICATE|X509 CRL)-----([A-Za-z0-9+/=\s]+)-----END/.exec(text)?.[1]
  return block !== undefined && NAMES.some((name) => Buffer.from(block, 'base64').includes(name))
}
