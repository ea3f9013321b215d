import {
  basicConstraints,
  type CertificateOptions,
  concat,
  digest,
  distinguishedName,
  type Extension,
  ecdsaRaw,
  fromHex,
  issueCertificate,
  type KeyPair,
  keyUsage,
  namedKey,
  rawPoint,
  signWith,
  spkiSha256,
  toPem,
  utf8,
} from '@sekisho/emulator/kit'
import type { Check, TrustAnchor, Verdict } from '../src/core/verdict.ts'
import {
  encodeNvidiaReport,
  type NvidiaClaims,
  type NvidiaCollateralInput,
  type NvidiaReport,
  type NvidiaVerifyOptions,
  OPAQUE_TYPES,
  type OpaqueName,
  parseNvidiaReport,
  verifyNvidiaSync,
} from '../src/nvidia/index.ts'

export const AT: Date = new Date('2026-06-15T12:00:00Z')
export const NONCE: string = 'ab'.repeat(32)
export const DRIVER = '570.86.10'
export const VBIOS = '96.00.AF.00.01'

const FROM = new Date('2026-01-01T00:00:00Z')
const UNTIL = new Date('2027-01-01T00:00:00Z')

/** Keys by role: the device's chain from the leaf up, the manifests' chain, OCSP responders. */
export function key(role: string): KeyPair {
  return namedKey(`nvidia ${role}`, 'P-384')
}

export const DEVICE_ANCHOR: TrustAnchor = anchor('made-device-root', key('device 4'))
export const RIM_ANCHOR: TrustAnchor = anchor('made-rim-root', key('rim 2'))

function anchor(id: string, pair: KeyPair): TrustAnchor {
  return { id, name: id, vendor: 'test', spkiSha256: spkiSha256(pair), emulated: true }
}

export function tlv(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(...content)
  const length = body.length
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return concat(Uint8Array.of(tag, ...head), body)
}

export const seq = (...content: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...content)
export const hexTlv = (tag: number, hex: string): Uint8Array => tlv(tag, fromHex(hex))

const OID_SHA384 = '608648016503040202'
const EKU: Extension = { oid: '2.5.29.37', value: seq(hexTlv(0x06, '2b06010505070309')) }

export type CertificateChanges = Readonly<Record<number, Partial<CertificateOptions>>>

const DEVICE_NAMES = [
  'GH100 A01 GSP FMC LF',
  'GH100 A01 GSP BROM',
  'Made GH100 Provisioner ICA',
  'Made GH100 Identity',
  'Made Device CA',
]
const RIM_NAMES = ['Made RIM signer', 'Made Reference Value CA', 'Made RIM root']

function chain(
  kind: 'device' | 'rim',
  names: readonly string[],
  changes: CertificateChanges,
  leaf: readonly Extension[],
): readonly Uint8Array[] {
  const name = (i: number): Uint8Array => distinguishedName(['CN', names[i] as string])
  return names.map((_, i) => {
    const above = Math.min(i + 1, names.length - 1)
    return issueCertificate({
      subject: name(i),
      issuer: name(above),
      serial: BigInt(i) + (kind === 'device' ? 0x4100000000000000a0n : 0xb0n),
      notBefore: FROM,
      notAfter: UNTIL,
      subjectKey: key(`${kind} ${i}`),
      issuerKey: key(`${kind} ${above}`),
      algorithm: 'ecdsa-p384-sha384',
      extensions: i === 0 ? [keyUsage('digitalSignature'), ...leaf] : [basicConstraints(true), keyUsage('keyCertSign')],
      ...changes[i],
    })
  })
}

export const FWID: Uint8Array = digest('sha384', utf8('firmware'))

/** The DICE extension of a Hopper leaf. */
export function diceFwid(fwid: Uint8Array = FWID): Extension {
  const value = seq(tlv(0x02, Uint8Array.of(1)), key('device 0').spki, seq(hexTlv(0x06, OID_SHA384), tlv(0x04, fwid)))
  return { oid: '2.23.133.5.4.1', value }
}

export function deviceChain(
  changes: CertificateChanges = {},
  leaf: readonly Extension[] = [diceFwid()],
): readonly Uint8Array[] {
  return chain('device', DEVICE_NAMES, changes, leaf)
}

export function pem(...ders: readonly Uint8Array[]): Uint8Array {
  return utf8(ders.map((der) => toPem(der)).join(''))
}

const text = (value: string): Uint8Array => utf8(`${value}\0`)

