import type { AmdProduct, TcbParts } from './kit/amd-products.ts'
import { count, date, flag, isRecord, list, maybe, members, names, type Rule, text, word } from './state-reading.ts'

/** A firmware release of AMD's, as the world knows it. */
export interface FirmwareRelease {
  readonly product: AmdProduct
  readonly tcb: TcbParts
  /** ISO 8601. */
  readonly date: string
  /** Bulletins that the release answers. */
  readonly advisories: readonly string[]
}

/** One act of Intel's authority that changes what TCB levels mean. */
export interface TcbPublication {
  /** TCB evaluation data number; documents of this number and above know of the act. */
  readonly evaluation: number
  /** Which part has a new level. */
  readonly part: 'platform' | 'qe' | 'tdx-module'
  /** The family it is for; all of them when absent. */
  readonly fmspc?: string
  /** What the levels before become. */
  readonly status: string
  readonly advisories: readonly string[]
  /** Date of the new level, ISO 8601. */
  readonly date: string
  /** False while only the early channel serves it. */
  readonly standard: boolean
}

/** A service's orders to answer with 429. */
export interface Throttling {
  readonly requests: number
  readonly retryAfterSeconds: number
}

/** Everything a world is made of, as JSON. It holds private keys. */
export interface WorldState {
  readonly schema: typeof SCHEMA
  /** Hex, 32 bytes. */
  readonly seed: string
  /** When the world was made, ISO 8601. */
  readonly born: string
  /** PKCS #8 PEM by name. RSA keys cannot be derived from the seed. */
  readonly rsa: Record<string, string>
  readonly amd: {
    readonly products: readonly AmdProduct[]
    firmware: FirmwareRelease[]
    /** Chip ids in hex whose VCEKs the key service no longer certifies. */
    revokedChips: string[]
    /** e.g. `Genoa/ask`. */
    revokedParts: string[]
    throttle: Throttling
  }
  readonly intel: {
    /** Families that the service knows beside its own, in hex. */
    families: string[]
    publications: TcbPublication[]
    /** Serial numbers of PCK certificates in hex, with the CA that issued them. */
    revokedPcks: { ca: 'platform' | 'processor'; serial: string }[]
    revokedParts: string[]
    throttle: Throttling
  }
  readonly arm: {
    /** Names of the platforms that were made. */
    platforms: string[]
  }
  /** ISO 8601 by part, e.g. `amd/Genoa/crl`: since then the part is out of date. */
  readonly expired: Record<string, string>
}

const SCHEMA = 'urn:sekisho:emulated-world:v1'

/** The state of a new world. */
export function newState(seed: string, born: Date, products: readonly AmdProduct[]): WorldState {
  const throttle = { requests: 0, retryAfterSeconds: 0 }
  return {
    schema: SCHEMA,
    seed,
    born: born.toISOString(),
    rsa: {},
    amd: { products, firmware: [], revokedChips: [], revokedParts: [], throttle },
    intel: { families: [], publications: [], revokedPcks: [], revokedParts: [], throttle },
    arm: { platforms: ['machine-1'] },
    expired: {},
  }
}

const HEX = text(/^(?:[0-9a-f]{2})+$/)
const SVN: Rule = (value) => count(value) && Number(value) <= 255
const PRODUCT = word('Milan', 'Genoa', 'Turin')
const TEXTS = list(text(/^.{1,256}$/s))
const THROTTLE = members({ requests: count, retryAfterSeconds: count })

const RULES: Readonly<Record<keyof WorldState, Rule>> = {
  schema: word(SCHEMA),
  seed: text(/^[0-9a-f]{64}$/),
  born: date,
  rsa: names(text(/^-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]{64,8192}-----END PRIVATE KEY-----\n$/)),
  amd: members({
    products: list(PRODUCT),
    firmware: list(
      members({
        product: PRODUCT,
        tcb: members({ fmc: maybe(SVN), bootLoader: SVN, tee: SVN, snp: SVN, microcode: SVN }),
        date,
        advisories: TEXTS,
      }),
    ),
    revokedChips: list(HEX),
    revokedParts: list(text(/^(?:Milan|Genoa|Turin)\/(?:ask|asvk)$/)),
    throttle: THROTTLE,
  }),
  intel: members({
    families: list(text(/^[0-9a-f]{12}$/)),
    publications: list(
      members({
        evaluation: count,
        part: word('platform', 'qe', 'tdx-module'),
        fmspc: maybe(text(/^[0-9a-f]{12}$/)),
        status: text(/^[A-Za-z]{4,48}$/),
        advisories: TEXTS,
        date,
        standard: flag,
      }),
    ),
    revokedPcks: list(members({ ca: word('platform', 'processor'), serial: HEX })),
    revokedParts: list(word('platform', 'processor', 'tcbSigning')),
    throttle: THROTTLE,
  }),
  arm: members({ platforms: TEXTS }),
  expired: names(date),
}

/**
 * Reads a saved world.
 * @throws TypeError that names the member which is not as `save` writes it, and repeats nothing of it: it may be a key
 */
export function readState(saved: string): WorldState {
  const value = parsed(saved)
  if (!isRecord(value) || value['schema'] !== SCHEMA) throw new TypeError(`a saved world must be JSON of ${SCHEMA}`)
  for (const [member, rule] of Object.entries(RULES))
    if (!rule(value[member])) throw new TypeError(`the member \`${member}\` of the saved world is damaged`)
  if (!members(RULES)(value)) throw new TypeError('the saved world has a member that is not known')
  return value as unknown as WorldState
}

function parsed(saved: string): unknown {
  try {
    const value: unknown = JSON.parse(saved)
    return value
  } catch {
    // The parser's own words quote the text, which holds keys.
    return undefined
  }
}
