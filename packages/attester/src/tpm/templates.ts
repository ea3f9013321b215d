import { algorithmId, type TpmHash } from '@sekisho/evidence/tpm'
import { join, NOTHING, sized, uint } from './marshal.ts'

/** TPMA_OBJECT of an attestation key: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign. */
const AK_ATTRIBUTES = 0x00050472
/** TPMA_OBJECT of endorsement keys: low range by policy only; high range by an empty password too. */
const EK_LOW = 0x000300b2
const EK_HIGH = 0x000300f2

const RSA = 0x0001
const ECC = 0x0023
const NULL = uint(0x0010, 2)
const AES = 0x0006
const CFB = 0x0043
const RSASSA = 0x0014
const ECDSA = 0x0018

/** Kinds of attestation key. */
export type AkKind = 'ecc-p256' | 'rsa-2048'

/**
 * A restricted signing key with SHA-256: ECDSA on P-256, or RSASSA of 2048 bits.
 *
 * @param label makes one key different from another of the same kind; up to 32 bytes
 * @returns TPMT_PUBLIC
 * @see TCG TPM 2.0 Library, part 2, section 12.2.4
 */
export function akTemplate(kind: AkKind, label: Uint8Array = new Uint8Array(0)): Uint8Array {
  if (label.length > 32) throw new TypeError(`label has ${label.length} bytes, and 32 are the most`)
  const start = (type: number): Uint8Array =>
    join(uint(type, 2), uint(algorithmId('sha256'), 2), uint(AK_ATTRIBUTES, 4), NOTHING, NULL)
  if (kind === 'rsa-2048')
    return join(
      start(RSA),
      uint(RSASSA, 2),
      uint(algorithmId('sha256'), 2),
      uint(2048, 2),
      uint(0, 4),
      sized(padded(label, 256)),
    )
  return join(
    start(ECC),
    uint(ECDSA, 2),
    uint(algorithmId('sha256'), 2),
    uint(3, 2),
    NULL,
    sized(padded(label, 32)),
    sized(new Uint8Array(32)),
  )
}

function padded(bytes: Uint8Array, size: number): Uint8Array {
  const whole = new Uint8Array(size)
  whole.set(bytes)
  return whole
}

/** One of the endorsement keys that makers of TPMs certify. */
export interface EkTemplate {
  /** As the profile calls it. */
  readonly id: 'L-1' | 'L-2' | 'H-1' | 'H-2' | 'H-3' | 'H-6'
  /** NV index of its certificate. */
  readonly certificateIndex: number
  /** TPMT_PUBLIC. */
  readonly area: Uint8Array
}

/** PolicySecret(TPM_RH_ENDORSEMENT), and that or what an NV index holds. @see TCG EK Credential Profile 2.5, appendix B.6 */
const POLICY_A_SHA256 = '837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa'
const POLICY_B_SHA256 = 'ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0'
const POLICY_B_SHA384 =
  'b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f80e12'

interface EkKind {
  readonly nameAlg: TpmHash
  readonly attributes: number
  readonly policy: string
  readonly aesBits: 128 | 256
}

const LOW: EkKind = { nameAlg: 'sha256', attributes: EK_LOW, policy: POLICY_A_SHA256, aesBits: 128 }
const HIGH: EkKind = { nameAlg: 'sha256', attributes: EK_HIGH, policy: POLICY_B_SHA256, aesBits: 128 }
const HIGH_384: EkKind = { nameAlg: 'sha384', attributes: EK_HIGH, policy: POLICY_B_SHA384, aesBits: 256 }

function ekStart(type: number, { nameAlg, attributes, policy, aesBits }: EkKind): Uint8Array {
  const symmetric = join(uint(AES, 2), uint(aesBits, 2), uint(CFB, 2))
  return join(
    uint(type, 2),
    uint(algorithmId(nameAlg), 2),
    uint(attributes, 4),
    sized(Buffer.from(policy, 'hex')),
    symmetric,
    NULL,
  )
}

function ekRsa(kind: EkKind, bits: number, uniqueBytes: number): Uint8Array {
  return join(ekStart(RSA, kind), uint(bits, 2), uint(0, 4), sized(new Uint8Array(uniqueBytes)))
}

function ekEcc(kind: EkKind, curve: number, uniqueBytes: number): Uint8Array {
  const half = sized(new Uint8Array(uniqueBytes))
  return join(ekStart(ECC, kind), uint(curve, 2), NULL, half, half)
}

/**
 * The default templates, the stronger and newer first.
 * @see TCG EK Credential Profile 2.5, sections 2.2.1.4 and 2.2.2 and appendix B.3, B.4
 */
export const EK_TEMPLATES: readonly EkTemplate[] = [
  { id: 'H-3', certificateIndex: 0x01c00016, area: ekEcc(HIGH_384, 4, 0) },
  { id: 'H-6', certificateIndex: 0x01c0001c, area: ekRsa(HIGH_384, 3072, 0) },
  { id: 'H-2', certificateIndex: 0x01c00014, area: ekEcc(HIGH, 3, 0) },
  { id: 'H-1', certificateIndex: 0x01c00012, area: ekRsa(HIGH, 2048, 0) },
  { id: 'L-2', certificateIndex: 0x01c0000a, area: ekEcc(LOW, 3, 32) },
  { id: 'L-1', certificateIndex: 0x01c00002, area: ekRsa(LOW, 2048, 256) },
]
