import {
  booleanField,
  type FieldKind,
  type FieldKinds,
  hexField,
  integerField,
  listOf,
  readExpectations,
} from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'

/** Accepted values of registers, by number. */
export type PcrExpectations = Readonly<Record<string, readonly string[]>>

/**
 * What a relying party may expect of a document. `measurement` is PCR0 (for NitroTPM PCR4, the boot
 * loader or unified kernel image), `signer` is PCR8 of an enclave, `reportData` is the user data in full.
 */
export interface NitroExpectations
  extends Pick<
    CommonExpectations,
    'measurement' | 'signer' | 'reportData' | 'nonce' | 'reportDataIsFresh' | 'allowDebug' | 'allowEmulated'
  > {
  /** Accepted values of further registers, by number, e.g. `{ "3": ["…"] }`. */
  readonly pcrs?: PcrExpectations
  /** The public key that the document carries, in full. */
  readonly publicKey?: string
  /** Accept as fresh a document that was made at most this many seconds before `at`, by the hypervisor's clock. */
  readonly maxAgeSeconds?: number
  /** Accepted EC2 instances, e.g. `i-0123456789abcdef0`. */
  readonly instanceIds?: readonly string[]
}

const PCR: FieldKind<readonly string[]> = listOf(hexField(48))

const pcrsField: FieldKind<PcrExpectations> = {
  expected: `an object from register number, 0 to 31, to ${PCR.expected}`,
  read: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const read: Record<string, readonly string[]> = {}
    for (const [index, accepted] of Object.entries(value)) {
      const values = PCR.read(accepted)
      if (values === undefined || !/^(?:[12]?\d|3[01])$/.test(index)) return undefined
      read[index] = values
    }
    return read
  },
}

const instanceField: FieldKind<string> = {
  expected: 'an instance id such as i-0123456789abcdef0',
  read: (value) => (typeof value === 'string' && /^i-[0-9a-f]{8,17}$/.test(value) ? value : undefined),
}

const KINDS: FieldKinds<NitroExpectations> = {
  measurement: PCR,
  signer: PCR,
  pcrs: pcrsField,
  reportData: hexField(0, 1024),
  nonce: hexField(16, 1024),
  reportDataIsFresh: booleanField,
  publicKey: hexField(1, 1024),
  maxAgeSeconds: integerField(1, 86_400),
  instanceIds: listOf(instanceField),
  allowDebug: booleanField,
  allowEmulated: booleanField,
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readNitroExpectations(input: unknown): NitroExpectations {
  return readExpectations<NitroExpectations>(input ?? {}, KINDS)
}
