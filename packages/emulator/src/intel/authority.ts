import { type EmulatedAnchor, emulatedAnchor } from '../anchor.ts'
import { dailyWindow, type Ground, listNumber } from '../ground.ts'
import { concat, fromHex, le, toHex, utf8 } from '../kit/bytes.ts'
import { isoDate } from '../kit/intel.ts'
import { createIntelAuthority, type IntelAuthority } from '../kit/intel-authority.ts'
import { type DcapCollateralJson, qeIdentityText, tcbInfoText } from '../kit/intel-collateral.ts'
import { issuePck, type PckFields } from '../kit/intel-pck.ts'
import { ecdsaRaw, type KeyPair } from '../kit/keys.ts'
import { authorityKeyIdentifier, crlNumber, type Issued, issueCrl, pemChain } from '../kit/x509.ts'
import { advisoryOption } from '../options.ts'
import { derive, deriveKey, isOwnId, makeId } from '../secrets.ts'
import { throttlingOf } from '../service.ts'
import type { TcbPublication } from '../state.ts'
import { knownFamilies } from './families.ts'
import {
  channelNumber,
  evaluationNumbersText,
  type IntelTee,
  qeIdentityOf,
  TCB_STATUSES,
  type TcbStatus,
  tcbInfoOf,
} from './levels.ts'

/** Which of Intel's two CAs certifies a platform's key. */
export type PckCa = 'platform' | 'processor'

/** What of Intel's can run out. `pck` is the certificate of every platform. */
export type IntelPart =
  | 'tcb-info'
  | 'qe-identity'
  | 'pck-crl'
  | 'root-crl'
  | 'pck'
  | 'platform-ca'
  | 'processor-ca'
  | 'tcb-signing'

/** A part with a new TCB level, and what becomes of the levels before. */
export interface TcbUpdate {
  /** Default `platform`: the SGX components, which TDX platforms have as well. */
  readonly part?: TcbPublication['part']
  /** The family it is for, 12 hex digits; all of them when absent. The quoting enclave is the same on all. */
  readonly fmspc?: string
  /** What the levels before become; default `OutOfDate`. */
  readonly status?: TcbStatus
  /** Advisories that the levels before are open to, e.g. `INTEL-SA-01234`. */
  readonly advisories?: readonly string[]
  /** Date of the new level; default now. */
  readonly date?: Date
  /** TCB evaluation data number; default the next one. */
  readonly evaluation?: number
  /** `early`: only the early channel serves it, until it is promoted. Default `standard`. */
  readonly channel?: 'standard' | 'early'
}

/** The authority in the place of Intel: root, CAs, TCB info, identities, revocation. */
export interface EmulatedIntel {
  readonly anchor: EmulatedAnchor
  /** Families that the service knows, as FMSPC in hex. */
  readonly families: readonly string[]
  /** Publishes a new TCB level: platforms made from then on have it, those that exist stay as they are. */
  publishTcb(update?: TcbUpdate): TcbPublication
  /** Makes what only the early channel served the standard, up to this evaluation data number. */
  promote(evaluation: number): void
  /** The numbers that the channels serve now. */
  evaluationNumbers(): { readonly standard: number; readonly early: number }
  /** Puts a platform's PCK certificate on its CA's list. */
  revokePck(platform: { readonly ca: PckCa; readonly pckSerial: string }): void
  /** Puts a CA certificate, or the one that signs TCB info, on the root's list. */
  revokePart(part: 'platform' | 'processor' | 'tcbSigning'): void
  /** From now on the service has only an issue of this part that ran out just before. */
  expire(part: IntelPart): void
  /** The service issues the part again: it is neither expired nor on a list then. */
  renew(part: IntelPart): void
  /** Answers the next `requests` requests with 429 and this `Retry-After`. */
  throttle(requests: number, retryAfterSeconds: number): void
}

/** A signed document: the exact text and its signature, 64 bytes in hex. */
export interface SignedText {
  readonly text: string
  readonly signature: string
}

/** What platforms and the certification service need of the authority. */
export interface IntelOffice extends EmulatedIntel {
  authority(): IntelAuthority
  pckCrl(ca: PckCa): Uint8Array
  rootCrl(): Uint8Array
  tcbInfo(tee: IntelTee, fmspc: string, evaluation: number): SignedText
  qeIdentity(tee: IntelTee, evaluation: number): SignedText
  numbers(tee: IntelTee): SignedText
  /** Signer and root of signed documents, PEM. */
  signingChain(): string
  /** CA and root of a PCK list, PEM. */
  caChain(ca: PckCa): string
  /** Everything that verifies a quote of such a platform. */
  collateral(tee: IntelTee, ca: PckCa, fmspc: string, channel: 'standard' | 'early'): DcapCollateralJson
  ppid(fmspc: string, ca: PckCa, chip: string): Uint8Array
  /** The family and CA of a platform of this world by its PPID. */
  platformOf(ppid: Uint8Array): { readonly fmspc: string; readonly ca: PckCa } | undefined
  /** What is fused into a platform's processors. */
  secret(ppid: Uint8Array): Uint8Array
  pckKey(fields: PckFields): KeyPair
  pck(fields: PckFields, ca: PckCa): Issued
  /** Key that PPIDs are encrypted to. */
  ppidKey(): KeyPair
}

