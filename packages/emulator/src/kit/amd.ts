import { type AmdAuthority, amdCrl, createAmdAuthority } from './amd-authority.ts'
import { issueLeaf, type LeafFields } from './amd-leaf.ts'
import { AMD_PRODUCTS, type AmdProduct, type TcbParts } from './amd-products.ts'
import { encodeSnpReport, type SnpReportFields, signReport } from './amd-report.ts'
import { certificateTable, encodeIdBlock, type IdAuth, makeIdAuth, TABLE_GUIDS } from './amd-tables.ts'
import { DEFAULT_AT, DEFAULT_WINDOW, type ExampleAnchor, type Window } from './anchor.ts'
import { toHex, utf8 } from './bytes.ts'
import { reportDataOf } from './intel-reports.ts'
import { digest, generateKey, type KeyPair } from './keys.ts'
import type { CertificateOptions, CrlOptions, Issued } from './x509.ts'

/** What SNP evidence is made from; what is not given is as it should be. */
export interface SnpOptions {
  readonly product?: AmdProduct
  /** Default: one authority a product for the process. */
  readonly authority?: AmdAuthority
  /** Key that signs the report, and chain it comes with; default `vcek`. */
  readonly role?: 'vcek' | 'vlek'
  readonly version?: number
  /** Levels of the whole TCB; the report may give each its own. */
  readonly tcb?: TcbParts
  readonly report?: Partial<SnpReportFields>
  /** What the leaf's extensions say. */
  readonly leaf?: Partial<LeafFields>
  readonly leafCertificate?: Partial<CertificateOptions>
  readonly leafKey?: KeyPair
  /** Key that signs the report, when it is not the leaf's. */
  readonly reportSigner?: KeyPair
  readonly crl?: Partial<CrlOptions>
  readonly window?: Window
  readonly at?: Date
  /** First bytes of the report data; default 32 bytes. */
  readonly nonce?: Uint8Array
  /** Sign an ID block for the guest, with or without an author key. */
  readonly idBlock?: { readonly idKey: KeyPair; readonly authorKey?: KeyPair }
}

/** Certificates as files of their own; either `vcek` and `ask`, or `vlek` and `asvk`. */
export interface SnpCertificates {
  readonly vcek?: Uint8Array
  readonly vlek?: Uint8Array
  readonly ask?: Uint8Array
  readonly asvk?: Uint8Array
  readonly ark: Uint8Array
}

/** Evidence with all that is needed to verify it. */
export interface MadeSnp {
  /** The report, 1184 bytes. */
  readonly evidence: Uint8Array
  readonly certificates: SnpCertificates
  /** The same certificates as a host hands them out. */
  readonly certificateTable: Uint8Array
  readonly crl: Uint8Array
  readonly idBlock?: Uint8Array
  readonly idAuth?: Uint8Array
  /** All of the above but the table: certificates, list, ID block. */
  readonly collateral: SnpCertificates & {
    readonly crl: Uint8Array
    readonly idBlock?: Uint8Array
    readonly idAuth?: Uint8Array
  }
  readonly anchor: ExampleAnchor
  readonly at: Date
  readonly authority: AmdAuthority
  readonly leaf: Issued
  readonly fields: SnpReportFields
  readonly expectations: {
    readonly measurement: readonly string[]
    /** Levels by the names that expectations have for them. */
    readonly minTcb: Readonly<Record<string, number>>
    readonly nonce: string
    readonly allowEmulated: true
  }
}

const DEFAULT_NONCE: Uint8Array = digest('sha256', utf8('a nonce for tests'))
const authorities = new Map<AmdProduct, AmdAuthority>()

/** The authority that evidence of a product is made under when the caller names none. */
export function sharedAmdAuthority(product: AmdProduct): AmdAuthority {
  const known = authorities.get(product) ?? createAmdAuthority(product)
  authorities.set(product, known)
  return known
}

