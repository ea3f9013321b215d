import { constants, publicEncrypt } from 'node:crypto'
import type { Ground } from '../ground.ts'
import { concat, fromHex, le, toHex } from '../kit/bytes.ts'
import type { DcapCollateralJson } from '../kit/intel-collateral.ts'
import type { PckFields } from '../kit/intel-pck.ts'
import { makeQuote, type QuoteParts } from '../kit/intel-quote.ts'
import { EXAMPLE_ENCLAVE, type SgxReportFields } from '../kit/intel-reports.ts'
import { type Issued, pemChain } from '../kit/x509.ts'
import { nameOption } from '../options.ts'
import type { Faults } from '../report-data.ts'
import { derive, deriveKey } from '../secrets.ts'
import type { IntelOffice, PckCa } from './authority.ts'
import { FAMILIES, type IntelProduct, knownFamilies } from './families.ts'
import { componentsAt, type IntelTee, PCE_SVN, publicationsOf, QE_SIGNER, svnAt } from './levels.ts'

/** How many publications of each part a machine has taken over; -1 is older than the world. */
export interface MachineTcb {
  readonly platform?: number
  readonly qe?: number
  readonly module?: number
}

/** What SGX and TDX machines have in common. Everything absent is as it should be. */
export interface MachineOptions extends Faults {
  readonly product?: IntelProduct
  /** FMSPC in hex, instead of the product's. A family of its own is known to the service from then on. */
  readonly fmspc?: string
  /** Name of the machine: the same name is the same machine, with the same secret fused in. Default `machine-1`. */
  readonly chip?: string
  /** Default: everything that Intel's authority published. */
  readonly tcb?: MachineTcb
  /** Default `platform`. */
  readonly ca?: PckCa
  /**
   * What the quote says of the PCK certificate. Default `chain`; `encrypted-ppid` leaves the certificate to be asked
   * for at the service, for which the first time a key is made.
   */
  readonly certification?: 'chain' | 'encrypted-ppid'
}

/** An emulated Intel machine: its ids, its TCB, its keys and its quoting enclave. */
export interface Machine {
  readonly fmspc: string
  readonly ca: PckCa
  readonly ppid: string
  readonly platformInstanceId: string | undefined
  readonly pckSerial: string
  readonly cpuSvn: string
  readonly components: readonly number[]
  readonly moduleSvn: number
  readonly secret: Uint8Array
  quote(kind: Pick<QuoteParts, 'version' | 'teeType' | 'bodyType' | 'body'>): Uint8Array
  collateral(channel: 'standard' | 'early'): DcapCollateralJson
}

const FUSED = { pceId: '0000', sgxType: 1 } as const

/** What the SGX extensions of a platform's PCK certificate hold. */
export function pckFieldsOf(
  ppid: Uint8Array,
  { fmspc, ca }: { readonly fmspc: string; readonly ca: PckCa },
  { cpuSvn, pceSvn }: { readonly cpuSvn: string; readonly pceSvn: number },
): PckFields {
  // CPUSVN is opaque to everybody but its vendor; here it is the components in a row.
  const common = {
    ppid: toHex(ppid),
    components: Array.from(fromHex(cpuSvn)),
    pceSvn,
    cpuSvn,
    fmspc,
    pceId: FUSED.pceId,
  }
  if (ca === 'processor') return { ...common, sgxType: 0 }
  const configuration = { dynamicPlatform: true, cachedKeys: true, smtEnabled: true }
  return {
    ...common,
    sgxType: FUSED.sgxType,
    platformInstanceId: toHex(derive(ppid, 16, 'platform instance')),
    configuration,
  }
}