const ORGANIZATION = 'EMULATED Authority (not Intel)'
const DOCUMENT_DAYS = 30
const KEYS = ['root', 'platform', 'processor', 'tcbSigning'] as const
const CERTIFICATES = { 'platform-ca': 'platform', 'processor-ca': 'processor', 'tcb-signing': 'tcbSigning' } as const
const CAS: readonly PckCa[] = ['platform', 'processor']

/** Opens the authority of a world. */
export function intelOffice(ground: Ground): IntelOffice {
  const { state, seed } = ground
  const rootKey = deriveKey(seed, 'P-256', 'intel', 'root')
  const authority = (): IntelAuthority => ground.remember('intel', () => authorityOf(ground))
  const window = (part: IntelPart): { readonly from: Date; readonly to: Date } =>
    dailyWindow(ground.now(), DOCUMENT_DAYS, state.expired[`intel/${part}`])
  const signed = (key: string, from: Date, text: () => string): SignedText =>
    ground.remember(`${key}/${from.getTime()}`, () => {
      const body = text()
      return { text: body, signature: toHex(ecdsaRaw('sha256', authority().tcbSigning.key, utf8(body))) }
    })
  const list = (
    issuer: 'root' | PckCa,
    part: 'root-crl' | 'pck-crl',
    serials: () => readonly Uint8Array[],
  ): Uint8Array => {
    const { from, to } = window(part)
    return ground.remember(`crl/${issuer}/${from.getTime()}`, () => {
      const { key, name } = authority()[issuer]
      const revoked = serials().map((serial) => ({ serial, at: from }))
      return issueCrl({
        issuer: name,
        issuerKey: key,
        algorithm: 'ecdsa-p256-sha256',
        extensions: [crlNumber(listNumber(from, revoked)), authorityKeyIdentifier(key)],
        thisUpdate: from,
        nextUpdate: to,
        revoked,
      })
    })
  }
  const office: IntelOffice = {
    anchor: emulatedAnchor('intel-root', 'the Intel SGX Root CA', rootKey),
    get families() {
      return knownFamilies(state)
    },
    authority,
    pckCrl: (ca) =>
      list(ca, 'pck-crl', () =>
        state.intel.revokedPcks.filter((one) => one.ca === ca).map((one) => fromHex(one.serial)),
      ),
    rootCrl: () =>
      list('root', 'root-crl', () =>
        KEYS.filter((part) => state.intel.revokedParts.includes(part)).map((part) => serialBytes(authority()[part])),
      ),
    tcbInfo: (tee, fmspc, evaluation) => {
      const { from, to } = window('tcb-info')
      return signed(`tcb/${tee}/${fmspc}/${evaluation}`, from, () =>
        tcbInfoText(tcbInfoOf(state, tee, fmspc, { evaluation, from, to })),
      )
    },
    qeIdentity: (tee, evaluation) => {
      const { from, to } = window('qe-identity')
      return signed(`qe/${tee}/${evaluation}`, from, () =>
        qeIdentityText(qeIdentityOf(state, tee, { evaluation, from, to })),
      )
    },
    numbers: (tee) => {
      const { from, to } = window('tcb-info')
      return signed(`numbers/${tee}`, from, () => evaluationNumbersText(state, tee, { from, to }))
    },
    signingChain: () => pemChain(authority().tcbSigning.der, authority().root.der),
    caChain: (ca) => pemChain(authority()[ca].der, authority().root.der),
    collateral: (tee, ca, fmspc, channel) => {
      const evaluation = channelNumber(state, channel)
      const tcb = office.tcbInfo(tee, fmspc, evaluation)
      const qe = office.qeIdentity(tee, evaluation)
      return {
        pck_crl_issuer_chain: office.caChain(ca),
        root_ca_crl: toHex(office.rootCrl()),
        pck_crl: toHex(office.pckCrl(ca)),
        tcb_info_issuer_chain: office.signingChain(),
        tcb_info: tcb.text,
        tcb_info_signature: tcb.signature,
        qe_identity_issuer_chain: office.signingChain(),
        qe_identity: qe.text,
        qe_identity_signature: qe.signature,
      }
    },
    ppid: (fmspc, ca, chip) => makeId(seed, 16, `${fmspc} ${ca} platform`, chip),
    platformOf: (ppid) =>
      knownFamilies(state)
        .flatMap((fmspc) => CAS.map((ca) => ({ fmspc, ca })))
        .find(({ fmspc, ca }) => isOwnId(seed, `${fmspc} ${ca} platform`, ppid)),
    secret: (ppid) => derive(seed, 48, 'fuses', 'intel', ppid),
    pckKey: ({ ppid, cpuSvn, pceSvn, pceId }) =>
      deriveKey(office.secret(fromHex(ppid)), 'P-256', 'pck', cpuSvn, le(pceSvn, 2), pceId),
    pck: (fields, ca) =>
      ground.remember(`pck/${ca}/${JSON.stringify(fields)}`, () => {
        const end = state.expired['intel/pck']
        return issuePck(
          authority(),
          ca,
          office.pckKey(fields),
          fields,
          end === undefined ? {} : { notAfter: new Date(end) },
        )
      }),
    ppidKey: () => ground.rsaKey('intel ppid', 3072),
    publishTcb: (update = {}) => {
      const publication = publicationOf(update, channelNumber(state, 'early') + 1, ground.now())
      state.intel.publications.push(publication)
      ground.changed()
      return publication
    },
    promote: (evaluation) => {
      state.intel.publications = state.intel.publications.map((one) =>
        one.evaluation <= evaluation ? { ...one, standard: true } : one,
      )
      ground.changed()
    },
    evaluationNumbers: () => ({ standard: channelNumber(state, 'standard'), early: channelNumber(state, 'early') }),
    revokePck: ({ ca, pckSerial }) => {
      if (!/^(?:[0-9a-f]{2}){1,21}$/.test(pckSerial)) throw new TypeError('`pckSerial` must be hexadecimal')
      const isListed = state.intel.revokedPcks.some((one) => one.ca === ca && one.serial === pckSerial)
      if (!isListed) state.intel.revokedPcks.push({ ca, serial: pckSerial })
      ground.changed()
    },
    revokePart: (part) => {
      if (!state.intel.revokedParts.includes(part)) state.intel.revokedParts.push(part)
      ground.changed()
    },
    expire: (part) => {
      state.expired[`intel/${part}`] = new Date(ground.now().getTime() - 1000).toISOString()
      ground.changed()
    },
    renew: (part) => {
      delete state.expired[`intel/${part}`]
      if (part === 'pck') state.intel.revokedPcks.length = 0
      const certificate = Object.entries(CERTIFICATES).find(([name]) => name === part)?.[1]
      state.intel.revokedParts = state.intel.revokedParts.filter((one) => one !== certificate)
      ground.changed()
    },
    throttle: (requests, retryAfterSeconds) => {
      state.intel.throttle = throttlingOf(requests, retryAfterSeconds)
    },
  }
  return office
}

