import { type ArmEndorsementsInput, readCorim, type SoftwareComponent } from '@sekisho/evidence/cca'
import type { JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import type { ReasonWords } from '../ruling.ts'
import { hex } from '../values.ts'

/** Words for refusals, of CCA and PSA alike. */
export const ARM_WORDS: ReasonWords = {
  'endorsements.well-formed': ['malformed-key', 'malformed-endorsements'],
  'key.present': ['no-trust-anchor', 'unknown-key'],
  'key.valid': ['key-not-on-curve', 'malformed-key'],
  'key.trusted': ['untrusted-key'],
  'platform.signature': ['bad-platform-signature', 'bad-signature'],
  'realm.binding': ['binding-mismatch'],
  'realm.signature': ['bad-realm-signature', 'bad-signature'],
  'key-attestation': ['key-attestation-mismatch', 'binding-mismatch'],
  signature: ['bad-signature'],
  'instance-id': ['instance-id-mismatch', 'binding-mismatch'],
  malformed: [
    'malformed-collection',
    'malformed',
    'malformed-token',
    'missing-mandatory-claim',
    'multiple-nonces',
    'duplicate-key',
  ],
  truncated: ['truncated', 'malformed-collection', 'malformed'],
  'trailing-bytes': ['trailing-data', 'malformed-collection', 'malformed'],
  'too-large': ['malformed', 'too-large'],
  'unsupported-kind': ['unsupported-kind', 'malformed', 'unknown-critical-header'],
}

/** The words with a TEE's name before the ids of its checks. */
export function armWords(tee: 'cca' | 'psa'): ReasonWords {
  return Object.fromEntries(
    Object.entries(ARM_WORDS).flatMap(([id, words]) => [
      [id, words],
      [`${tee}.${id}`, words],
    ]),
  )
}

/** What a case's files endorse. */
export async function endorsementsOf(files: CaseFiles, keyFile: string): Promise<ArmEndorsementsInput> {
  const keys = (await files.readText(keyFile)) ?? (await files.readText('ta-store.json'))
  const referenceValues = await files.readText('rv-store.json')
  const corims: Uint8Array[] = []
  for (const name of await files.list()) if (/^corim\b.*\.cbor$/.test(name)) corims.push(await files.need(name))
  return {
    ...(keys === undefined ? {} : { keys }),
    ...(referenceValues === undefined ? {} : { referenceValues }),
    ...(corims.length === 0 ? {} : { corims: corims.map(readCorim) }),
  }
}

/** Name of a COSE algorithm. */
export function algorithmName(algorithm: number | undefined): string | null {
  return algorithm === -7 ? 'ES256' : algorithm === -35 ? 'ES384' : algorithm === -36 ? 'ES512' : null
}

/** Components as cases list them. */
export function componentValues(components: readonly SoftwareComponent[]): JsonValue {
  return components.map(({ type, version, measurement, signerId, hashAlgorithm }) => ({
    ...(type === undefined ? {} : { measurementType: type }),
    ...(version === undefined ? {} : { version }),
    measurementValueHex: hex(measurement),
    ...(signerId === undefined ? {} : { signerIdHex: hex(signerId) }),
    ...(hashAlgorithm === undefined ? {} : { hashAlgId: hashAlgorithm }),
  }))
}

/** The token of a case, under either name that it has. */
export async function tokenIn(files: CaseFiles): Promise<Uint8Array> {
  return (await files.read('token.cbor')) ?? files.need('evidence.cbor')
}
