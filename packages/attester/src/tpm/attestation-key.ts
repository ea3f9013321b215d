import { createHash } from 'node:crypto'
import type { TpmPublic } from '@sekisho/evidence/tpm'
import { type KeptKey, readKeptKey, writeKeptKey } from './ak-file.ts'
import { cutCertificates } from './certificates.ts'
import type { TpmChannel } from './device.ts'
import { TpmError } from './errors.ts'
import { createPrimary, type KeyHierarchy, loadContext, readPublic, saveContext, type TpmKey } from './keys.ts'
import { nvName, readNv } from './nv.ts'
import { type AkKind, akTemplate } from './templates.ts'

/** An attestation key that is made in this TPM: the same one each time, as it comes of a hierarchy's seed. */
export interface MadeAk {
  /** P-256 unless said. */
  readonly kind?: AkKind
  /** The endorsement hierarchy unless said; the owner's where the former has a password that you do not know. */
  readonly hierarchy?: KeyHierarchy
  /** Authorisation value of that hierarchy. */
  readonly password?: Uint8Array
  /** Another label gives another key. */
  readonly label?: string
  /** Folder in which the loaded key is kept, so that it need not be made again; it is made with mode 0700. */
  readonly folder?: string
}

/** An attestation key that somebody else put into the TPM. */
export interface PersistentAk {
  /** E.g. 0x81010002. */
  readonly handle: number
  /** NV index of its certificate. */
  readonly certificateIndex?: number
}

/** An attestation key whose template is in the TPM, as clouds do it: Google's are 0x01c10001 (RSA) and 0x01c10003 (ECC). */
export interface TemplateAk {
  readonly templateIndex: number
  /** Google's: 0x01c10000 and 0x01c10002. */
  readonly certificateIndex?: number
}

/** Where the attestation key comes from. */
export type AkSource = MadeAk | PersistentAk | TemplateAk

/** The attestation key of an attester. */
export interface AttestationKey {
  readonly area: TpmPublic
  readonly name: Uint8Array
  /** DER, of its certificate; empty when there is none. */
  readonly certificates: readonly Uint8Array[]
  /** Its handle, during one piece of work. @throws TpmError `mismatch` when the TPM was cleared and makes another key now */
  load(channel: TpmChannel): Promise<number>
}

/** Makes or finds the attestation key. */
export async function openAttestationKey(channel: TpmChannel, source: AkSource = {}): Promise<AttestationKey> {
  if ('handle' in source) return persistentKey(channel, source)
  if ('templateIndex' in source) return templateKey(channel, source)
  return madeKey(channel, source)
}

async function persistentKey(channel: TpmChannel, source: PersistentAk): Promise<AttestationKey> {
  const { area, name } = await readPublic(channel, source.handle)
  const certificates = await certificateAt(channel, source.certificateIndex)
  return { area, name, certificates, load: async () => source.handle }
}

async function certificateAt(channel: TpmChannel, index: number | undefined): Promise<readonly Uint8Array[]> {
  if (index === undefined) return []
  const stored = await readNv(channel, index)
  if (stored === undefined)
    throw new TpmError('unsupported', `${nvName(index)} has no certificate of an attestation key`)
  return cutCertificates(stored, nvName(index))
}

async function templateKey(channel: TpmChannel, source: TemplateAk): Promise<AttestationKey> {
  const template = await readNv(channel, source.templateIndex)
  if (template === undefined)
    throw new TpmError('unsupported', `${nvName(source.templateIndex)} has no template of a key`)
  const certificates = await certificateAt(channel, source.certificateIndex)
  return primaryKey(channel, { hierarchy: 'endorsement', template, password: undefined }, certificates)
}

interface Recipe {
  readonly hierarchy: KeyHierarchy
  readonly template: Uint8Array
  readonly password: Uint8Array | undefined
}

async function madeKey(channel: TpmChannel, source: MadeAk): Promise<AttestationKey> {
  const { kind = 'ecc-p256', hierarchy = 'endorsement', password, label, folder } = source
  const unique = label === undefined ? undefined : new Uint8Array(createHash('sha256').update(label).digest())
  const recipe: Recipe = { hierarchy, template: akTemplate(kind, unique), password }
  if (folder === undefined) return primaryKey(channel, recipe, [])
  const id = createHash('sha256').update(`${hierarchy}:`).update(recipe.template).digest('hex').slice(0, 16)
  const kept = await readKeptKey(folder, id)
  const known = kept === undefined ? undefined : await stillLoads(channel, kept)
  if (kept !== undefined && known !== undefined) return reloaded(recipe, known, kept.context, [])
  const { key, context } = await fresh(channel, recipe)
  await writeKeptKey(folder, id, { name: key.name, context })
  return reloaded(recipe, key, context, [])
}

// The file is no secret, and nobody vouches for it: the TPM says what is in the blob.
async function stillLoads(channel: TpmChannel, kept: KeptKey): Promise<TpmKey | undefined> {
  const handle = await tryLoad(channel, kept.context)
  if (handle === undefined) return undefined
  const key = await readPublic(channel, handle)
  return Buffer.compare(key.name, kept.name) === 0 ? key : undefined
}

async function tryLoad(channel: TpmChannel, context: Uint8Array): Promise<number | undefined> {
  try {
    return await loadContext(channel, context)
  } catch (error) {
    if (error instanceof TpmError && error.code === 'refused') return undefined
    throw error
  }
}

async function fresh(
  channel: TpmChannel,
  { hierarchy, template, password }: Recipe,
): Promise<{ readonly key: TpmKey; readonly context: Uint8Array }> {
  const key = await createPrimary(channel, hierarchy, template, password)
  return { key, context: await saveContext(channel, key.handle) }
}

async function primaryKey(
  channel: TpmChannel,
  recipe: Recipe,
  certificates: readonly Uint8Array[],
): Promise<AttestationKey> {
  const { key, context } = await fresh(channel, recipe)
  return reloaded(recipe, key, context, certificates)
}

/** A primary key outside of the TPM's slots: loaded from its context, or made again after a reset. */
function reloaded(
  recipe: Recipe,
  { area, name }: Pick<TpmKey, 'area' | 'name'>,
  first: Uint8Array,
  certificates: readonly Uint8Array[],
): AttestationKey {
  let context = first
  return {
    area,
    name,
    certificates,
    async load(channel) {
      const handle = await tryLoad(channel, context)
      if (handle !== undefined) return handle
      const again = await fresh(channel, recipe)
      if (Buffer.compare(again.key.name, name) !== 0)
        throw new TpmError('mismatch', 'the TPM was cleared: its attestation key is another one now')
      context = again.context
      return again.key.handle
    },
  }
}
