import { type EmulatedAnchor, emulatedAnchor } from '../anchor.ts'
import { dailyWindow, type Ground, listNumber } from '../ground.ts'
import { type AmdAuthority, amdCrl, createAmdAuthority } from '../kit/amd-authority.ts'
import { issueLeaf } from '../kit/amd-leaf.ts'
import { AMD_PRODUCTS, type AmdProduct, amdSerial, type TcbParts } from '../kit/amd-products.ts'
import { encodeTcb } from '../kit/amd-report.ts'
import { fromHex, toHex } from '../kit/bytes.ts'
import type { KeyPair } from '../kit/keys.ts'
import { authorityKeyIdentifier, crlNumber } from '../kit/x509.ts'
import { advisoryOption } from '../options.ts'
import { derive, deriveKey, isOwnId, makeId } from '../secrets.ts'
import { throttlingOf } from '../service.ts'
import type { FirmwareRelease } from '../state.ts'
import { checkTcb, firmwareOf, latestTcb } from './firmware.ts'

/** A certificate or list of AMD's that can run out: the CRL, a CA certificate, or all VCEKs of one chip. */
export type AmdPart =
  | { readonly product: AmdProduct; readonly part: 'crl' | 'ask' | 'asvk' | 'ark' | 'vlek' }
  | { readonly chip: string }

/** The authority in the place of AMD: roots, key service, firmware releases. */
export interface EmulatedAmd {
  /** One root a product; made at their first use, which takes a second or more each. */
  readonly anchors: readonly EmulatedAnchor[]
  readonly products: readonly AmdProduct[]
  /** Firmware releases of a product, oldest first. */
  firmware(product: AmdProduct): readonly FirmwareRelease[]
  /**
   * Releases firmware with a higher TCB: platforms made from then on have it, platforms that exist stay as they are.
   * Without `tcb` the microcode version rises by one. AMD publishes no status: what is too old is for policies to say.
   */
  publishFirmware(release: {
    readonly product: AmdProduct
    readonly tcb?: TcbParts
    readonly advisories?: readonly string[]
    readonly date?: Date
  }): FirmwareRelease
  /**
   * Revokes an intermediate CA, which is then on the product's list; or a chip (its id in hex), whose VCEKs the key
   * service no longer hands out: leaf certificates of AMD all have serial number 0 and stand on no list.
   */
  revoke(what: { readonly product: AmdProduct; readonly part: 'ask' | 'asvk' } | { readonly chip: string }): void
  /** From now on the service has only an issue of this part that ran out just before. */
  expire(part: AmdPart): void
  /** The service issues the part again, or VCEKs of the chip: it is neither expired nor revoked then. */
  renew(part: AmdPart): void
  /** Whether a chip is of this world, by its id in hex, also where it was revoked. */
  isOwnChip(chip: string): boolean
  /** Answers the next `requests` requests with 429 and this `Retry-After`. */
  throttle(requests: number, retryAfterSeconds: number): void
}

/** What platforms and the key service need of the authority. */
export interface AmdOffice extends EmulatedAmd {
  authority(product: AmdProduct): AmdAuthority
  crl(product: AmdProduct): Uint8Array
  vcekKey(product: AmdProduct, chip: Uint8Array, tcb: TcbParts): KeyPair
  vcek(product: AmdProduct, chip: Uint8Array, tcb: TcbParts): Uint8Array
  vlekKey(product: AmdProduct, cloud: string, tcb: TcbParts): KeyPair
  vlek(product: AmdProduct, cloud: string, tcb: TcbParts): Uint8Array
  chipId(product: AmdProduct, name: string): Uint8Array
  knows(product: AmdProduct, chip: Uint8Array): boolean
  latest(product: AmdProduct): TcbParts
}

const UNIT = 'EMULATED, not AMD'
const DAY_MS = 86_400_000
const CRL_DAYS = 30
const VCEK_DAYS = 7 * 365
const VLEK_DAYS = 365

/** Bytes of a chip id that a product uses. */
export function chipIdSize(product: AmdProduct): number {
  return product === 'Turin' ? 8 : 64
}

