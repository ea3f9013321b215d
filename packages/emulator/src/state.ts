import type { AmdProduct } from './kit/amd-authority.ts'
import type { TcbParts } from './kit/amd-leaf.ts'

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

/**
 * Reads a saved world.
 * @throws TypeError when it is none; the message repeats nothing of it, for it holds private keys
 */
export function readState(saved: string): WorldState {
  const value = parsed(saved)
  if (!isRecord(value) || value['schema'] !== SCHEMA) throw new TypeError(`a saved world must be JSON of ${SCHEMA}`)
  const { seed, born, rsa, amd, intel, arm, expired } = value
  if (typeof seed !== 'string' || !/^[0-9a-f]{64}$/.test(seed)) throw wrong('seed')
  if (typeof born !== 'string' || Number.isNaN(Date.parse(born))) throw wrong('born')
  if (!isRecord(rsa)) throw wrong('rsa')
  if (!isRecord(amd) || !hasLists(amd, ['products', 'firmware', 'revokedChips', 'revokedParts'])) throw wrong('amd')
  if (!isRecord(intel) || !hasLists(intel, ['families', 'publications', 'revokedPcks', 'revokedParts']))
    throw wrong('intel')
  if (!isRecord(arm) || !hasLists(arm, ['platforms'])) throw wrong('arm')
  if (!isRecord(amd['throttle']) || !isRecord(intel['throttle'])) throw wrong('throttle')
  if (!isRecord(expired)) throw wrong('expired')
  return structuredClone(value) as unknown as WorldState
}

function parsed(saved: string): unknown {
  try {
    const value: unknown = JSON.parse(saved)
    return value
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function hasLists(value: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return names.every((name) => Array.isArray(value[name]))
}

function wrong(member: string): TypeError {
  return new TypeError(`the member \`${member}\` of the saved world is damaged`)
}