function authorityOf({ seed, state }: Ground): IntelAuthority {
  const keys = Object.fromEntries(KEYS.map((part) => [part, deriveKey(seed, 'P-256', 'intel', part)]))
  const certificates = Object.entries(CERTIFICATES).flatMap(([part, name]) => {
    const end = state.expired[`intel/${part}`]
    return end === undefined ? [] : [[name, { notAfter: new Date(end) }] as const]
  })
  return createIntelAuthority({ organization: ORGANIZATION, keys, certificates: Object.fromEntries(certificates) })
}

function publicationOf(update: TcbUpdate, next: number, now: Date): TcbPublication {
  const { part = 'platform', fmspc, status = 'OutOfDate', channel = 'standard' } = update
  const advisories = advisoryOption(update.advisories)
  const { evaluation = next, date = now } = update
  if (!TCB_STATUSES.includes(status)) throw new TypeError(`\`status\` must be one of ${TCB_STATUSES.join(', ')}`)
  if (fmspc !== undefined && !/^[0-9a-fA-F]{12}$/.test(fmspc)) throw new TypeError('`fmspc` must be 12 hex digits')
  if (part === 'qe' && fmspc !== undefined)
    throw new TypeError('`fmspc`: the quoting enclave is the same on all families')
  if (!Number.isSafeInteger(evaluation) || evaluation < next)
    throw new TypeError(`\`evaluation\` must be ${next} or above: numbers only rise`)
  const family = fmspc === undefined ? {} : { fmspc: fmspc.toLowerCase() }
  return { evaluation, part, ...family, status, advisories, date: isoDate(date), standard: channel === 'standard' }
}

function serialBytes({ serial }: Issued): Uint8Array {
  if (serial instanceof Uint8Array) return serial
  const hex = serial.toString(16)
  return concat(fromHex(hex.padStart(hex.length + (hex.length % 2), '0')))
}