/** Opaque data of a made GPU, by name. */
export const OPAQUE: Readonly<Partial<Record<OpaqueName, Uint8Array>>> = {
  VBIOS_VERSION: fromHex('00af009601000000'),
  PROJECT: text('1010'),
  PROJECT_SKU: text('0200'),
  CHIP_SKU: text('882'),
  DRIVER_VERSION: text(DRIVER),
  NVDEC0_STATUS: Uint8Array.of(0x55),
  FWID,
  PROTECTED_PCIE_STATUS: Uint8Array.of(0x55),
  FEATURE_FLAG: Uint8Array.of(0, 0),
}

export function value(index: number): Uint8Array {
  return digest('sha384', utf8(`block ${index}`))
}

export interface ReportChanges {
  readonly opaque?: Readonly<Partial<Record<OpaqueName, Uint8Array | undefined>>>
  /** Values of blocks by index, from 1 on. */
  readonly blocks?: Readonly<Record<number, Uint8Array>>
  readonly count?: number
  readonly nonce?: string
  readonly signer?: KeyPair
  readonly trailing?: number
}

/** Request and response of a made GPU with 64 blocks. */
export function makeReport({
  opaque = {},
  blocks = {},
  count = 64,
  nonce = NONCE,
  signer = key('device 0'),
  trailing = 0,
}: ReportChanges = {}): Uint8Array {
  const entries = Object.entries({ ...OPAQUE, ...opaque }).flatMap(([name, one]) =>
    one === undefined ? [] : [{ type: OPAQUE_TYPES[name as OpaqueName], value: one, offset: 0 }],
  )
  const parts: Omit<NvidiaReport, 'signed'> = {
    request: { spdmVersion: 0x11, code: 0xe0, param1: 1, param2: 0xff, nonce: fromHex(nonce), slotId: 0 },
    response: {
      spdmVersion: 0x11,
      code: 0x60,
      param1: 0,
      param2: 0,
      blocks: Array.from({ length: count }, (_, i) => ({
        index: i + 1,
        type: 1,
        value: blocks[i + 1] ?? value(i + 1),
        offset: 0,
      })),
      record: new Uint8Array(),
      nonce: new Uint8Array(32).fill(7),
      opaque: entries,
      signature: new Uint8Array(96),
    },
    trailing,
  }
  const unsigned = encodeNvidiaReport(parts)
  const signature = ecdsaRaw('sha384', signer, parseNvidiaReport(unsigned).signed)
  return encodeNvidiaReport({ ...parts, response: { ...parts.response, signature } })
}

/** What of a manifest differs from a good one. */
export interface RimChanges {
  readonly version?: string
  readonly product?: string
  /** Attributes and golden values by index. */
  readonly resources?: string
  readonly certificates?: CertificateChanges
  readonly chain?: readonly Uint8Array[]
  readonly signer?: KeyPair
  /** Edits the document before it is digested. */
  readonly before?: (document: string) => string
  /** Edits SignedInfo before it is signed. */
  readonly signedInfo?: (info: string) => string
  /** Edits everything after it was signed. */
  readonly after?: (document: string) => string
}

const SWID = 'http://standards.iso.org/iso/19770/-2/2015/schema.xsd'
const ROOT_NAMESPACES = `xmlns="${SWID}" xmlns:ns0="${SWID}" xmlns:ns2="http://www.w3.org/2001/04/xmlenc#sha384"`
const DS = 'http://www.w3.org/2000/09/xmldsig#'
const C14N = 'http://www.w3.org/2006/12/xml-c14n11'
const MORE = 'http://www.w3.org/2001/04/xmldsig-more#'

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')

/** One golden value in canonical form. */
export function resource(index: number, golden: readonly Uint8Array[] = [value(index + 1)], active = 'True'): string {
  const hashes = golden.map((one, i) => `ns2:Hash${i}="${hexOf(one)}"`).join(' ')
  return `<ns0:Resource active="${active}" alternatives="${golden.length}" index="${index}" name="Measurement_${index}" size="48" type="Measurement" ${hashes}></ns0:Resource>`
}

