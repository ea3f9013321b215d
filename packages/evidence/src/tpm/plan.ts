import { digestHex } from '../core/assemble.ts'
import { concatBytes, equalBytes, fromHex, toHex } from '../core/bytes.ts'
import { refuse } from '../core/errors.ts'
import type { TrustAnchor } from '../core/verdict.ts'
import { type DigestAlgorithm, type DigestJob, type Job, type PublicKey, sha256 } from '../crypto/jobs.ts'
import { spkiOf } from '../crypto/spki.ts'
import { computable } from '../tpm-structures/algorithms.ts'
import type { Attest } from '../tpm-structures/attest.ts'
import {
  nameJob,
  nameOf,
  parsePublic,
  publicKeyOf,
  qualifiedNameJob,
  type TpmPublic,
} from '../tpm-structures/public-area.ts'
import type { TpmSignature } from '../tpm-structures/signature.ts'
import { readPublicKey } from '../x509/algorithms.ts'
import { DerReader } from '../x509/der.ts'
import { sameKey } from '../x509/signature.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import type { PcrValues } from './boot/measured-log.ts'
import type { TpmChain } from './certificates.ts'

/** An attestation key before anything was computed. */
export interface PlannedKey {
  readonly key: PublicKey
  readonly area: TpmPublic | undefined
  readonly nameJob: DigestJob | undefined
  readonly spki: DigestJob
}

/**
 * Reads an attestation key: DER begins with the tag of a SEQUENCE, a public area with its type or size.
 * @throws EvidenceError
 */
export function readKey(bytes: Uint8Array): PlannedKey {
  if (bytes[0] !== 0x30) {
    const area = parsePublic(bytes)
    return plannedKey(publicKeyOf(area), area)
  }
  const from = new DerReader(bytes, 'akPublic')
  const { key } = readPublicKey(from, WIDE)
  from.finish('akPublic')
  if (key === undefined)
    throw refuse('akPublic', 'another key', 'RSA, P-256, P-384 or P-521', 0, 'unsupported-algorithm')
  return plannedKey(key, undefined)
}

/** A key, with its public area where that is known. */
export function plannedKey(key: PublicKey, area: TpmPublic | undefined): PlannedKey {
  return {
    key,
    area,
    nameJob: area === undefined ? undefined : nameJob(area),
    spki: spkiDigest(key),
  }
}

// A key's bytes never change: the digest is named once for as long as the key lives.
const SPKIS: WeakMap<PublicKey, DigestJob> = new WeakMap()

function spkiDigest(key: PublicKey): DigestJob {
  const known = SPKIS.get(key)
  if (known !== undefined) return known
  const made = sha256(spkiOf(key))
  SPKIS.set(key, made)
  return made
}

/** The key to verify with: that of the leaf where it is the same, as it may have been imported before. */
export function preferLeaf(
  planned: PlannedKey | undefined,
  chain: TpmChain | undefined,
  role: 'ak' | 'ek',
): PlannedKey | undefined {
  const leaf = role === 'ak' ? chain?.links[0]?.certificate.key : undefined
  if (leaf === undefined) return planned
  if (planned === undefined) return plannedKey(leaf, undefined)
  return sameKey(planned.key, leaf)
    ? { key: leaf, area: planned.area, nameJob: planned.nameJob, spki: planned.spki }
    : planned
}

/** The chain up to the first key that is an anchor, and that anchor. Digests of the keys must be settled. */
export function cutAtAnchor(
  chain: TpmChain,
  anchors: readonly TrustAnchor[],
): { readonly chain: TpmChain; readonly anchor: TrustAnchor | undefined } {
  for (const [i, { certificate }] of chain.links.entries()) {
    const spki = digestHex(certificate.spkiDigest)
    const anchor = i === 0 ? undefined : anchors.find((one) => one.spkiSha256 === spki)
    if (anchor !== undefined)
      return { chain: { links: chain.links.slice(0, i + 1), errors: chain.errors, facts: chain.facts }, anchor }
  }
  return { chain, anchor: undefined }
}