/** Makes an SNP report (Genoa, version 3, VCEK unless told otherwise) with its certificates and revocation list. */
export function makeSnp(options: SnpOptions = {}): MadeSnp {
  const product = options.product ?? options.authority?.product ?? 'Genoa'
  const { authority = sharedAmdAuthority(product), role = 'vcek', at = DEFAULT_AT, window = DEFAULT_WINDOW } = options
  const tcb = options.tcb ?? AMD_PRODUCTS[product].tcb
  const nonce = options.nonce ?? DEFAULT_NONCE
  const plain: SnpReportFields = {
    ...defaultReport(product, role, tcb, nonce),
    version: options.version ?? 3,
    ...options.report,
  }
  const signed = options.idBlock === undefined ? undefined : signIdBlock(plain, options.idBlock)
  const fields = signed === undefined ? plain : { ...plain, ...signed.fields, ...options.report }
  const leafKey = options.leafKey ?? generateKey('P-384')
  const leaf = issueLeaf(
    authority,
    role,
    leafKey,
    leafFields(product, role, tcb, options.leaf),
    options.leafCertificate,
  )
  const evidence = signReport(encodeSnpReport(product, fields), options.reportSigner ?? leafKey)
  const issuer = role === 'vcek' ? authority.ask.der : authority.asvk.der
  const ark = authority.ark.der
  const certificates: SnpCertificates =
    role === 'vcek' ? { vcek: leaf.der, ask: issuer, ark } : { vlek: leaf.der, asvk: issuer, ark }
  const crl = amdCrl(authority, options.crl, window)
  const idParts = signed === undefined ? {} : { idBlock: signed.block, idAuth: signed.auth.bytes }
  return {
    evidence,
    certificates,
    certificateTable: certificateTable([
      { guid: TABLE_GUIDS[role], data: leaf.der },
      { guid: TABLE_GUIDS.ask, data: issuer },
      { guid: TABLE_GUIDS.ark, data: ark },
    ]),
    crl,
    ...idParts,
    collateral: { ...certificates, crl, ...idParts },
    anchor: authority.anchor,
    at,
    authority,
    leaf,
    fields,
    expectations: {
      measurement: [fields.measurement],
      minTcb: levelsOf(fields.committedTcb),
      nonce: toHex(nonce),
      allowEmulated: true,
    },
  }
}

function levelsOf({ fmc, bootLoader, tee, snp, microcode }: TcbParts): Readonly<Record<string, number>> {
  return { ...(fmc === undefined ? {} : { fmc }), bootloader: bootLoader, tee, snp, microcode }
}

/** A chip id that depends on nothing but the product: 64 bytes, of which Turin uses 8. */
export function exampleChipId(product: AmdProduct): string {
  const id = toHex(digest('sha512', utf8(`example chip ${product}`)))
  return product === 'Turin' ? id.slice(0, 16).padEnd(128, '0') : id
}

function defaultReport(product: AmdProduct, role: 'vcek' | 'vlek', tcb: TcbParts, nonce: Uint8Array): SnpReportFields {
  return {
    version: 3,
    guestSvn: 0,
    // ABI 1.51 or later is not asked for; SMT allowed; bit 17 must be one.
    policy: 0x30000n,
    familyId: '00'.repeat(16),
    imageId: '00'.repeat(16),
    vmpl: 0,
    signatureAlgo: 1,
    currentTcb: tcb,
    // SMT on, ECC memory, alias check complete.
    platformInfo: 0x25n,
    keyInfo: role === 'vcek' ? 0 : 1 << 2,
    reportData: reportDataOf(nonce),
    measurement: 'a5'.repeat(48),
    hostData: '00'.repeat(32),
    idKeyDigest: '00'.repeat(48),
    authorKeyDigest: '00'.repeat(48),
    reportId: toHex(digest('sha256', utf8('example report id'))),
    reportIdMa: 'ff'.repeat(32),
    reportedTcb: tcb,
    cpuid: AMD_PRODUCTS[product].cpuid,
    chipId: role === 'vcek' ? exampleChipId(product) : '00'.repeat(64),
    committedTcb: tcb,
    current: { build: 40, minor: 55, major: 1 },
    committed: { build: 40, minor: 55, major: 1 },
    launchTcb: tcb,
    launchMitVector: 0xfn,
    currentMitVector: 0xfn,
  }
}

function leafFields(
  product: AmdProduct,
  role: 'vcek' | 'vlek',
  tcb: TcbParts,
  overrides: Partial<LeafFields> = {},
): LeafFields {
  const id = exampleChipId(product)
  return {
    structVersion: product === 'Turin' ? 1 : 0,
    productName: role === 'vcek' ? AMD_PRODUCTS[product].vcekName : product,
    tcb,
    ...(role === 'vcek' ? { hwId: product === 'Turin' ? id.slice(0, 16) : id } : { cspId: 'CN=example-cloud.invalid' }),
    ...overrides,
  }
}

interface SignedIdBlock {
  readonly block: Uint8Array
  readonly auth: IdAuth
  readonly fields: Partial<SnpReportFields>
}

function signIdBlock(fields: SnpReportFields, keys: NonNullable<SnpOptions['idBlock']>): SignedIdBlock {
  const block = encodeIdBlock({
    launchDigest: fields.measurement,
    familyId: fields.familyId,
    imageId: fields.imageId,
    version: 1,
    guestSvn: fields.guestSvn,
    policy: fields.policy,
  })
  const auth = makeIdAuth(block, keys.idKey, keys.authorKey)
  return {
    block,
    auth,
    fields: {
      idKeyDigest: auth.idKeyDigest,
      authorKeyDigest: auth.authorKeyDigest,
      keyInfo: keys.authorKey === undefined ? fields.keyInfo : fields.keyInfo | 1,
    },
  }
}
