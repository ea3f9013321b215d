import {
  basicConstraints,
  type CertificateOptions,
  distinguishedName,
  ecdsaRaw,
  issueCertificate,
  type KeyPair,
  keyUsage,
  namedKey,
  spkiSha256,
} from '@sekisho/emulator/kit'
import { encodeSign1, sign1Input } from '../src/cbor/sign1.ts'
import type { TrustAnchor } from '../src/core/verdict.ts'
import { encodeNitroPayload, NITRO_PROTECTED, type NitroPayload } from '../src/nitro/index.ts'

export const AT: Date = new Date('2026-06-15T12:00:00Z')
export const NONCE: string = 'ab'.repeat(32)
export const MODULE = 'i-0123456789abcdef0-enc0123456789abcdef'

/** What of a made document differs from a good one. */
export interface NitroChange {
  readonly payload?: Partial<NitroPayload>
  /** Replaces the payload's bytes. */
  readonly raw?: Uint8Array
  readonly protected?: Uint8Array
  readonly signer?: KeyPair
  readonly tagged?: boolean
  /** Certificates by position: 0 the root, 1 and 2 below it, 3 the leaf. */
  readonly certificates?: Readonly<Record<number, Partial<CertificateOptions>>>
}

const KEYS: readonly KeyPair[] = ['root', 'region', 'zone', 'leaf'].map((name) => namedKey(`nitro ${name}`, 'P-384'))

/** The root of made documents. */
export const ANCHOR: TrustAnchor = {
  id: 'made-nitro-root',
  name: 'made root',
  vendor: 'test',
  spkiSha256: spkiSha256(KEYS[0] as KeyPair),
  emulated: true,
}

function nameAt(index: number): Uint8Array {
  return distinguishedName([
    'CN',
    index === 3 ? `${MODULE}.eu-west-1.aws` : index === 0 ? 'made.nitro-enclaves' : `issuer ${index}`,
  ])
}

function certificate(index: number, change: Partial<CertificateOptions> = {}): Uint8Array {
  const usage =
    index === 3
      ? [basicConstraints(false), keyUsage('digitalSignature')]
      : [basicConstraints(true, index === 0 ? undefined : 3 - index), keyUsage('keyCertSign', 'cRLSign')]
  return issueCertificate({
    subject: nameAt(index),
    issuer: nameAt(Math.max(0, index - 1)),
    serial: index + 1,
    notBefore: new Date('2026-06-15T11:00:00Z'),
    notAfter: new Date('2026-06-15T14:00:00Z'),
    subjectKey: KEYS[index] as KeyPair,
    issuerKey: KEYS[Math.max(0, index - 1)] as KeyPair,
    algorithm: 'ecdsa-p384-sha384',
    extensions: usage,
    ...change,
  })
}

/** A good payload with changes. */
export function makePayload(
  change: Partial<NitroPayload> = {},
  certificates: NitroChange['certificates'] = {},
): NitroPayload {
  return {
    device: 'nsm',
    moduleId: MODULE,
    digest: 'SHA384',
    timestamp: AT.getTime() - 5000,
    pcrs: Array.from({ length: 16 }, (_, index) => ({
      index,
      value: new Uint8Array(48).fill(index < 5 ? index + 1 : 0),
    })),
    certificate: certificate(3, certificates[3]),
    cabundle: [0, 1, 2].map((index) => certificate(index, certificates[index])),
    publicKey: null,
    userData: new Uint8Array([1, 2, 3]),
    nonce: Uint8Array.from({ length: 32 }, () => 0xab),
    members: [
      'module_id',
      'digest',
      'timestamp',
      'pcrs',
      'certificate',
      'cabundle',
      'public_key',
      'user_data',
      'nonce',
    ],
    unknown: {},
    indefinite: false,
    ...change,
  }
}

/** A signed document. */
export function makeDocument(change: NitroChange = {}): Uint8Array {
  const payload = change.raw ?? encodeNitroPayload(makePayload(change.payload, change.certificates))
  const header = change.protected ?? NITRO_PROTECTED
  const signature = ecdsaRaw('sha384', change.signer ?? (KEYS[3] as KeyPair), sign1Input(header, payload))
  return encodeSign1({ tagged: change.tagged === true, protected: header, payload, signature })
}
