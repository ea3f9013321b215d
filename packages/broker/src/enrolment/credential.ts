import {
  constants,
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import { parsePublic, publicKeyOf, spkiOf, type TpmPublic } from '@sekisho/evidence/tpm'
import { join, sized, uint } from './tpm-bytes.ts'

/** A secret that only one TPM can read, and only if it holds one attestation key. */
export interface Credential {
  /** TPM2B_ID_OBJECT. */
  readonly credentialBlob: Uint8Array
  /** TPM2B_ENCRYPTED_SECRET. */
  readonly encryptedSecret: Uint8Array
}

/** What an endorsement key's public area says of how secrets are protected under it. */
export interface Protection {
  readonly nameAlg: 'sha256' | 'sha384' | 'sha512'
  /** Of AES. */
  readonly symmetricBits: number
}

const DIGEST_BYTES = { sha256: 32, sha384: 48, sha512: 64 } as const
const AES = 0x0006
const CFB = 0x0043

/**
 * Makes a credential, as TPM2_MakeCredential does, without a TPM. It proves nothing of the keys: that the endorsement
 * key is a TPM's is said by its certificate, and what kind of key the AK is by the public area that `akName` is of.
 *
 * @param options.ekPublic TPMT_PUBLIC or TPM2B_PUBLIC of the endorsement key, RSA or ECC, with AES in CFB mode
 * @param options.akName nameAlg and digest, 22 to 66 bytes
 * @param options.secret 1 byte up to the digest of the endorsement key's nameAlg
 * @throws EvidenceError when `ekPublic` cannot be read
 * @throws TypeError when it is no storage key, or a length is out of bounds
 * @see TCG TPM 2.0 Library, part 1, section 24; part 3, section 12.6
 */
export function makeCredential(options: {
  readonly ekPublic: Uint8Array
  readonly akName: Uint8Array
  readonly secret: Uint8Array
}): Credential {
  const area = parsePublic(options.ekPublic)
  const protection = protectionOf(area)
  const key = createPublicKey({ key: Buffer.from(spkiOf(publicKeyOf(area))), format: 'der', type: 'spki' })
  const { seed, encrypted } = area.type === 'rsa' ? seedForRsa(key, protection) : seedForEcc(key, area, protection)
  return {
    credentialBlob: protectCredential(seed, protection, options.akName, options.secret),
    encryptedSecret: sized(encrypted),
  }
}

function protectionOf({ nameAlg, symmetric }: TpmPublic): Protection {
  if (nameAlg !== 'sha256' && nameAlg !== 'sha384' && nameAlg !== 'sha512')
    throw new TypeError(`ekPublic.nameAlg is ${nameAlg}, which is not accepted`)
  if (symmetric?.algorithm !== AES || symmetric.mode !== CFB || ![128, 192, 256].includes(symmetric.keyBits))
    throw new TypeError('ekPublic is no endorsement key: it protects nothing with AES in CFB mode')
  return { nameAlg, symmetricBits: symmetric.keyBits }
}

interface Seed {
  readonly seed: Uint8Array
  /** RSA: the ciphertext. ECC: TPMS_ECC_POINT of the ephemeral key. */
  readonly encrypted: Uint8Array
}

/** The label in front of which OAEP puts nothing: with its final zero. */
const IDENTITY = Buffer.from('IDENTITY\0', 'latin1')

function seedForRsa(key: KeyObject, { nameAlg }: Protection): Seed {
  const seed = new Uint8Array(randomBytes(DIGEST_BYTES[nameAlg]))
  const padding = constants.RSA_PKCS1_OAEP_PADDING
  const encrypted = publicEncrypt({ key, padding, oaepHash: nameAlg, oaepLabel: IDENTITY }, seed)
  return { seed, encrypted: new Uint8Array(encrypted) }
}

function seedForEcc(key: KeyObject, { curve }: TpmPublic, protection: Protection): Seed {
  if (curve === undefined) throw new TypeError('ekPublic has no curve')
  // Encoded: in Node 20 a key object fresh from the generator can block the process for ever when it is exported.
  const { privateKey: der } = generateKeyPairSync('ec', {
    namedCurve: curve,
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  })
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const z = diffieHellman({ privateKey, publicKey: key })
  const own = pointOf(createPublicKey(privateKey))
  return {
    seed: eccSeed(protection.nameAlg, z, own.x, pointOf(key).x),
    encrypted: join(sized(own.x), sized(own.y)),
  }
}

function pointOf(key: KeyObject): { readonly x: Uint8Array; readonly y: Uint8Array } {
  const { x, y } = key.export({ format: 'jwk' })
  if (x === undefined || y === undefined) throw new TypeError('the key is no elliptic curve key')
  return { x: new Uint8Array(Buffer.from(x, 'base64url')), y: new Uint8Array(Buffer.from(y, 'base64url')) }
}

/** KDFe for identities; coordinates have the curve's size. @see TCG TPM 2.0 Library, part 1, section 11.4.10.3 */
export function eccSeed(
  nameAlg: Protection['nameAlg'],
  z: Uint8Array,
  ephemeralX: Uint8Array,
  ekX: Uint8Array,
): Uint8Array {
  // The digest is all that is needed, so that one round is.
  return new Uint8Array(
    createHash(nameAlg).update(uint(1, 4)).update(z).update(IDENTITY).update(ephemeralX).update(ekX).digest(),
  )
}

/** KDFa. `label` is ASCII, to which a zero is added. @see TCG TPM 2.0 Library, part 1, section 11.4.10.2 */
function kdfa(
  nameAlg: Protection['nameAlg'],
  key: Uint8Array,
  label: string,
  context: Uint8Array,
  bits: number,
): Uint8Array {
  const parts: Buffer[] = []
  for (let i = 1; (i - 1) * DIGEST_BYTES[nameAlg] * 8 < bits; i++)
    parts.push(
      createHmac(nameAlg, key)
        .update(uint(i, 4))
        .update(`${label}\0`, 'latin1')
        .update(context)
        .update(uint(bits, 4))
        .digest(),
    )
  return new Uint8Array(Buffer.concat(parts).subarray(0, bits / 8))
}

/**
 * The credential under a seed that both sides know.
 * @returns TPM2B_ID_OBJECT
 * @throws TypeError when a length is out of bounds
 * @see TCG TPM 2.0 Library, part 1, sections 24.4 and 24.5
 */
export function protectCredential(
  seed: Uint8Array,
  { nameAlg, symmetricBits }: Protection,
  akName: Uint8Array,
  secret: Uint8Array,
): Uint8Array {
  const digestBytes = DIGEST_BYTES[nameAlg]
  if (akName.length < 22 || akName.length > 66) throw new TypeError('akName must be a name: 22 to 66 bytes')
  if (secret.length < 1 || secret.length > digestBytes) throw new TypeError(`secret must be 1 to ${digestBytes} bytes`)
  const symmetricKey = kdfa(nameAlg, seed, 'STORAGE', akName, symmetricBits)
  const cipher = createCipheriv(`aes-${symmetricBits}-cfb`, symmetricKey, new Uint8Array(16))
  const identity = new Uint8Array(Buffer.concat([cipher.update(sized(secret)), cipher.final()]))
  const macKey = kdfa(nameAlg, seed, 'INTEGRITY', new Uint8Array(0), digestBytes * 8)
  const mac = createHmac(nameAlg, macKey).update(identity).update(akName).digest()
  return sized(join(sized(mac), identity))
}