/** Builds a machine. @throws TypeError for options that make no sense */
export function intelMachine(ground: Ground, office: IntelOffice, tee: IntelTee, options: MachineOptions): Machine {
  const { product = 'Sapphire Rapids', ca = 'platform', tcb = {} } = options
  const chip = nameOption(options.chip, 'chip', 'machine-1')
  for (const [part, level] of Object.entries(tcb)) checkLevel(part, level)
  const fmspc = familyOf(ground, options.fmspc ?? FAMILIES[product])
  const ppid = office.ppid(fmspc, ca, chip)
  const secret = office.secret(ppid)
  const newest = (part: 'platform' | 'qe' | 'tdx-module'): number => publicationsOf(ground.state, part, fmspc).length
  const components = componentsAt(tcb.platform ?? newest('platform'))
  const qeSvn = svnAt('qe', tcb.qe ?? newest('qe'))
  const cpuSvn = toHex(Uint8Array.from(components))
  const fields = pckFieldsOf(ppid, { fmspc, ca }, { cpuSvn, pceSvn: PCE_SVN })
  const attestationKey = deriveKey(secret, 'P-256', 'attestation key', tee, cpuSvn, qeSvn)
  const qe = qeReport(tee, cpuSvn, qeSvn)
  const pckSerial = serialHex(office.pck(fields, ca))
  return {
    fmspc,
    ca,
    ppid: fields.ppid,
    platformInstanceId: fields.platformInstanceId,
    pckSerial,
    cpuSvn,
    components,
    moduleSvn: svnAt('tdx-module', tcb.module ?? newest('tdx-module')),
    secret,
    quote: (kind) => {
      const pck = office.pck(fields, ca)
      const { [ca]: issuer, root } = office.authority()
      const parts = {
        ...kind,
        qe,
        pck: fields,
        pckKey: pck.key,
        chain: [pck.der, issuer.der, root.der],
        attestationKey,
      }
      const userData = `${toHex(derive(secret, 16, 'qe id', tee))}00000000`
      return makeQuote(parts, {
        header: { userData },
        ...signerOf(options),
        ...(options.certification === 'encrypted-ppid'
          ? { certificationType: 3, certificationData: encryptedPpid(office, fields) }
          : {}),
      })
    },
    collateral: (channel) => {
      const collateral = office.collateral(tee, ca, fmspc, channel)
      if (options.certification !== 'encrypted-ppid') return collateral
      const { [ca]: issuer, root } = office.authority()
      return { ...collateral, pck_certificate_chain: pemChain(office.pck(fields, ca).der, issuer.der, root.der) }
    },
  }
}

function checkLevel(part: string, level: number | undefined): void {
  if (level !== undefined && !(Number.isSafeInteger(level) && level >= -1 && level <= 255))
    throw new TypeError(`\`tcb.${part}\` must be a whole number from -1 to 255`)
}

function familyOf({ state, changed }: Ground, fmspc: string): string {
  if (!/^[0-9a-fA-F]{12}$/.test(fmspc)) throw new TypeError('`fmspc` must be 12 hex digits')
  const family = fmspc.toLowerCase()
  if (knownFamilies(state).includes(family)) return family
  state.intel.families.push(family)
  changed()
  return family
}

function serialHex({ serial }: Issued): string {
  if (!(serial instanceof Uint8Array)) throw new TypeError('a PCK serial number has 20 bytes')
  return toHex(serial)
}

function signerOf({ wrongSignature = false }: Faults): { readonly signature?: Uint8Array } {
  // 1 and 1 are well-formed r and s of nobody's.
  return wrongSignature ? { signature: concat(le(1, 32).reverse(), le(1, 32).reverse()) } : {}
}

function qeReport(tee: IntelTee, cpuSvn: string, isvSvn: number): SgxReportFields {
  return {
    ...EXAMPLE_ENCLAVE,
    cpuSvn,
    mrEnclave: '0e'.repeat(32),
    mrSigner: QE_SIGNER,
    attributes: '1500000000000000e700000000000000',
    isvProdId: tee === 'TDX' ? 2 : 1,
    isvSvn,
  }
}

/** PPID encrypted with RSA-3072-OAEP, CPUSVN, PCESVN, PCE id: certification data of type 3. */
function encryptedPpid(office: IntelOffice, { ppid, cpuSvn, pceSvn, pceId }: PckFields): Uint8Array {
  const key = { key: office.ppidKey().publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  return concat(publicEncrypt(key, fromHex(ppid)), fromHex(cpuSvn), le(pceSvn, 2), fromHex(pceId))
}
