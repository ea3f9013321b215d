import { DEFAULT_WINDOW, type Window } from './anchor.ts'
import { toHex, utf8 } from './bytes.ts'
import type { IntelAuthority } from './intel-authority.ts'
import { ecdsaRaw, type KeyPair } from './keys.ts'
import { type CrlOptions, issueCrl, pemChain } from './x509.ts'

/** Collateral of one quote as JSON: chains in PEM, lists and signatures in hex, signed documents as the exact text. */
export interface DcapCollateralJson {
  readonly pck_crl_issuer_chain: string
  readonly root_ca_crl: string
  readonly pck_crl: string
  readonly tcb_info_issuer_chain: string
  readonly tcb_info: string
  readonly tcb_info_signature: string
  readonly qe_identity_issuer_chain: string
  readonly qe_identity: string
  readonly qe_identity_signature: string
  readonly pck_certificate_chain?: string
}

/** A TCB level of a QE or a TDX module. */
export interface SvnLevel {
  readonly isvsvn: number
  readonly tcbDate: string
  readonly tcbStatus: string
  readonly advisoryIDs?: readonly string[]
}

/** A TCB level of a platform. */
export interface PlatformLevel {
  /** SGX components 1 to 16. */
  readonly components: readonly number[]
  readonly pcesvn: number
  /** TDX components 1 to 16. */
  readonly tdxComponents?: readonly number[]
  readonly tcbDate: string
  readonly tcbStatus: string
  readonly advisoryIDs?: readonly string[]
}

/** What TCB info says of the TDX module. */
export interface ModuleIdentity {
  readonly id: string
  readonly mrsigner: string
  readonly attributes: string
  readonly attributesMask: string
  readonly levels: readonly SvnLevel[]
}

/** Members of a TCB info. */
export interface TcbInfoFields {
  readonly id: string
  readonly version: number
  readonly issueDate: string
  readonly nextUpdate: string
  readonly fmspc: string
  readonly pceId: string
  readonly tcbType: number
  readonly tcbEvaluationDataNumber: number
  /** TDX only. */
  readonly tdxModule?: Omit<ModuleIdentity, 'id' | 'levels'>
  /** TDX only. */
  readonly tdxModuleIdentities?: readonly ModuleIdentity[]
  readonly levels: readonly PlatformLevel[]
}

/** Members of a QE identity. */
export interface QeIdentityFields {
  readonly id: string
  readonly version: number
  readonly issueDate: string
  readonly nextUpdate: string
  readonly tcbEvaluationDataNumber: number
  readonly miscselect: string
  readonly miscselectMask: string
  readonly attributes: string
  readonly attributesMask: string
  readonly mrsigner: string
  readonly isvprodid: number
  readonly levels: readonly SvnLevel[]
}

/** How a document is signed, and what may go wrong with it. */
export interface DocumentSigning {
  /** Changes the text before it is signed. */
  readonly beforeSigning?: (text: string) => string
  /** Changes the text after it was signed. */
  readonly afterSigning?: (text: string) => string
  /** Default: the TCB Signing key. */
  readonly signer?: KeyPair
  /** Default: TCB Signing certificate, root. */
  readonly chain?: readonly Uint8Array[]
}

/** PCS API version 4, TCB info version 3 (version 2 has another form of components and no id). */
export function tcbInfoText(fields: TcbInfoFields): string {
  const { levels, tdxModuleIdentities, ...head } = fields
  const identities = tdxModuleIdentities?.map(({ levels: own, ...identity }) => ({
    ...identity,
    tcbLevels: own.map(svnLevel),
  }))
  const body = {
    ...head,
    ...(identities === undefined ? {} : { tdxModuleIdentities: identities }),
    tcbLevels: levels.map((level) => platformLevel(level, fields.version)),
  }
  if (fields.version > 2) return JSON.stringify(body)
  const { id: _, ...version2 } = body
  return JSON.stringify(version2)
}

