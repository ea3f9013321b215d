import { type TrustAnchor, toHex } from '@sekisho/evidence'
import { checkChain, intersection, validity } from './anchors.ts'
import { derElement, derInteger } from './der.ts'
import { CollateralError } from './errors.ts'
import type { Checked, Obtain, Part } from './obtain.ts'
import { below } from './origins.ts'
import { bad, utf8 } from './reading.ts'
import type { AmdCollateral, AmdRequest, AmdTcb } from './types.ts'
import { type CertificateFacts, readCertificate, readCrl, readPemChain } from './x509.ts'

/** AMD's key service or a mirror of it, as configured. */
export interface AmdService {
  readonly base: URL
  readonly anchors: readonly TrustAnchor[]
}

const MAX_CERTIFICATES = 64 * 1024
const MAX_CRL = 1024 * 1024
const DAY_MS = 86_400_000
// Product lines whose certificates know no FMC version and whose hardware ids have 64 bytes; all later ones have an FMC and 8 bytes.
const WITHOUT_FMC: readonly string[] = ['Milan', 'Genoa']
/** 1.3.6.1.4.1.3704.1 */
const AMD_ARC = '1.3.6.1.4.1.3704.1.'

/**
 * Fetches what verifies an SEV-SNP report: ASK (or ASVK) and ARK, their CRL, and unless the report is signed with
 * a VLEK, or its leaf came along, the certificate of the chip's VCEK at the TCB of the report.
 *
 * @throws TypeError when the request is not well-formed; CollateralError, `not-found` for a masked chip id without `leafGiven`
 * @see AMD 57230, Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification
 */
export async function amdCollateral(request: AmdRequest, service: AmdService, obtain: Obtain): Promise<AmdCollateral> {
  const { product, vlek } = normalised(request)
  const chipId = vlek || request.leafGiven === true ? undefined : hardwareId(request)
  const chain = await obtain(chainPart(product, vlek, service))
  const [intermediate, root] = chain.value
  const crl = await obtain(crlPart(product, vlek, root, service))
  const common = { product, vlek, intermediate: intermediate.der, root: root.der, crl: crl.value }
  if (chipId === undefined) return { ...common, window: intersection([chain, crl]) }
  const leaf = await obtain(vcekPart(request, chipId, intermediate, service))
  return { ...common, ...leaf.value, window: intersection([chain, crl, leaf]) }
}

function chainPart(
  product: string,
  vlek: boolean,
  { base, anchors }: AmdService,
): Part<readonly [CertificateFacts, CertificateFacts]> {
  return {
    what: `${vlek ? 'ASVK' : 'ASK'} and ARK certificates of ${product}`,
    url: below(base, `${role(vlek)}/${product}/cert_chain`),
    maxBytes: MAX_CERTIFICATES,
    keep: [],
    // An ASK may be revoked, and has a successor then.
    freshMs: DAY_MS,
    check: (answer) => {
      const chain = readPemChain(utf8(answer.body))
      checkChain(chain, [vlek ? `SEV-VLEK-${product}` : `SEV-${product}`, `ARK-${product}`], anchors)
      const [intermediate, root] = chain
      if (intermediate === undefined || root === undefined) throw bad('fewer than two certificates')
      return { value: [intermediate, root], ...intersection(validity(chain)) }
    },
  }
}

function crlPart(product: string, vlek: boolean, root: CertificateFacts, { base }: AmdService): Part<Uint8Array> {
  return {
    what: `CRL of ${product}`,
    url: below(base, `${role(vlek)}/${product}/crl`),
    maxBytes: MAX_CRL,
    keep: [],
    freshMs: DAY_MS,
    dated: true,
    check: (answer) => {
      const crl = readCrl(answer.body)
      if (!crl.issuedBy(root)) throw bad(`the list is not issued and signed by ARK-${product}`)
      return { value: crl.der, from: crl.thisUpdate, to: crl.nextUpdate }
    },
  }
}

function vcekPart(request: AmdRequest, chipId: string, ask: CertificateFacts, { base }: AmdService): Part<Vcek> {
  const { product, tcb } = request
  return {
    what: `VCEK certificate of chip ${chipId.slice(0, 16)}`,
    url: below(base, `${role(false)}/${product}/${chipId}`, splQuery(tcb)),
    maxBytes: MAX_CERTIFICATES,
    keep: [],
    freshMs: Number.POSITIVE_INFINITY,
    check: (answer) => checkVcek(answer.body, request, chipId, ask),
  }
}

/** Path of the key service for VCEK or VLEK. */
function role(vlek: boolean): string {
  return vlek ? '/vlek/v1' : '/vcek/v1'
}

function splQuery(tcb: AmdTcb): Readonly<Record<string, string>> {
  const decimal = (value: number): string => String(value).padStart(2, '0')
  return {
    ...(tcb.fmc === undefined ? {} : { fmcSPL: decimal(tcb.fmc) }),
    blSPL: decimal(tcb.bootloader),
    teeSPL: decimal(tcb.tee),
    snpSPL: decimal(tcb.snp),
    ucodeSPL: decimal(tcb.microcode),
  }
}

