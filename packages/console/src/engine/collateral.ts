import { toHex } from '@sekisho/evidence'
import { dcapCollateralOf } from '@sekisho/evidence/recognise'
import type { SevLaunchOptions } from '@sekisho/evidence/sev'
import type { SnpCollateralInput } from '@sekisho/evidence/snp'
import { type Certificate, decodePem, parseCertificate, parseCrl, WIDE } from '@sekisho/evidence/x509'
import { type BundleItem, isBundle, readBundle } from './bundle.ts'
import { textOf } from './bytes.ts'
import { isRecord, type JsonRecord, parseJson } from './json.ts'
import { type KeySet, readKeySet } from './key-sets.ts'
import type { GivenFile } from './messages.ts'

/** AMD's parts that a file can hold, named as the SEV-SNP verifier names them. */
export type SnpPart = keyof SnpCollateralInput

/** What the given files hold, unverified. Where two hold the same part, the later one counts. */
export interface Collateral {
  readonly snp: Partial<Record<SnpPart, Uint8Array>>
  intel: Readonly<Record<string, string>>
  readonly bundled: BundleItem[]
  readonly armKeys: unknown[]
  armReferences: string | undefined
  readonly corims: Uint8Array[]
  readonly sevCertificates: Uint8Array[]
  sevLaunch: SevLaunchOptions | undefined
  readonly ibmFiles: Uint8Array[]
  ibmHeader: Uint8Array | undefined
  readonly nvidia: { certificateChain?: Uint8Array; driverRim?: Uint8Array; vbiosRim?: Uint8Array }
  readonly ocsp: Uint8Array[]
  readonly keySets: KeySet[]
  /** Revocation lists of authorities that are none of the hardware's: of those above keys of attestation services. */
  readonly tokenLists: Uint8Array[]
  /** Lists that were taken for IBM's, with their issuers: DigiCert is the authority of others, too. */
  readonly ibmLists: { readonly der: Uint8Array; readonly issuer: string }[]
  /** The list of the authority of Intel's former attestation service. */
  iasList: Uint8Array | undefined
  /** What came with the evidence and has a date: its sender chose how old it is, so that it only fills gaps. */
  beside: { readonly snp: { readonly crl?: Uint8Array }; readonly intel: Readonly<Record<string, string>> }
}

/** None yet. */
export function noCollateral(): Collateral {
  return {
    snp: {},
    intel: {},
    bundled: [],
    armKeys: [],
    armReferences: undefined,
    corims: [],
    sevCertificates: [],
    sevLaunch: undefined,
    ibmFiles: [],
    ibmHeader: undefined,
    nvidia: {},
    ocsp: [],
    keySets: [],
    tokenLists: [],
    ibmLists: [],
    iasList: undefined,
    beside: { snp: {}, intel: {} },
  }
}

/**
 * Takes a file that holds endorsements.
 *
 * @returns what it holds, in words; undefined when it is something else
 * @throws TypeError for a bundle that says it is one and cannot be read
 */
export function takeCollateral({ name, bytes }: GivenFile, into: Collateral): string | undefined {
  const named = BY_NAME[name.toLowerCase()]
  if (named !== undefined) {
    into.snp[named] = bytes
    return NAMES_OF_PARTS[named]
  }
  return takeBinary(bytes, into) ?? takeText(bytes, into) ?? takeX509(bytes, into)
}

/** Files whose name says what they are. */
const BY_NAME: Readonly<Record<string, SnpPart>> = {
  'cert_chain.pem': 'certChain',
  'certs-table.bin': 'certificateTable',
  'certificate-table.bin': 'certificateTable',
  'auxblob.bin': 'certificateTable',
  'id-block.bin': 'idBlock',
  'id-auth.bin': 'idAuth',
}

const NAMES_OF_PARTS: Readonly<Record<SnpPart, string>> = {
  vcek: 'VCEK certificate',
  vlek: 'VLEK certificate',
  ask: 'ASK certificate',
  asvk: 'ASVK certificate',
  ark: 'ARK certificate',
  certChain: 'AMD certificate chain',
  crl: 'AMD revocation list',
  certificateTable: 'SEV-SNP certificate table',
  idBlock: 'ID block',
  idAuth: 'ID authentication',
}