const CATEGORIES: readonly object[] = [
  { category: 'BIOS', type: 'Early Microcode Update' },
  { category: 'OS/VMM', type: 'SGX Late Microcode Update' },
  { category: 'OS/VMM', type: 'TXT SINIT' },
  { category: 'BIOS' },
  { category: 'BIOS' },
  { category: 'BIOS' },
  {},
  { category: 'OS/VMM', type: 'SEAMLDR ACM' },
]
const TDX_CATEGORIES: readonly object[] = [
  { category: 'OS/VMM', type: 'TDX Module' },
  { category: 'OS/VMM', type: 'TDX Module' },
  { category: 'OS/VMM', type: 'TDX Late Microcode Update' },
]

function platformLevel(level: PlatformLevel, version: number): object {
  const { components, pcesvn, tdxComponents, ...rest } = level
  if (version <= 2) {
    const named = components.map((svn, i) => [`sgxtcbcomp${String(i + 1).padStart(2, '0')}svn`, svn])
    return { tcb: { ...Object.fromEntries(named), pcesvn }, ...rest }
  }
  const sgxtcbcomponents = components.map((svn, i) => ({ svn, ...CATEGORIES[i] }))
  const tdx = tdxComponents?.map((svn, i) => ({ svn, ...TDX_CATEGORIES[i] }))
  return { tcb: { sgxtcbcomponents, pcesvn, ...(tdx === undefined ? {} : { tdxtcbcomponents: tdx }) }, ...rest }
}

function svnLevel({ isvsvn, ...rest }: SvnLevel): object {
  return { tcb: { isvsvn }, ...rest }
}

/** PCS API version 4, enclave identity version 2. */
export function qeIdentityText({ levels, ...head }: QeIdentityFields): string {
  return JSON.stringify({ ...head, tcbLevels: levels.map(svnLevel) })
}

/** Everything in a quote's collateral; what is not given is as it should be. */
export interface CollateralOptions {
  readonly window?: Window
  readonly rootCrl?: Partial<CrlOptions>
  readonly pckCrl?: Partial<CrlOptions>
  readonly tcbInfoSigning?: DocumentSigning
  readonly qeIdentitySigning?: DocumentSigning
  /** Replaces whole members at the end. */
  readonly collateral?: Partial<DcapCollateralJson>
}

/** Issues the collateral of one platform. */
export function makeCollateral(
  authority: IntelAuthority,
  ca: 'platform' | 'processor',
  tcbInfo: TcbInfoFields,
  qeIdentity: QeIdentityFields,
  options: CollateralOptions,
): DcapCollateralJson {
  const { window = DEFAULT_WINDOW } = options
  const list = (issuer: 'root' | 'platform' | 'processor', overrides: Partial<CrlOptions> = {}): string =>
    toHex(
      issueCrl({
        issuer: authority[issuer].name,
        issuerKey: authority[issuer].key,
        algorithm: 'ecdsa-p256-sha256',
        thisUpdate: window.from,
        nextUpdate: window.to,
        ...overrides,
      }),
    )
  const tcb = signedDocument(authority, tcbInfoText(tcbInfo), options.tcbInfoSigning)
  const qe = signedDocument(authority, qeIdentityText(qeIdentity), options.qeIdentitySigning)
  return {
    pck_crl_issuer_chain: pemChain(authority[ca].der, authority.root.der),
    root_ca_crl: list('root', options.rootCrl),
    pck_crl: list(ca, options.pckCrl),
    tcb_info_issuer_chain: tcb.chain,
    tcb_info: tcb.text,
    tcb_info_signature: tcb.signature,
    qe_identity_issuer_chain: qe.chain,
    qe_identity: qe.text,
    qe_identity_signature: qe.signature,
    ...options.collateral,
  }
}

function signedDocument(
  authority: IntelAuthority,
  text: string,
  signing: DocumentSigning = {},
): { readonly text: string; readonly signature: string; readonly chain: string } {
  const { beforeSigning, afterSigning, signer = authority.tcbSigning.key } = signing
  const chain = signing.chain ?? [authority.tcbSigning.der, authority.root.der]
  const signed = beforeSigning?.(text) ?? text
  return {
    text: afterSigning?.(signed) ?? signed,
    signature: toHex(ecdsaRaw('sha256', signer, utf8(signed))),
    chain: pemChain(...chain),
  }
}