/** Opens the authority of a world. */
export function amdOffice(ground: Ground): AmdOffice {
  const { state, seed } = ground
  const authorities = new Map<AmdProduct, AmdAuthority>()
  const known = (product: AmdProduct): AmdProduct => {
    if (state.amd.products.includes(product)) return product
    throw new TypeError(`this world has no ${product}`)
  }
  const authority = (product: AmdProduct): AmdAuthority => {
    const made = authorities.get(product) ?? authorityOf(ground, known(product))
    authorities.set(product, made)
    return made
  }
  const leafOf = (
    role: 'vcek' | 'vlek',
    product: AmdProduct,
    owner: { readonly hwId: string } | { readonly cspId: string },
    key: KeyPair,
    tcb: TcbParts,
    part: string,
  ): Uint8Array =>
    ground.remember(`${part}/${product}/${JSON.stringify([owner, tcb])}`, () => {
      const end = state.expired[part]
      const days = role === 'vcek' ? VCEK_DAYS : VLEK_DAYS
      const notAfter = end === undefined ? new Date(Date.parse(state.born) + days * DAY_MS) : new Date(end)
      const notBefore = new Date(notAfter.getTime() - (days + 1) * DAY_MS)
      const productName = role === 'vcek' ? AMD_PRODUCTS[product].vcekName : product
      const fields = { structVersion: product === 'Turin' ? 1 : 0, productName, tcb, ...owner }
      return issueLeaf(authority(product), role, key, fields, { notBefore, notAfter }).der
    })
  const office: AmdOffice = {
    get anchors() {
      return state.amd.products.map((product) =>
        emulatedAnchor(`ark-${product.toLowerCase()}`, `ARK-${product}`, rootKey(ground, product)),
      )
    },
    products: state.amd.products,
    authority,
    latest: (product) => latestTcb(state, product),
    firmware: (product) => firmwareOf(state, product),
    chipId: (product, name) => makeId(seed, chipIdSize(product), `${product} chip`, name),
    knows: (product, chip) => chip.length === chipIdSize(product) && isOwnId(seed, `${product} chip`, chip),
    vcekKey: (product, chip, tcb) => vcekKey(ground, product, chip, tcb),
    vlekKey: (product, cloud, tcb) =>
      ground.derivedKey(`vlek/${product}/${cloud}/${tcbName(product, tcb)}`, () =>
        deriveKey(seed, 'P-384', 'vlek', product, cloud, encodeTcb(product, tcb)),
      ),
    vcek: (product, chip, tcb) => {
      const hwId = toHex(chip)
      return leafOf('vcek', product, { hwId }, office.vcekKey(product, chip, tcb), tcb, `amd/vcek/${hwId}`)
    },
    vlek: (product, cloud, tcb) =>
      leafOf(
        'vlek',
        product,
        { cspId: `CN=${cloud}` },
        office.vlekKey(product, cloud, tcb),
        tcb,
        `amd/${product}/vlek`,
      ),
    crl: (product) => {
      const window = dailyWindow(ground.now(), CRL_DAYS, state.expired[`amd/${product}/crl`])
      return ground.remember(`crl/${product}/${window.from.getTime()}`, () => {
        const parts = (['ask', 'asvk'] as const).filter((part) => state.amd.revokedParts.includes(`${product}/${part}`))
        const revoked = parts.map((part) => ({ serial: amdSerial(product, part), at: window.from }))
        const { ark } = authority(product)
        const extensions = [crlNumber(listNumber(window.from, revoked)), authorityKeyIdentifier(ark.key)]
        return amdCrl(authority(product), { revoked, extensions }, window)
      })
    },
    publishFirmware: ({ product, tcb, advisories = [], date = ground.now() }) => {
      known(product)
      const before = latestTcb(state, product)
      const release: FirmwareRelease = {
        product,
        tcb: checkTcb(product, tcb ?? { ...before, microcode: before.microcode + 1 }),
        date: date.toISOString(),
        advisories: advisoryOption(advisories),
      }
      state.amd.firmware.push(release)
      ground.changed()
      return release
    },
    revoke: (what) => {
      if ('chip' in what) addOnce(state.amd.revokedChips, normalChip(what.chip))
      else addOnce(state.amd.revokedParts, `${known(what.product)}/${what.part}`)
      ground.changed()
    },
    expire: (part) => {
      state.expired[nameOf(part)] = new Date(ground.now().getTime() - 1000).toISOString()
      authorities.clear()
      ground.changed()
    },
    renew: (part) => {
      delete state.expired[nameOf(part)]
      if ('chip' in part) state.amd.revokedChips = without(state.amd.revokedChips, normalChip(part.chip))
      else state.amd.revokedParts = without(state.amd.revokedParts, `${part.product}/${part.part}`)
      authorities.clear()
      ground.changed()
    },
    isOwnChip: (chip) => {
      const id = fromHex(normalChip(chip))
      return state.amd.products.some((product) => office.knows(product, id))
    },
    throttle: (requests, retryAfterSeconds) => {
      state.amd.throttle = throttlingOf(requests, retryAfterSeconds)
    },
  }
  return office
}