const TABLE_GUIDS: readonly string[] = ['63da758d', 'a8074bc2', '4ab7b379', 'c0b406a4', '92f81bc3', 'ecae0c0f']
const CORIM_TAG = 'd901f5'
const OCSP_SUCCESSFUL = '0a0100'
const IAS_AUTHORITY = 'Intel SGX Attestation Report Signing CA'
const IBM_NAMES = /International Business Machines|DigiCert|ibm-z-host-key|Host Key Signing/

function takeBinary(bytes: Uint8Array, into: Collateral): string | undefined {
  const start = toHex(bytes.subarray(0, 8))
  if (bytes.length >= 24 && TABLE_GUIDS.includes(start.slice(0, 8))) {
    into.snp.certificateTable = bytes
    return NAMES_OF_PARTS.certificateTable
  }
  if (start.startsWith(CORIM_TAG) || isSignedCorim(bytes)) {
    into.corims.push(bytes)
    return 'CoRIM'
  }
  if (latin1(bytes.subarray(0, 8)) === 'IBMSecEx' || latin1(bytes.subarray(0xc000, 0xc008)) === 'SeImgLnx') {
    into.ibmHeader = bytes
    return 'Secure Execution header'
  }
  if (bytes[0] === 0x30 && start.includes(OCSP_SUCCESSFUL)) {
    into.ocsp.push(bytes)
    return 'OCSP response'
  }
  if (!isSevCertificate(bytes)) return undefined
  into.sevCertificates.push(bytes)
  return 'SEV certificate'
}

// A COSE_Sign1, as evidence may be too, with a content type that says what is in it.
function isSignedCorim(bytes: Uint8Array): boolean {
  return bytes[0] === 0xd2 && /application\/(?:co)?rim(?:-unsigned)?\+cbor/.test(latin1(bytes.subarray(0, 16 * 1024)))
}

// Version 1, then SEV's usage at byte 8, or the equal sizes of AMD's form at bytes 56 and 60.
function isSevCertificate(bytes: Uint8Array): boolean {
  if (bytes.length < 576) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const usage = view.getUint32(8, true)
  const bits = view.getUint32(56, true)
  return (
    view.getUint32(0, true) === 1 &&
    ((usage >= 0x1001 && usage <= 0x1004) || ((bits === 2048 || bits === 4096) && bits === view.getUint32(60, true)))
  )
}

function takeText(bytes: Uint8Array, into: Collateral): string | undefined {
  const start = textOf(bytes.subarray(0, 256)).trimStart()
  if (/^<(\?xml|[A-Za-z]*:?SoftwareIdentity)/.test(start)) return takeManifest(bytes, into)
  if (!/^[[{]/.test(start)) return undefined
  const content = parseJson(textOf(bytes))
  if (Array.isArray(content) && content.length > 0 && content.every(isKey)) {
    into.armKeys.push(...content)
    return 'keys of Arm platforms'
  }
  return isRecord(content) ? takeRecord(content, bytes, into) : undefined
}

function takeRecord(content: JsonRecord, bytes: Uint8Array, into: Collateral): string | undefined {
  if (isBundle(content)) {
    const items = readBundle(content)
    into.bundled.push(...items)
    return `endorsement bundle, ${items.length} items`
  }
  const intel = 'quote' in content ? undefined : dcapCollateralOf(content)
  if (intel !== undefined) {
    into.intel = { ...into.intel, ...intel }
    return 'DCAP collateral'
  }
  if (typeof content['vcekCert'] === 'string' && !('report' in content)) {
    into.snp.vcek = new TextEncoder().encode(content['vcekCert'])
    if (typeof content['certificateChain'] === 'string')
      into.snp.certChain = new TextEncoder().encode(content['certificateChain'])
    return 'certificates of a metadata service'
  }
  const set = readKeySet(content, bytes)
  if (set !== undefined) {
    if (set.keys === 0) into.tokenLists.push(...set.lists)
    else into.keySets.push(set)
    return set.lists.length === 0 ? 'key set' : `key set, ${set.lists.length} revocation lists`
  }
  if (isKey(content)) {
    into.armKeys.push(content)
    return 'key of an Arm platform'
  }
  if (isLaunch(content)) {
    into.sevLaunch = content
    return 'SEV launch parameters'
  }
  if (!isRecord(content['platform']) && !isRecord(content['realm'])) return undefined
  into.armReferences = textOf(bytes)
  return 'Arm reference values'
}

function isKey(value: unknown): boolean {
  return isRecord(value) && (Object.hasOwn(value, 'kty') || Object.hasOwn(value, 'pkey'))
}

function isLaunch(value: unknown): value is SevLaunchOptions {
  return isRecord(value) && ['tik', 'apiMajor', 'apiMinor', 'buildId', 'policy'].every((name) => name in value)
}

// A VBIOS version has five numbers of two hexadecimal digits; a driver's two or three decimal ones.
function takeManifest(bytes: Uint8Array, into: Collateral): string {
  const version = /\bcolloquialVersion="([^"]{1,64})"/.exec(textOf(bytes))?.[1]
  if (version !== undefined && /^\d{3,}(\.\d+){1,2}$/.test(version)) into.nvidia.driverRim = bytes
  else into.nvidia.vbiosRim = bytes
  return 'NVIDIA reference manifest'
}

