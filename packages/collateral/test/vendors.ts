import {
  type AmdAuthority,
  type AmdProduct,
  createAmdAuthority,
  fromHex,
  type IntelOptions,
  type MadeIntel,
  type MadeSnp,
  makeSgx,
  makeSnp,
  makeTdx,
  pemChain,
  type SnpOptions,
} from '@sekisho/emulator/kit'
import type { AmdRequest, IntelRequest, PckCa } from '../src/index.ts'
import type { Canned } from './hostile-server.ts'

const authorities = new Map<AmdProduct, AmdAuthority>()

/** SNP evidence under a CA with small keys: a key of AMD's size takes a second to make. */
export function quickSnp(options: SnpOptions & { readonly product: AmdProduct }): MadeSnp {
  const { product } = options
  const authority = authorities.get(product) ?? createAmdAuthority(product, { bits: 2048 })
  authorities.set(product, authority)
  return makeSnp({ authority, ...options })
}

/** What Intel's service would answer for the platform of `made`. */
export interface IntelAnswers {
  readonly made: MadeIntel
  readonly request: IntelRequest
  readonly table: Map<string, Canned>
  readonly paths: { readonly tcb: string; readonly qe: string; readonly pckCrl: string; readonly rootCrl: string }
}

/** Makes a platform and its service's answers, as PCS words them. */
export function intelAnswers(
  tee: 'sgx' | 'tdx',
  options: IntelOptions = {},
  form: 'pcs' | 'pccs' = 'pcs',
): IntelAnswers {
  const made = tee === 'sgx' ? makeSgx(options) : makeTdx(options)
  const { collateral } = made
  const fmspc = options.pck?.fmspc?.toLowerCase() ?? 'c0ffee000001'
  const ca: PckCa = options.ca ?? 'platform'
  const paths = {
    tcb: `/${tee}/certification/v4/tcb?fmspc=${fmspc}`,
    qe: `/${tee}/certification/v4/qe/identity`,
    pckCrl: `/sgx/certification/v4/pckcrl?ca=${ca}&encoding=der`,
    rootCrl: form === 'pcs' ? '/IntelSGXRootCA.der' : '/sgx/certification/v4/rootcacrl',
  }
  const crl = (hex: string): Uint8Array | string => (form === 'pcs' ? (fromHex(hex) as Uint8Array) : hex)
  const table = new Map<string, Canned>([
    [
      paths.tcb,
      {
        body: `{"tcbInfo":${collateral.tcb_info},"signature":"${collateral.tcb_info_signature}"}`,
        headers: {
          [form === 'pcs' ? 'TCB-Info-Issuer-Chain' : 'SGX-TCB-Info-Issuer-Chain']: encodeURIComponent(
            collateral.tcb_info_issuer_chain,
          ),
        },
      },
    ],
    [
      paths.qe,
      {
        body: `{"enclaveIdentity":${collateral.qe_identity},"signature":"${collateral.qe_identity_signature}"}`,
        headers: { 'SGX-Enclave-Identity-Issuer-Chain': encodeURIComponent(collateral.qe_identity_issuer_chain) },
      },
    ],
    [
      paths.pckCrl,
      {
        body: crl(collateral.pck_crl),
        headers: { 'SGX-PCK-CRL-Issuer-Chain': encodeURIComponent(collateral.pck_crl_issuer_chain) },
      },
    ],
    [paths.rootCrl, { body: crl(collateral.root_ca_crl) }],
  ])
  return { made, request: { tee, fmspc, ca }, table, paths }
}

/** What AMD's key service would answer for the chip of `made`. */
export interface AmdAnswers {
  readonly made: MadeSnp
  readonly request: AmdRequest
  readonly table: Map<string, Canned>
  readonly paths: { readonly vcek: string; readonly chain: string; readonly crl: string }
}

/** Makes the answers of AMD's key service for `made`, a report signed with a VCEK or VLEK. */
export function amdAnswers(made: MadeSnp, role: 'vcek' | 'vlek' = 'vcek'): AmdAnswers {
  const { authority, certificates, crl, fields } = made
  const { product } = authority
  const two = (value: number): string => String(value).padStart(2, '0')
  const { fmc, bootLoader, tee, snp, microcode } = fields.reportedTcb
  const id = product === 'Turin' ? fields.chipId.slice(0, 16) : fields.chipId
  const spl = `blSPL=${two(bootLoader)}&teeSPL=${two(tee)}&snpSPL=${two(snp)}&ucodeSPL=${two(microcode)}`
  const paths = {
    vcek: `/vcek/v1/${product}/${id}?${fmc === undefined ? '' : `fmcSPL=${two(fmc)}&`}${spl}`,
    chain: `/${role}/v1/${product}/cert_chain`,
    crl: `/${role}/v1/${product}/crl`,
  }
  const intermediate = certificates.ask ?? certificates.asvk ?? new Uint8Array()
  const table = new Map<string, Canned>([
    [paths.chain, { body: pemChain(intermediate, certificates.ark) }],
    [paths.crl, { body: crl }],
  ])
  if (certificates.vcek !== undefined) table.set(paths.vcek, { body: certificates.vcek })
  const tcb = { ...(fmc === undefined ? {} : { fmc }), bootloader: bootLoader, tee, snp, microcode }
  return { made, request: { product, chipId: fields.chipId, tcb, vlek: role === 'vlek' }, table, paths }
}
