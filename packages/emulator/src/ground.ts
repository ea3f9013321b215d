import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'
import { fromHex } from './kit/bytes.ts'
import { generateKey, type KeyPair, keyFromPem } from './kit/keys.ts'
import type { Seed } from './secrets.ts'
import type { WorldState } from './state.ts'

/** What every authority and platform of a world stands on. */
export interface Ground {
  readonly state: WorldState
  readonly seed: Seed
  now(): Date
  /** The RSA key called `name`: made at its first use, which takes a second or more, and kept in the state. */
  rsaKey(name: string, bits: 2048 | 3072 | 4096): KeyPair
  /** Makes several RSA keys at once, beside the event loop, unless they are there. */
  prepareRsaKeys(names: readonly string[], bits: 2048 | 3072 | 4096): Promise<void>
  /** The derived key called `name`: the same for the life of the world, so that it is derived once. */
  derivedKey(name: string, derive: () => KeyPair): KeyPair
  /** What `make` gave under this key before; forgotten as soon as an authority acts. */
  remember<T>(key: string, make: () => T): T
  /** An authority acted: what was remembered is forgotten. */
  changed(): void
}

/** Gives the RSA key of an authority, e.g. `Genoa ark`. */
export type RsaKeySource = (name: string, bits: 2048 | 3072 | 4096) => KeyPair

/** Makes the ground under a state. RSA keys that it does not have come from `source`, and are new without one. */
export function groundOf(state: WorldState, now: () => Date, source?: RsaKeySource): Ground {
  const keys = new Map<string, KeyPair>()
  const derived = new Map<string, KeyPair>()
  const kept = new Map<string, unknown>()
  /** Whoever asks for a key that is being made waits for that one. */
  const making = new Map<string, Promise<string>>()
  const make: RsaKeySource = source ?? ((_name, bits) => generateKey(`RSA-${bits}`))
  return {
    state,
    seed: fromHex(state.seed),
    now,
    rsaKey(name, bits): KeyPair {
      const pem = state.rsa[name]
      const key = keys.get(name) ?? (pem === undefined ? make(name, bits) : keyFromPem(pem))
      keys.set(name, key)
      state.rsa[name] ??= key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
      return key
    },
    async prepareRsaKeys(names, bits): Promise<void> {
      const missing = names.filter((name) => state.rsa[name] === undefined)
      if (source !== undefined) {
        for (const name of missing) this.rsaKey(name, bits)
        return
      }
      for (const name of missing) if (!making.has(name)) making.set(name, generateRsa(bits))
      try {
        const made = await Promise.all(missing.map(async (name) => [name, await making.get(name)] as const))
        // Someone may have needed one in the meantime: the first one made is the world's.
        for (const [name, pem] of made) if (pem !== undefined) state.rsa[name] ??= pem
      } finally {
        for (const name of missing) making.delete(name)
      }
    },
    derivedKey(name, derive): KeyPair {
      const known = derived.get(name)
      if (known !== undefined) return known
      if (derived.size >= MAX_KEPT) derived.clear()
      const made = derive()
      derived.set(name, made)
      return made
    },
    remember<T>(key: string, make: () => T): T {
      if (kept.has(key)) return kept.get(key) as T
      if (kept.size >= MAX_KEPT) kept.clear()
      const made = make()
      kept.set(key, made)
      return made
    },
    changed: () => kept.clear(),
  }
}

async function generateRsa(modulusLength: number): Promise<string> {
  const encoding = { type: 'pkcs8', format: 'pem' } as const
  const spki = { type: 'spki', format: 'pem' } as const
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength,
    privateKeyEncoding: encoding,
    publicKeyEncoding: spki,
  })
  return privateKey
}

const MAX_KEPT = 1024

const DAY_MS = 86_400_000

/** Window of something that is issued anew each day and holds for `days`; `expired` gives one that ended then. */
export function dailyWindow(
  now: Date,
  days: number,
  expired: string | undefined,
): { readonly from: Date; readonly to: Date } {
  if (expired !== undefined) {
    const to = Date.parse(expired)
    return { from: new Date(to - days * DAY_MS), to: new Date(to) }
  }
  const from = Math.floor(now.getTime() / DAY_MS) * DAY_MS
  return { from: new Date(from), to: new Date(from + days * DAY_MS) }
}

/** Number of a revocation list: higher each day, and with each certificate on it. RFC 5280, section 5.2.3. */
export function listNumber(from: Date, revoked: readonly unknown[]): number {
  return Math.max(0, Math.floor(from.getTime() / DAY_MS)) * 1000 + revoked.length
}
