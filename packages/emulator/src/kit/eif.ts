import { sign } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../cbor.ts'
import { concat, utf8 } from './bytes.ts'
import { digest, generateKey, type KeyKind, type KeyPair } from './keys.ts'
import { distinguishedName, issueCertificate, toPem } from './x509.ts'

/** Numbers of section types in an enclave image file. */
const SECTION = { kernel: 1, commandLine: 2, ramdisk: 3, signature: 4, metadata: 5 } as const
const HEADER = 548
const CRC_AT = 544
const SLOTS = 32

/** One section with its own header; the header may lie. */
export interface EifSection {
  readonly type: number
  readonly content: Uint8Array
  readonly flags?: number
  /** Size that the section's header states; default the content's. */
  readonly size?: number | bigint
}

/** A section by its name. */
export function eifSection(name: keyof typeof SECTION, content: Uint8Array): EifSection {
  return { type: SECTION[name], content }
}

/** Everything in an enclave image file; nothing is checked for sense. */
export interface EifOptions {
  readonly version?: number
  /** Bit 0 is aarch64. */
  readonly flags?: number
  readonly defaultMemory?: bigint
  readonly defaultCpus?: bigint
  readonly kernel?: Uint8Array
  readonly commandLine?: string
  readonly ramdisks?: readonly Uint8Array[]
  /** Undefined writes a usual one; null writes no section. */
  readonly metadata?: Uint8Array | null
  /** Content of the signature section; without it the image is not signed. */
  readonly signature?: Uint8Array
  /** Instead of all sections above. */
  readonly sections?: readonly EifSection[]
}

const METADATA = {
  ImageName: 'made-image',
  ImageVersion: '1.0',
  BuildMetadata: {
    BuildTime: '2026-06-15T12:00:00+00:00',
    BuildTool: 'sekisho test kit',
    BuildToolVersion: '1',
    OperatingSystem: 'Linux',
    KernelVersion: '6.1.0',
  },
  DockerInfo: { Architecture: 'amd64' },
  CustomMetadata: null,
}

const KERNEL: Uint8Array = utf8('a kernel that boots nothing')
const COMMAND_LINE = 'reboot=k panic=30 pci=off console=ttyS0 root=/dev/ram0'
const RAMDISKS: readonly Uint8Array[] = [utf8('init and driver'), utf8('the application')]

/** Writes an image with a right checksum. @see AWS Nitro Enclaves image format */
export function makeEif(options: EifOptions = {}): Uint8Array {
  const sections = options.sections ?? sectionsOf(options)
  const header = Buffer.alloc(HEADER)
  header.write('.eif', 'latin1')
  header.writeUInt16BE(options.version ?? 4, 4)
  header.writeUInt16BE(options.flags ?? 0, 6)
  header.writeBigUInt64BE(options.defaultMemory ?? 1_073_741_824n, 8)
  header.writeBigUInt64BE(options.defaultCpus ?? 2n, 16)
  header.writeUInt16BE(sections.length, 26)
  let offset = HEADER
  for (const [i, { content }] of sections.entries()) {
    if (i < SLOTS) header.writeBigUInt64BE(BigInt(offset), 28 + 8 * i)
    if (i < SLOTS) header.writeBigUInt64BE(BigInt(content.length), 28 + 8 * SLOTS + 8 * i)
    offset += 12 + content.length
  }
  return sealEif(concat(header, ...sections.map(written)))
}

function sectionsOf({
  kernel = KERNEL,
  commandLine = COMMAND_LINE,
  ramdisks = RAMDISKS,
  metadata,
  signature,
}: EifOptions): readonly EifSection[] {
  const about = metadata ?? utf8(JSON.stringify(METADATA))
  return [
    eifSection('kernel', kernel),
    eifSection('commandLine', utf8(commandLine)),
    ...(metadata === null ? [] : [eifSection('metadata', about)]),
    ...ramdisks.map((ramdisk) => eifSection('ramdisk', ramdisk)),
    ...(signature === undefined ? [] : [eifSection('signature', signature)]),
  ]
}

function written({ type, flags = 0, content, size = content.length }: EifSection): Uint8Array {
  const header = Buffer.alloc(12)
  header.writeUInt16BE(type, 0)
  header.writeUInt16BE(flags, 2)
  header.writeBigUInt64BE(BigInt(size), 4)
  return concat(header, content)
}