const PEM = /-----BEGIN ([A-Z0-9 ]{1,32})-----[^-]*-----END \1-----/g
const MAX_BLOCKS = 16

function takeX509(bytes: Uint8Array, into: Collateral): string | undefined {
  if (bytes[0] === 0x30) return takeDer(bytes, bytes, into)
  if (!textOf(bytes.subarray(0, 256)).includes('-----BEGIN ')) return undefined
  const blocks = [...textOf(bytes).matchAll(PEM)].slice(0, MAX_BLOCKS)
  const taken = blocks.flatMap(([text, label = '']) => {
    const [der] = attempt(() => decodePem(text, label, 'certificate')) ?? []
    return der === undefined ? [] : [takeDer(der, bytes, into)]
  })
  const found = [...new Set(taken.filter((one) => one !== undefined))]
  return found.length === 0 ? undefined : found.join(', ')
}

/** `file` is the whole of what the certificate was found in: some verifiers take a chain as it came. */
function takeDer(der: Uint8Array, file: Uint8Array, into: Collateral): string | undefined {
  if (IBM_NAMES.test(latin1(der))) {
    if (!into.ibmFiles.includes(file)) into.ibmFiles.push(file)
    const list = attempt(() => parseCrl(der, WIDE))
    if (list !== undefined) into.ibmLists.push({ der, issuer: list.issuer.key })
    return 'IBM certificates'
  }
  const certificate = attempt(() => parseCertificate(der, [], WIDE))
  if (certificate !== undefined) return takeCertificate(certificate, file, into)
  const list = attempt(() => parseCrl(der, WIDE))
  if (list === undefined) return undefined
  const issuer = list.issuer.commonName ?? ''
  if (/^(ARK|SEV)-/.test(issuer)) {
    into.snp.crl = der
    return NAMES_OF_PARTS.crl
  }
  if (issuer === IAS_AUTHORITY) into.iasList = der
  // Of Intel's hardware, lists come with the other documents about it.
  else if (issuer.startsWith('Intel SGX ')) return undefined
  else into.tokenLists.push(der)
  return 'revocation list'
}

function takeCertificate(
  { der, subject, issuer }: Certificate,
  file: Uint8Array,
  into: Collateral,
): string | undefined {
  const name = subject.commonName ?? ''
  if (name === 'Intel SGX PCK Certificate') {
    into.intel = { ...into.intel, pck_certificate_chain: textOf(file) }
    return 'PCK certificate chain'
  }
  if (issuer.organization === 'NVIDIA Corporation' || issuer.commonName?.startsWith('NVIDIA') === true) {
    into.nvidia.certificateChain = file
    return 'NVIDIA certificate chain'
  }
  const part = amdPart(name)
  if (part === undefined) return undefined
  into.snp[part] = der
  return NAMES_OF_PARTS[part]
}

function amdPart(name: string): SnpPart | undefined {
  if (name.startsWith('ARK-')) return 'ark'
  if (name.startsWith('SEV-VLEK-')) return 'asvk'
  if (name === 'SEV-VCEK') return 'vcek'
  if (name === 'SEV-VLEK') return 'vlek'
  return name.startsWith('SEV-') ? 'ask' : undefined
}

/** The value, or undefined where the bytes are of another kind: here files are sorted, and nothing is judged. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes)
}