/** TPM_RH_*, which a primary key has as its parent. @see TCG TPM 2.0 Library, part 2, section 7.4 */
const HIERARCHIES: readonly (readonly [string, string])[] = [
  ['owner', '40000001'],
  ['endorsement', '4000000b'],
  ['platform', '4000000c'],
]

/** A guess which hierarchy a key belongs to, with the digest that tells. */
export interface HierarchyGuess {
  readonly hierarchy: string
  readonly job: DigestJob
}

// A name follows from its public area, and the guesses from both.
const GUESSES: WeakMap<TpmPublic, readonly HierarchyGuess[]> = new WeakMap()

/** Guesses of the hierarchy that a key is a primary key of. */
export function hierarchyGuesses(area: TpmPublic | undefined, name: Uint8Array | undefined): readonly HierarchyGuess[] {
  if (area === undefined || name === undefined) return []
  const known = GUESSES.get(area)
  if (known !== undefined) return known
  const guesses: HierarchyGuess[] = []
  for (const [hierarchy, handle] of HIERARCHIES) {
    const job = qualifiedNameJob(area.nameAlg, fromHex(handle) as Uint8Array, name)
    if (job !== undefined) guesses.push({ hierarchy, job })
  }
  GUESSES.set(area, guesses)
  return guesses
}

/** The hierarchy whose settled guess is the signer's qualified name. */
export function hierarchyOf(
  area: TpmPublic | undefined,
  guesses: readonly HierarchyGuess[],
  signer: Uint8Array,
): string | undefined {
  if (area === undefined) return undefined
  return guesses.find(({ job }) => job.result !== undefined && equalBytes(nameOf(area.nameAlg, job.result), signer))
    ?.hierarchy
}

/** Name of a key with a settled digest. */
export function settledName({ area, nameJob: job }: PlannedKey): Uint8Array | undefined {
  return area === undefined || job?.result === undefined ? undefined : nameOf(area.nameAlg, job.result)
}

/**
 * The digest over the quoted PCRs: values in the order of the selections, ascending inside of each. The hash
 * is that of the signature, whatever the banks.
 * @see TCG TPM 2.0 Library, part 3, section 18.4
 */
export function planPcrDigest(
  { quote }: Attest,
  { hash }: TpmSignature,
  pcrs: PcrValues | undefined,
): { readonly job: DigestJob | undefined; readonly missing: readonly string[] } {
  const algorithm = computable(hash)
  if (quote === undefined || pcrs === undefined) return { job: undefined, missing: [] }
  const values: Uint8Array[] = []
  const missing: string[] = []
  for (const { bank, pcrs: indices } of quote.selections) {
    for (const index of indices) {
      const value = pcrs[bank]?.[String(index)]
      const bytes = value === undefined ? undefined : fromHex(value)
      if (bytes === undefined) missing.push(`${bank}:${index}`)
      else values.push(bytes)
    }
  }
  if (missing.length > 0 || algorithm === undefined) return { job: undefined, missing }
  return { job: { kind: 'digest', algorithm, data: concatBytes(...values) }, missing }
}

const PREFERRED: readonly DigestAlgorithm[] = ['sha256', 'sha384', 'sha512', 'sha1']

/** Banks of a quote that can be computed, the preferred one first. */
export function quotedBanks({ quote }: Attest): readonly DigestAlgorithm[] {
  return PREFERRED.filter((bank) => quote?.selections.some((one) => one.bank === bank && one.pcrs.length > 0))
}

/** Jobs of a list, without the gaps. */
export function present(...jobs: readonly (Job | undefined)[]): readonly Job[] {
  return jobs.filter((job) => job !== undefined)
}

/** Lower-case hex of a byte string that may be absent. */
export function hexOrEmpty(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? '' : toHex(bytes)
}