/** A copy whose checksum is right again. */
export function sealEif(image: Uint8Array): Uint8Array {
  const copy = Buffer.from(image)
  if (copy.length < HEADER) return new Uint8Array(copy)
  copy.writeUInt32BE(crc32(copy.subarray(HEADER), crc32(copy.subarray(0, CRC_AT))), CRC_AT)
  return new Uint8Array(copy)
}

/** Who signs images: a key, and a certificate for it. */
export interface EifEntry {
  readonly key: KeyPair
  /** DER. */
  readonly certificate: Uint8Array
  /** Text of the section instead of the certificate in PEM. */
  readonly pem?: string
  /** COSE algorithm; default the one of the key's curve. */
  readonly algorithm?: number
  readonly register?: number
  /** What is signed instead of PCR0. */
  readonly value?: Uint8Array
  /** The payload instead of register and value. */
  readonly payload?: Uint8Array
  readonly tagged?: boolean
  /** Byte strings, which readers accept, instead of the arrays of integers that AWS's builder writes. */
  readonly strings?: true
  /** Flip one bit of the signature. */
  readonly corrupt?: true
}

const DAY_MS = 86_400_000

/** A signer with a certificate of its own, valid for 30 days around `at`. */
export function makeSigner(kind: Extract<KeyKind, `P-${number}`>, at: Date): EifEntry {
  const key = generateKey(kind)
  const name = distinguishedName(['CN', 'made image signer'], ['O', 'Sekisho tests'])
  const certificate = issueCertificate({
    subject: name,
    issuer: name,
    serial: 7,
    notBefore: new Date(at.getTime() - 15 * DAY_MS),
    notAfter: new Date(at.getTime() + 15 * DAY_MS),
    subjectKey: key,
    issuerKey: key,
    algorithm: kind === 'P-256' ? 'ecdsa-p256-sha256' : 'ecdsa-p384-sha384',
  })
  return { key, certificate }
}

/** Content of a signature section over an image with these parts. */
export function signEif(options: EifOptions, ...entries: readonly EifEntry[]): Uint8Array {
  const { kernel = KERNEL, commandLine = COMMAND_LINE, ramdisks = RAMDISKS } = options
  const pcr0 = digest('sha384', new Uint8Array(48), digest('sha384', kernel, utf8(commandLine), ...ramdisks))
  return cborArray(entries.map((entry) => writtenEntry(entry, pcr0)))
}

function writtenEntry(entry: EifEntry, pcr0: Uint8Array): Uint8Array {
  const { register = 0, value = pcr0, strings } = entry
  const vector = strings === true ? cborBytes : integers
  const payload = entry.payload ?? signedRegister(register, vector(value))
  return cborMap([
    [cborText('signing_certificate'), vector(utf8(entry.pem ?? toPem(entry.certificate)))],
    [cborText('signature'), vector(sign1(entry, payload))],
  ])
}

/** What a signature is over: the number of a register, and its value in CBOR. */
export function signedRegister(register: number, value: Uint8Array): Uint8Array {
  return cborMap([
    [cborText('register_index'), cborInteger(register)],
    [cborText('register_value'), value],
  ])
}

function integers(bytes: Uint8Array): Uint8Array {
  return cborArray(Array.from(bytes, cborInteger))
}

const ALGORITHMS: Readonly<Record<string, readonly [algorithm: number, hash: string]>> = {
  prime256v1: [-7, 'sha256'],
  secp384r1: [-35, 'sha384'],
  secp521r1: [-36, 'sha512'],
}

// RFC 9052, sections 4.2 and 4.4.
function sign1({ key, algorithm, tagged, corrupt }: EifEntry, payload: Uint8Array): Uint8Array {
  const [usual, hash] = ALGORITHMS[key.publicKey.asymmetricKeyDetails?.namedCurve ?? ''] ?? [-7, 'sha256']
  const header = cborMap([[cborInteger(1), cborInteger(algorithm ?? usual)]])
  const signed = cborArray([cborText('Signature1'), cborBytes(header), cborBytes(new Uint8Array()), cborBytes(payload)])
  const signature = sign(hash, signed, { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  if (corrupt === true) signature[0] = (signature[0] as number) ^ 1
  const message = cborArray([cborBytes(header), cborMap([]), cborBytes(payload), cborBytes(signature)])
  return tagged === true ? cborTag(18, message) : message
}