function checkVcek(
  der: Uint8Array,
  { product, tcb }: AmdRequest,
  chipId: string,
  ask: CertificateFacts,
): Checked<Vcek> {
  const leaf = readCertificate(der)
  if (leaf.commonName !== 'SEV-VCEK') throw bad('not a VCEK certificate')
  if (!leaf.issuedBy(ask)) throw bad(`the certificate is not signed by SEV-${product}`)
  const facts = readLeafFacts(leaf)
  if (facts.product !== product) throw bad('the certificate is of another product')
  // A hardware id written with 64 bytes for a chip that has 8 is filled up with zeros.
  if (facts.chipId?.padEnd(128, '0') !== chipId.padEnd(128, '0')) throw bad('the certificate is of another chip')
  const parts = ['fmc', 'bootloader', 'tee', 'snp', 'microcode'] as const
  const differing = parts.find((part) => facts.tcb[part] !== tcb[part])
  if (differing !== undefined)
    throw bad(`the certificate is of another TCB: ${differing} is ${facts.tcb[differing]}, not ${tcb[differing]}`)
  return { value: { leaf: der, chipId: facts.chipId, tcb: facts.tcb }, ...intersection(validity([leaf])) }
}

type Vcek = Required<Pick<AmdCollateral, 'leaf' | 'chipId' | 'tcb'>>

/** What a VCEK or VLEK certificate says about the machine. */
export interface LeafFacts {
  /** Product line without stepping. */
  readonly product: string
  readonly tcb: AmdTcb
  /** VCEK only: lower-case hex, 64 or 8 bytes. */
  readonly chipId?: string
  /** VLEK only. */
  readonly cspId?: string
}

/**
 * Reads AMD's extensions of a leaf certificate.
 * @throws Error when one is missing or malformed; CollateralError (`bad-answer`) for a name that is no UTF-8
 * @see AMD 57230, table of VCEK certificate extensions
 */
export function readLeafFacts(leaf: CertificateFacts): LeafFacts {
  const { extensions } = leaf
  const spl = (arcs: string): number => derInteger(derElement(required(extensions.get(AMD_ARC + arcs)), 0x02).content)
  const text = (name: string, value: Uint8Array): string => {
    try {
      return utf8(derElement(value, 0x16).content)
    } catch (error) {
      if (error instanceof TypeError) throw bad(`${name} of the certificate: expected text in UTF-8`)
      throw error
    }
  }
  const hwId = extensions.get(`${AMD_ARC}4`)
  const cspId = extensions.get(`${AMD_ARC}5`)
  const common = { bootloader: spl('3.1'), tee: spl('3.2'), snp: spl('3.3'), microcode: spl('3.8') }
  return {
    product: text('productName', required(extensions.get(`${AMD_ARC}2`))).replace(/-[A-Z]\d{1,2}$/, ''),
    tcb: extensions.has(`${AMD_ARC}3.9`) ? { fmc: spl('3.9'), ...common } : common,
    ...(hwId === undefined ? {} : { chipId: toHex(unwrapped(hwId)) }),
    ...(cspId === undefined ? {} : { cspId: text('cspId', cspId) }),
  }
}

// The id is usually raw in the extension, sometimes an OCTET STRING. Only the length tells: raw ids may begin with any byte.
function unwrapped(hwId: Uint8Array): Uint8Array {
  return hwId.length === 66 || hwId.length === 10 ? derElement(hwId, 0x04).content : hwId
}

function required(extension: Uint8Array | undefined): Uint8Array {
  if (extension === undefined) throw bad('the certificate lacks an extension of AMD')
  return extension
}

function normalised(request: AmdRequest): AmdRequest {
  const { product, tcb } = request
  if (!/^[A-Z][A-Za-z0-9]{1,31}$/.test(product)) throw new TypeError('`product` must be a product line such as Milan')
  for (const [part, value] of Object.entries(tcb)) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 0 && value <= 255))
      throw new TypeError(`\`tcb.${part}\` must be a byte`)
  }
  if (!request.vlek && (tcb.fmc === undefined) !== WITHOUT_FMC.includes(product)) {
    throw new TypeError(
      `\`tcb.fmc\` must ${WITHOUT_FMC.includes(product) ? 'be absent for' : 'be given from Turin on:'} ${product}`,
    )
  }
  return request
}

function hardwareId({ product, chipId }: AmdRequest): string {
  const id = chipId?.toLowerCase()
  if (id === undefined || !/^([0-9a-f]{128}|[0-9a-f]{16})$/.test(id))
    throw new TypeError('`chipId` must be hexadecimal of 64 bytes (or 8, from Turin on)')
  if (/^0+$/.test(id))
    throw new CollateralError('not-found', 'the report hides its chip id: its certificate must come with the evidence')
  if (!WITHOUT_FMC.includes(product)) return id.slice(0, 16)
  if (id.length !== 128) throw new TypeError(`\`chipId\` of ${product} must have 64 bytes`)
  return id
}