function rootKey(ground: Ground, product: AmdProduct): KeyPair {
  return ground.rsaKey(`${product} ark`, 4096)
}

function authorityOf(ground: Ground, product: AmdProduct): AmdAuthority {
  const lapsed = (part: string): { notAfter: Date } | undefined => {
    const end = ground.state.expired[`amd/${product}/${part}`]
    return end === undefined ? undefined : { notAfter: new Date(end) }
  }
  const [ark, ask, asvk] = [lapsed('ark'), lapsed('ask'), lapsed('asvk')]
  return createAmdAuthority(product, {
    unit: UNIT,
    keys: {
      ark: rootKey(ground, product),
      // Getters: an authority that signs no VLEK never makes the key for it.
      get ask(): KeyPair {
        return ground.rsaKey(`${product} ask`, 4096)
      },
      get asvk(): KeyPair {
        return ground.rsaKey(`${product} asvk`, 4096)
      },
    },
    certificates: {
      ...(ark === undefined ? {} : { ark }),
      ...(ask === undefined ? {} : { ask }),
      ...(asvk === undefined ? {} : { asvk }),
    },
  })
}

/**
 * The chip's fused secret, and from it a key for each TCB: older firmware cannot sign as newer.
 * @see AMD 57230, section 1.2; SEV-SNP ABI, section 3.6
 */
function vcekKey(ground: Ground, product: AmdProduct, chip: Uint8Array, tcb: TcbParts): KeyPair {
  return ground.derivedKey(`vcek/${product}/${toHex(chip)}/${tcbName(product, tcb)}`, () =>
    deriveKey(chipSecret(ground, product, chip), 'P-384', 'vcek', encodeTcb(product, tcb)),
  )
}

function tcbName(product: AmdProduct, tcb: TcbParts): string {
  return toHex(encodeTcb(product, tcb))
}

/** What is fused into a chip, 48 bytes. */
export function chipSecret({ seed }: Ground, product: AmdProduct, chip: Uint8Array): Uint8Array {
  return derive(seed, 48, 'fuses', product, chip)
}

/** Adds what is not there: twice on a list is a malformed list. */
function addOnce(list: string[], one: string): void {
  if (!list.includes(one)) list.push(one)
}

function without<T extends string>(list: readonly T[], one: string): T[] {
  return list.filter((each) => each !== one)
}

function normalChip(chip: string): string {
  const id = chip.toLowerCase()
  if (!/^(?:[0-9a-f]{16}|[0-9a-f]{128})$/.test(id)) throw new TypeError('`chip` must be a chip id in hexadecimal')
  // A report of Turin writes its 8 bytes into a field of 64.
  return fromHex(id).length === 64 && /^0{112}$/.test(id.slice(16)) ? id.slice(0, 16) : id
}

function nameOf(part: AmdPart): string {
  return 'chip' in part ? `amd/vcek/${normalChip(part.chip)}` : `amd/${part.product}/${part.part}`
}