/** A signed manifest, written in canonical form by hand: it checks our canonical form as well as the signature. */
export function makeRim(kind: 'driver' | 'vbios', changes: RimChanges = {}): Uint8Array {
  const { version = kind === 'driver' ? DRIVER : VBIOS, product = 'GH100', signer = key('rim 0') } = changes
  const resources = changes.resources ?? (kind === 'driver' ? [7, 21, 35] : [1, 2, 9]).map((i) => resource(i)).join('')
  const body =
    `<SoftwareIdentity ${ROOT_NAMESPACES} name="GH100" tagId="made" tagVersion="0" version="1.0">` +
    `<ns0:Meta colloquialVersion="${version}" edition="GPU" product="${product}"></ns0:Meta><ns0:Payload>${resources}</ns0:Payload></SoftwareIdentity>`
  const document = changes.before?.(body) ?? body
  const info =
    `<ds:SignedInfo ${ROOT_NAMESPACES.replace(' xmlns:ns0', ` xmlns:ds="${DS}" xmlns:ns0`)}>` +
    `<ds:CanonicalizationMethod Algorithm="${C14N}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="${MORE}ecdsa-sha384"></ds:SignatureMethod>` +
    `<ds:Reference URI=""><ds:Transforms><ds:Transform Algorithm="${DS}enveloped-signature"></ds:Transform><ds:Transform Algorithm="${C14N}"></ds:Transform></ds:Transforms>` +
    `<ds:DigestMethod Algorithm="${MORE}sha384"></ds:DigestMethod><ds:DigestValue>${base64(digest('sha384', utf8(document)))}</ds:DigestValue></ds:Reference></ds:SignedInfo>`
  const signedInfo = changes.signedInfo?.(info) ?? info
  const signature = base64(ecdsaRaw('sha384', signer, utf8(signedInfo)))
  const certificates = (changes.chain ?? chain('rim', RIM_NAMES, changes.certificates ?? {}, []))
    .map((der) => `<ds:X509Certificate>${base64(der)}</ds:X509Certificate>`)
    .join('')
  const inner = signedInfo.replace(/^<ds:SignedInfo[^>]*>/, '<ds:SignedInfo>')
  const whole = document.replace(
    /<\/SoftwareIdentity>$/,
    `<ds:Signature xmlns:ds="${DS}">${inner}<ds:SignatureValue>${signature}</ds:SignatureValue><ds:KeyInfo><ds:X509Data>${certificates}</ds:X509Data></ds:KeyInfo></ds:Signature></SoftwareIdentity>`,
  )
  return utf8(changes.after?.(whole) ?? whole)
}

/** What of an OCSP answer differs from a good one. */
export interface OcspChanges {
  readonly status?: 'good' | 'revoked' | 'hold' | 'unknown'
  readonly thisUpdate?: Date
  readonly nextUpdate?: Date | undefined
  readonly responder?: Partial<CertificateOptions>
  /** Without a certificate of its own: the issuer signs. */
  readonly byIssuer?: true
  readonly signer?: KeyPair
  readonly issuerName?: Uint8Array
  readonly nonce?: string
  /** An extension that nobody knows: of the response, or of the one answer in it. */
  readonly critical?: 'response' | 'answer'
  readonly responseStatus?: number
  /** Serial number that is answered about, in hex. */
  readonly serial?: string
}

