import {
  booleanField,
  type FieldKind,
  type FieldKinds,
  hexField,
  integerField,
  listOf,
  objectField,
  readExpectations,
  textField,
  wordField,
} from '../core/expectations.ts'
import type { CommonExpectations } from '../core/options.ts'
import type { DigestAlgorithm } from '../crypto/jobs.ts'
import { GOOGLE_PROPERTIES, type InstanceWishes } from './instance.ts'

/** What a relying party may expect of a quote. `measurement` is the digest over all quoted PCRs; `reportData` and `nonce` are the qualifying data in full. */
export interface TpmExpectations
  extends Pick<CommonExpectations, 'measurement' | 'reportData' | 'nonce' | 'reportDataIsFresh' | 'allowEmulated'> {
  /** Bank that `pcrs` and claims from the log go by; when not said SHA-256, or what the quote has beside SHA-1. */
  readonly bank?: Exclude<DigestAlgorithm, 'sha1'> | 'sha1'
  /** Accepted values of PCRs of that bank, by number. */
  readonly pcrs?: Readonly<Record<string, readonly string[]>>
  /** PCRs of that bank that the quote must cover. With `measurement` over PCRs above 7 name all: a digest does not tell over which it is. */
  readonly requiredPcrs?: readonly number[]
  /** Accepted firmware versions of the TPM, 8 bytes. */
  readonly firmwareVersions?: readonly string[]
  /** Accepted counts of resets, of those who track a machine. */
  readonly resetCounts?: readonly number[]
  /** What a virtual TPM of Google's must belong to, by the certificate of its key: each TPM of theirs leads to one root. */
  readonly instance?: InstanceWishes
  /** Refuse a clock that may have gone back. */
  readonly requireSafeClock?: boolean
  /** Accept signatures with SHA-1, and a bank of SHA-1 where the quote has no other. */
  readonly allowSha1?: boolean
  /** What the log must prove of secure boot. */
  readonly secureBoot?: boolean
  /** Windows: virtualization-based security, and code integrity enforced by the hypervisor. */
  readonly vbs?: boolean
  readonly hvci?: boolean
  /** Windows: neither boot nor kernel debugging, nor test signing. */
  readonly noDebugging?: boolean
  /** Windows: an early-launch anti-malware driver. */
  readonly elam?: boolean
}

const PCR: FieldKind<readonly string[]> = listOf(hexField(20, 64))

const pcrsField: FieldKind<Readonly<Record<string, readonly string[]>>> = {
  expected: `an object from PCR number, 0 to 23, to ${PCR.expected}`,
  read: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
    const read: Record<string, readonly string[]> = {}
    for (const [index, accepted] of Object.entries(value)) {
      const values = PCR.read(accepted)
      if (values === undefined || !/^(?:1?\d|2[0-3])$/.test(index)) return undefined
      read[index] = values
    }
    return read
  },
}

const KINDS: FieldKinds<TpmExpectations> = {
  measurement: listOf(hexField(20, 64)),
  reportData: hexField(1, 66),
  nonce: hexField(8, 66),
  reportDataIsFresh: booleanField,
  allowEmulated: booleanField,
  bank: wordField('sha1', 'sha256', 'sha384', 'sha512'),
  pcrs: pcrsField,
  requiredPcrs: listOf(integerField(0, 23)),
  firmwareVersions: listOf(hexField(8)),
  resetCounts: listOf(integerField(0, 0xffffffff)),
  instance: objectField<InstanceWishes>({
    projectIds: listOf(textField(256)),
    zones: listOf(textField(256)),
    instanceIds: listOf(textField(256)),
    properties: listOf(wordField(...GOOGLE_PROPERTIES)),
  }),
  requireSafeClock: booleanField,
  allowSha1: booleanField,
  secureBoot: booleanField,
  vbs: booleanField,
  hvci: booleanField,
  noDebugging: booleanField,
  elam: booleanField,
}

/** Checks a caller's expectations at the edge. @throws TypeError that names the field */
export function readTpmExpectations(input: unknown): TpmExpectations {
  return readExpectations<TpmExpectations>(input ?? {}, KINDS)
}
