import { parsePublic, type TpmPublic } from '@sekisho/evidence/tpm'
import { type Authorization, password } from './command.ts'
import type { TpmChannel } from './device.ts'
import { TpmError } from './errors.ts'
import { join, NOTHING, type ResponseReader, sized, uint } from './marshal.ts'
import { HIERARCHY } from './sessions.ts'

/** A key that is loaded, or persistent. */
export interface TpmKey {
  readonly handle: number
  readonly area: TpmPublic
  /** nameAlg and digest over the public area, as the TPM computed it. */
  readonly name: Uint8Array
}

/** Hierarchies that keys are made in. */
export type KeyHierarchy = 'owner' | 'endorsement'

/**
 * TPM2_CreatePrimary: the same template gives the same key each time, until the hierarchy's seed is changed.
 * @param template TPMT_PUBLIC
 * @param hierarchyPassword authorisation value of the hierarchy; empty unless somebody has set one
 */
export async function createPrimary(
  channel: TpmChannel,
  hierarchy: KeyHierarchy,
  template: Uint8Array,
  hierarchyPassword: Uint8Array = new Uint8Array(0),
): Promise<TpmKey> {
  const sensitive = join(NOTHING, NOTHING)
  const { handle, parameters: from } = await channel.execute({
    name: 'TPM2_CreatePrimary',
    code: 0x131,
    handles: [HIERARCHY[hierarchy]],
    authorizations: [password(hierarchyPassword)],
    parameters: join(sized(sensitive), sized(template), NOTHING, uint(0, 4)),
    givesHandle: true,
  })
  const area = publicArea(from, 'outPublic')
  from.sized(2048, 'creationData')
  from.sized(64, 'creationHash')
  from.uint(2, 'creationTicket.tag')
  from.uint(4, 'creationTicket.hierarchy')
  from.sized(64, 'creationTicket.digest')
  const name = from.sized(66, 'name')
  from.end()
  return { handle: transient(handle, from), area, name }
}

/** TPM2_ReadPublic of a key. Objects of other kinds than RSA and ECC are `unsupported`. */
export async function readPublic(channel: TpmChannel, handle: number): Promise<TpmKey> {
  const { parameters: from } = await channel.execute({ name: 'TPM2_ReadPublic', code: 0x173, handles: [handle] })
  const area = publicArea(from, 'outPublic')
  const name = from.sized(66, 'name')
  from.sized(66, 'qualifiedName')
  from.end()
  return { handle, area, name }
}

function publicArea(from: ResponseReader, field: string): TpmPublic {
  const bytes = from.sized(2048, field)
  try {
    return parsePublic(bytes)
  } catch (cause) {
    throw new TpmError('unsupported', `${field} is of a kind that is not read here`, { cause })
  }
}

function transient(handle: number | undefined, from: ResponseReader): number {
  if (handle === undefined || handle >>> 24 !== 0x80) throw from.error('objectHandle', 'it is no transient object')
  return handle
}

/** TPM2_ContextSave: an object as a blob that only this TPM can load again, until it is reset. */
export async function saveContext(channel: TpmChannel, handle: number): Promise<Uint8Array> {
  const { parameters: from } = await channel.execute({ name: 'TPM2_ContextSave', code: 0x162, handles: [handle] })
  return from.rest()
}

/** TPM2_ContextLoad. @throws TpmError `refused` when the blob is of another TPM, of before its reset, or was changed */
export async function loadContext(channel: TpmChannel, context: Uint8Array): Promise<number> {
  const { handle, parameters: from } = await channel.execute({
    name: 'TPM2_ContextLoad',
    code: 0x161,
    parameters: context,
    givesHandle: true,
  })
  from.end()
  return transient(handle, from)
}

/**
 * TPM2_ActivateCredential: the TPM gives the secret only if the credential was made for this endorsement key and
 * for an object with the name of this attestation key.
 *
 * @param credentialBlob TPM2B_ID_OBJECT
 * @param encryptedSecret TPM2B_ENCRYPTED_SECRET
 */
export async function activateCredential(
  channel: TpmChannel,
  ak: number,
  ek: { readonly handle: number; readonly authorization: Authorization },
  credentialBlob: Uint8Array,
  encryptedSecret: Uint8Array,
): Promise<Uint8Array> {
  const { parameters: from } = await channel.execute({
    name: 'TPM2_ActivateCredential',
    code: 0x147,
    handles: [ak, ek.handle],
    authorizations: [password(), ek.authorization],
    parameters: join(credentialBlob, encryptedSecret),
  })
  const secret = from.sized(64, 'certInfo')
  from.end()
  return secret
}
