import { randomBytes } from 'node:crypto'
import { VaultError } from './errors.ts'
import { gcmOpen, gcmSeal, NONCE_BYTES } from './gcm.ts'
import type { KeyRing } from './master-key.ts'

/** Plaintext under a data key of its own, and that key under a master key. */
export interface Envelope {
  readonly masterKeyId: string
  readonly dataKeyWrapped: Uint8Array
  readonly nonce: Uint8Array
  /** Ciphertext and tag of AES-256-GCM. */
  readonly ciphertext: Uint8Array
}

/**
 * Where an envelope belongs: it opens in this place only. Two places never have the same list.
 * What is said about the content (its type) belongs here too, so that nobody rewrites it.
 */
export type Place = readonly (string | number | null)[]

/** Encrypts `plaintext` for `place` under a fresh data key. */
export async function sealEnvelope(ring: KeyRing, place: Place, plaintext: Uint8Array): Promise<Envelope> {
  const master = ring.current
  const dataKey = randomBytes(32)
  const nonce = randomBytes(NONCE_BYTES)
  const ciphertext = gcmSeal(dataKey, nonce, plaintext, contentAad(place))
  const dataKeyWrapped = await master.wrap(dataKey, keyAad(place, master.id))
  dataKey.fill(0)
  return { masterKeyId: master.id, dataKeyWrapped, nonce, ciphertext }
}

/**
 * Opens an envelope.
 *
 * @throws VaultError `corrupt` when it was altered or belongs to another place, `master-key-unknown`
 */
export async function openEnvelope(ring: KeyRing, place: Place, envelope: Envelope): Promise<Uint8Array> {
  const dataKey = await openDataKey(ring, place, envelope)
  try {
    return gcmOpen(dataKey, envelope.nonce, envelope.ciphertext, contentAad(place))
  } catch (cause) {
    throw corrupt(place, cause)
  } finally {
    dataKey.fill(0)
  }
}

/** The same envelope with its data key under the ring's current master key; the content is not touched. */
export async function rewrapEnvelope(
  ring: KeyRing,
  place: Place,
  envelope: Omit<Envelope, 'nonce' | 'ciphertext'>,
): Promise<Pick<Envelope, 'masterKeyId' | 'dataKeyWrapped'>> {
  const master = ring.current
  const dataKey = await openDataKey(ring, place, envelope)
  const dataKeyWrapped = await master.wrap(dataKey, keyAad(place, master.id))
  dataKey.fill(0)
  return { masterKeyId: master.id, dataKeyWrapped }
}

async function openDataKey(
  ring: KeyRing,
  place: Place,
  { masterKeyId, dataKeyWrapped }: Pick<Envelope, 'masterKeyId' | 'dataKeyWrapped'>,
): Promise<Uint8Array> {
  const master = ring.get(masterKeyId)
  try {
    return await master.unwrap(dataKeyWrapped, keyAad(place, masterKeyId))
  } catch (cause) {
    // A token that went away is not a row that was altered.
    if (cause instanceof VaultError) throw cause
    throw corrupt(place, cause)
  }
}

// JSON of a list is unambiguous: no two places give the same text.
function contentAad(place: Place): Uint8Array {
  return Buffer.from(JSON.stringify(['sekisho content 1', ...place]))
}

function keyAad(place: Place, masterKeyId: string): Uint8Array {
  return Buffer.from(JSON.stringify(['sekisho data key 1', masterKeyId, ...place]))
}

function corrupt(place: Place, cause: unknown): VaultError {
  return new VaultError('corrupt', `what is stored as \`${place.join(' ')}\` was altered, or belongs elsewhere`, cause)
}
