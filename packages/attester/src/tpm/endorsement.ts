import { attributeNames, publicKeyOf } from '@sekisho/evidence/tpm'
import { readHandles } from './capability.ts'
import { certifiedKey, cutCertificates, isSameKey } from './certificates.ts'
import { type Authorization, password } from './command.ts'
import { flushContext, type TpmChannel } from './device.ts'
import { TpmError } from './errors.ts'
import { createPrimary, readPublic, type TpmKey } from './keys.ts'
import { nvName, readNv, readNvIndices } from './nv.ts'
import { HIERARCHY, policySecret, startPolicySession } from './sessions.ts'
import { EK_TEMPLATES, type EkTemplate } from './templates.ts'

/** Which endorsement key to use. */
export interface EkChoice {
  /** The stronger one that has a certificate unless said. */
  readonly type?: 'rsa' | 'ecc'
  /** DER, leaf first, where the maker hands certificates out on the net and not in the TPM. */
  readonly certificates?: readonly Uint8Array[]
  /** Authorisation value of the endorsement hierarchy; empty unless somebody has set one. */
  readonly endorsementPassword?: Uint8Array
}

/** An endorsement key with its certificate, or with none. */
export interface EndorsementKey extends TpmKey {
  /** DER, leaf first. */
  readonly certificates: readonly Uint8Array[]
}

/** A certificate chain that may be stored in the TPM. @see TCG EK Credential Profile 2.5, section 2.2.1.5.2 */
const CHAIN_FIRST = 0x01c00100
const CHAIN_LAST = 0x01c001ff
const EK_INDICES_FIRST = 0x01c00002
const PERSISTENT_FIRST = 0x81010000
const PERSISTENT_LAST = 0x8101ffff
const NO_PASSWORD = new Uint8Array(0)

/**
 * Finds the endorsement key that a certificate of the TPM is for: a persistent one, or one made anew from its
 * template. Without any certificate it is the RSA key of the oldest template, and nobody vouches for it.
 *
 * @throws TpmError `unsupported` when certificates are there, and this TPM makes the key of none
 */
export async function openEndorsementKey(channel: TpmChannel, choice: EkChoice = {}): Promise<EndorsementKey> {
  const wanted = EK_TEMPLATES.filter(({ area }) => choice.type === undefined || typeOf(area) === choice.type)
  const certified = await certificatesOf(channel, choice, wanted)
  for (const { template, certificates } of certified) {
    const [leaf] = certificates
    if (leaf === undefined) continue
    const key = await keyOf(channel, leaf, template, wanted, choice.endorsementPassword)
    if (key !== undefined) return { ...key, certificates }
  }
  const last = wanted.at(-1)
  if (certified.length > 0 || last === undefined)
    throw new TpmError('unsupported', 'no endorsement key of this TPM fits any of the certificates')
  const key = await createPrimary(channel, 'endorsement', last.area, choice.endorsementPassword)
  return { ...key, certificates: [] }
}

interface Certified {
  /** Undefined for certificates of the caller's. */
  readonly template: EkTemplate | undefined
  readonly certificates: readonly Uint8Array[]
}

async function certificatesOf(
  channel: TpmChannel,
  { certificates }: EkChoice,
  wanted: readonly EkTemplate[],
): Promise<readonly Certified[]> {
  if (certificates !== undefined) return [{ template: undefined, certificates }]
  const indices = await readNvIndices(channel, EK_INDICES_FIRST, CHAIN_LAST)
  const present = wanted.filter(({ certificateIndex }) => indices.includes(certificateIndex))
  if (present.length === 0) return []
  const chain = await readChain(
    channel,
    indices.filter((index) => index >= CHAIN_FIRST),
  )
  const found: Certified[] = []
  let fault: TpmError | undefined
  for (const template of present) {
    const leaf = await readLeaf(channel, template.certificateIndex)
    if (leaf instanceof TpmError) fault ??= leaf
    else if (leaf !== undefined) found.push({ template, certificates: [leaf, ...chain] })
  }
  if (found.length === 0 && fault !== undefined) throw fault
  return found
}

// One that cannot be used, as nobody may read it or it was never filled in, must not hide the others.
async function readLeaf(channel: TpmChannel, index: number): Promise<Uint8Array | TpmError | undefined> {
  try {
    const stored = await readNv(channel, index)
    return stored === undefined ? undefined : cutCertificates(stored, nvName(index))[0]
  } catch (error) {
    if (error instanceof TpmError && (error.code === 'unsupported' || error.code === 'response')) return error
    throw error
  }
}

// The chain's certificates follow each other across the indices.
async function readChain(channel: TpmChannel, indices: readonly number[]): Promise<readonly Uint8Array[]> {
  const parts: Uint8Array[] = []
  for (const index of indices) parts.push((await readNv(channel, index)) ?? new Uint8Array(0))
  const whole = new Uint8Array(Buffer.concat(parts))
  return whole.length === 0 ? [] : cutCertificates(whole, 'the stored certificate chain')
}

async function keyOf(
  channel: TpmChannel,
  leaf: Uint8Array,
  template: EkTemplate | undefined,
  wanted: readonly EkTemplate[],
  endorsementPassword: Uint8Array | undefined,
): Promise<TpmKey | undefined> {
  const certified = certifiedKey(leaf, 'the certificate of the endorsement key')
  for (const handle of await readHandles(channel, PERSISTENT_FIRST)) {
    if (handle > PERSISTENT_LAST) break
    const key = await readKnown(channel, handle)
    if (key !== undefined && isSameKey(publicKeyOf(key.area), certified)) return key
  }
  const type = certified.kind === 'RSA' ? 'rsa' : 'ecc'
  for (const one of template === undefined ? wanted : [template]) {
    if (typeOf(one.area) !== type) continue
    const key = await createPrimary(channel, 'endorsement', one.area, endorsementPassword)
    if (isSameKey(publicKeyOf(key.area), certified)) return key
    await channel.execute(flushContext(key.handle))
  }
  return undefined
}

// Persistent objects may be of kinds that are no keys to us.
async function readKnown(channel: TpmChannel, handle: number): Promise<TpmKey | undefined> {
  try {
    return await readPublic(channel, handle)
  } catch (error) {
    if (error instanceof TpmError && error.code === 'unsupported') return undefined
    throw error
  }
}

function typeOf(area: Uint8Array): 'rsa' | 'ecc' {
  return area[1] === 1 ? 'rsa' : 'ecc'
}

/** How the endorsement key is used: by an empty password where it may be, else by its policy. */
export async function authorizeEndorsementKey(
  channel: TpmChannel,
  { area }: TpmKey,
  endorsementPassword: Uint8Array = NO_PASSWORD,
): Promise<Authorization> {
  if (attributeNames(area).includes('userWithAuth')) return password()
  const session = await startPolicySession(channel, area.nameAlg)
  await policySecret(channel, session, HIERARCHY.endorsement, endorsementPassword)
  return session
}