/** An OCSP response about the certificate at `position` of a made chain. */
export function makeOcsp(kind: 'device' | 'rim', position: number, changes: OcspChanges = {}): Uint8Array {
  const names = kind === 'device' ? DEVICE_NAMES : RIM_NAMES
  const issuer = key(`${kind} ${position + 1}`)
  const issuerName = distinguishedName(['CN', names[position + 1] as string])
  const own = key(`${kind} responder ${position}`)
  const when = (tag: number, at: Date): Uint8Array =>
    tlv(tag, utf8(`${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`))
  const serial =
    kind === 'device'
      ? `41000000000000${(0xa0 + position).toString(16).padStart(4, '0')}`
      : `00${(0xb0 + position).toString(16)}`
  const certId = seq(
    seq(hexTlv(0x06, OID_SHA384)),
    tlv(0x04, digest('sha384', changes.issuerName ?? issuerName)),
    tlv(0x04, digest('sha384', Uint8Array.of(4), rawPoint(issuer))),
    hexTlv(0x02, changes.serial ?? serial),
  )
  const revoked = (reason: number): Uint8Array =>
    tlv(0xa1, when(0x18, FROM), tlv(0xa0, tlv(0x0a, Uint8Array.of(reason))))
  const status = { good: tlv(0x80), unknown: tlv(0x82), revoked: revoked(1), hold: revoked(6) }[
    changes.status ?? 'good'
  ]
  const thisUpdate = changes.thisUpdate ?? new Date('2026-06-15T10:00:00Z')
  const nextUpdate = 'nextUpdate' in changes ? changes.nextUpdate : new Date('2026-06-16T10:00:00Z')
  const unknown = seq(hexTlv(0x06, '2b06010505073001'), tlv(0x01, Uint8Array.of(0xff)), tlv(0x04, tlv(0x04)))
  const single = seq(
    certId,
    status,
    when(0x18, thisUpdate),
    ...(nextUpdate === undefined ? [] : [tlv(0xa0, when(0x18, nextUpdate))]),
    ...(changes.critical === 'answer' ? [tlv(0xa1, seq(unknown))] : []),
  )
  const extensions = [
    ...(changes.nonce === undefined
      ? []
      : [seq(hexTlv(0x06, '2b0601050507300102'), tlv(0x04, tlv(0x04, fromHex(changes.nonce))))]),
    ...(changes.critical === 'response' ? [unknown] : []),
  ]
  const data = seq(
    tlv(0xa2, tlv(0x04, new Uint8Array(20))),
    when(0x18, thisUpdate),
    seq(single),
    ...(extensions.length === 0 ? [] : [tlv(0xa1, seq(...extensions))]),
  )
  const certificate = issueCertificate({
    subject: distinguishedName(['CN', `responder ${position}`]),
    issuer: issuerName,
    serial: 77,
    notBefore: FROM,
    notAfter: UNTIL,
    subjectKey: own,
    issuerKey: issuer,
    algorithm: 'ecdsa-p384-sha384',
    extensions: [EKU],
    ...changes.responder,
  })
  const signer = changes.signer ?? (changes.byIssuer === true ? issuer : own)
  const signature = tlv(0x03, Uint8Array.of(0), signWith('ecdsa-p384-sha384', signer, data))
  const certs = changes.byIssuer === true ? [] : [tlv(0xa0, seq(certificate))]
  const basic = seq(data, seq(hexTlv(0x06, '2a8648ce3d040303')), signature, ...certs)
  const bytes = seq(hexTlv(0x06, '2b0601050507300101'), tlv(0x04, basic))
  return seq(tlv(0x0a, Uint8Array.of(changes.responseStatus ?? 0)), tlv(0xa0, bytes))
}

/** Answers about every certificate that is asked for. */
export function allOcsp(replace: Readonly<Record<string, Uint8Array>> = {}): readonly Uint8Array[] {
  const of = (kind: 'device' | 'rim', position: number): Uint8Array =>
    replace[`${kind} ${position}`] ?? makeOcsp(kind, position)
  return [of('device', 1), of('device', 2), of('device', 3), of('rim', 0), of('rim', 1)]
}

export interface Situation extends ReportChanges {
  readonly report?: Uint8Array
  readonly collateral?: NvidiaCollateralInput
  readonly options?: Partial<NvidiaVerifyOptions>
}

let good: NvidiaCollateralInput | undefined

/** Endorsements under which a made device is verified. They are signed once a process, which takes a score of signatures. */
export function goodCollateral(): NvidiaCollateralInput {
  good ??= {
    certificateChain: pem(...deviceChain()),
    driverRim: makeRim('driver'),
    vbiosRim: makeRim('vbios'),
    ocsp: allOcsp(),
  }
  return { ...good }
}

/** Expectations under which a made device is verified. */
export const EXPECT: NonNullable<NvidiaVerifyOptions['expect']> = {
  nonce: NONCE,
  minDriverVersion: '570.86',
  minVbiosVersion: '96.00.AF',
  allowEmulated: true,
}

/** Judges a made device; everything is right unless the situation says otherwise. */
export function judge(situation: Situation = {}): Verdict<NvidiaClaims> {
  const { options, collateral, report = makeReport(situation) } = situation
  return verifyNvidiaSync(report, {
    ...GOOD_OPTIONS,
    ...options,
    collateral: { ...goodCollateral(), ...collateral },
  })
}

/** How a good situation is judged, but for the collateral. */
export const GOOD_OPTIONS: Omit<NvidiaVerifyOptions, 'collateral'> = {
  at: AT,
  trustAnchors: [DEVICE_ANCHOR, RIM_ANCHOR],
  expect: EXPECT,
}

export function checkOf(verdict: Verdict, id: string): Check {
  const found = verdict.checks.flatMap((group) => group.checks).find((check) => check.id === id)
  if (found === undefined) throw new Error(`there is no check ${id}`)
  return found
}

/** Ids of the checks that fail, and of those that are open. */
export function troubles(verdict: Verdict): readonly string[] {
  return verdict.checks
    .flatMap((group) => group.checks)
    .filter(
      (check) =>
        check.outcome === 'fail' ||
        (check.outcome === 'unchecked' && check.blockedBy === undefined && check.waived !== true),
    )
    .map((check) => `${check.outcome} ${check.id}`)
}
