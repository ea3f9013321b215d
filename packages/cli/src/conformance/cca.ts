import { EvidenceError } from '@sekisho/evidence'
import {
  type ArmEndorsementsInput,
  type CcaToken,
  lifecycleState,
  parseCcaToken,
  readCorim,
  readPlatformClaims,
  readRealmClaims,
  type SoftwareComponent,
  verifyCcaSync,
} from '@sekisho/evidence/cca'
import type { CaseResult, CaseRunner, Comparison, JsonValue } from './case.ts'
import {
  conclude,
  expectedMembers,
  holds,
  type ReasonWords,
  type Ruling,
  ruling,
  strangersTo,
  vocabularyOf,
} from './judged.ts'
import { CaseFiles, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

/** Runs cases of Arm CCA: tokens, and unsigned claims sets. */
export const ccaCases: CaseRunner = {
  tees: ['arm-cca'],
  run: async (folder, name, content) => {
    const files = new CaseFiles(folder)
    if ((await files.read('index.json')) !== undefined) return runClaimsSets(files, name, content)
    return runToken(files, name, content)
  },
}

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
  const text = async (name: string): Promise<string | undefined> => {
    const bytes = await files.read(name)
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }
  const keys = (await text(keyFile)) ?? (await text('ta-store.json'))
  const referenceValues = await text('rv-store.json')
  const corims: Uint8Array[] = []
  for (const name of await files.list('.')) if (/^corim\b.*\.cbor$/.test(name)) corims.push(await files.need(name))
  return {
    ...(keys === undefined ? {} : { keys }),
    ...(referenceValues === undefined ? {} : { referenceValues }),
    ...(corims.length === 0 ? {} : { corims: corims.map(readCorim) }),
  }
}

interface Run {
  readonly content: JsonValue
  readonly ruled: Ruling
  readonly token: CcaToken | undefined
}

async function runToken(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const evidence = (await files.read('token.cbor')) ?? (await files.need('evidence.cbor'))
  const at = new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
  const endorsements = await endorsementsOf(files, 'platform-key.jwk.json')
  const ruled = await ruling(() => verifyCcaSync(evidence, { at, endorsements }), armWords('cca'))
  const run: Run = { content, ruled, token: parsed(() => parseCcaToken(evidence)) }
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const [member, expected] of expectedMembers(content)) {
    if (member === 'fields') comparisons.push(...compareTree(member, expected, fieldValues(run)))
    else unimplemented.push(`expect.${member}`)
  }
  return conclude(name, content, ruled, comparisons, unimplemented)
}

/** What was read, or undefined when it cannot be. */
export function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse()
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** Name of a COSE algorithm. */
export function algorithmName(algorithm: number | undefined): string | null {
  return algorithm === -7 ? 'ES256' : algorithm === -35 ? 'ES384' : algorithm === -36 ? 'ES512' : null
}

function fieldValues({ token, ruled }: Run): JsonValue | undefined {
  if (token === undefined) return undefined
  const { platform, realm, keyAttestation } = token
  const half = realm.claims.key.bytes.length / 2
  const coordinate = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  return {
    outerTag: token.tag,
    // Records with another content format are refused.
    cmwContentFormat: token.tag === 907 ? 263 : null,
    bindingOk: holds(ruled.found, 'cca.realm.binding') ?? null,
    platform: {
      profile: platform.claims.profile,
      coseAlg: algorithmName(platform.cose.algorithm),
      challengeHex: hex(platform.claims.challenge),
      implementationIdHex: hex(platform.claims.implementationId),
      instanceIdHex: hex(platform.claims.instanceId),
      configHex: hex(platform.claims.configuration),
      lifecycle: platform.claims.lifecycle,
      lifecycleState: lifecycleState(platform.claims.lifecycle),
      hashAlgId: platform.claims.hashAlgorithm,
      verificationService: platform.claims.verificationService ?? null,
      swComponents: componentValues(platform.claims.components),
    },
    realm: {
      profile: realm.claims.profile ?? null,
      coseAlg: algorithmName(realm.cose.algorithm),
      challengeHex: hex(realm.claims.challenge),
      personalizationValueHex: hex(realm.claims.personalizationValue),
      initialMeasurementHex: hex(realm.claims.initialMeasurement),
      extensibleMeasurementsHex: realm.claims.extensibleMeasurements.map(hex),
      hashAlgId: realm.claims.hashAlgorithm,
      publicKeyHashAlgId: realm.claims.publicKeyHashAlgorithm,
      publicKeyFormat: realm.claims.keyFormat,
      rak: {
        kty: 'EC',
        crv: realm.claims.key.kind,
        x: coordinate(realm.claims.key.bytes.subarray(0, half)),
        y: coordinate(realm.claims.key.bytes.subarray(half)),
      },
      measurementLengthFitsHashAlg: ruled.found?.notes.every((note) => note.id !== 'cca.measurement-length') ?? null,
    },
    ...(keyAttestation === undefined
      ? {}
      : keyAttestationValues(keyAttestation, holds(ruled.found, 'cca.key-attestation') === true)),
  }
}

function keyAttestationValues(
  { raw, nonce, key }: NonNullable<CcaToken['keyAttestation']>,
  bound: boolean,
): { readonly [key: string]: JsonValue } {
  const half = key.bytes.length / 2
  return {
    katRawHex: hex(raw),
    katNonceHex: hex(nonce),
    katKey: { crv: key.kind, xHex: hex(key.bytes.subarray(0, half)), yHex: hex(key.bytes.subarray(half)) },
    realmChallengeIs: bound ? 'SHA-512 over the key attestation token bytes, tag 601 included' : null,
  }
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

/** Unsigned claims sets: whether each is read or refused, and for which reason. */
async function runClaimsSets(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const index: JsonValue = JSON.parse(new TextDecoder().decode(await files.need('index.json')))
  const rows: readonly JsonValue[] = Array.isArray(index) ? index : []
  const comparisons: Comparison[] = []
  const unimplemented: string[] = [...strangersTo(content, [])]
  for (const row of rows) {
    const file = textMember(row, 'file') ?? ''
    const kind = textMember(row, 'kind') ?? ''
    const read = CLAIMS[kind]
    if (read === undefined) {
      unimplemented.push(`index.json: ${file}: kind`)
      continue
    }
    const bytes = await files.need(file)
    const found = claimsVerdict(() => read(bytes))
    comparisons.push(...compareTree(file, row, { file, kind, ...found, reason: reasonFor(row, found) }))
  }
  const ruled: Ruling = { verdict: 'valid', reasons: [] }
  const listed = textMember(asRecord(content).expect, 'verdict')
  // Any other word only says where the verdicts stand.
  const isVerdict = listed === 'valid' || listed === 'invalid'
  const isRefused = rows.some((row) => textMember(row, 'verdict') === 'invalid')
  if (isVerdict) comparisons.push(...compareTree('verdict', listed, isRefused ? 'invalid' : 'valid'))
  const empty = { ...asRecord(content), expect: {} }
  const { expectedVerdict, ...result } = conclude(name, empty, ruled, comparisons, unimplemented)
  return {
    ...result,
    expectedVerdict: listed ?? expectedVerdict,
    actualVerdict: `${rows.length} claims sets compared`,
  }
}

function asRecord(value: JsonValue): { readonly [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as { readonly [key: string]: JsonValue })
    : {}
}

const CLAIMS: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  platform: (bytes) => readPlatformClaims(bytes),
  realm: (bytes) => readRealmClaims(bytes),
}

const REASONS: ReadonlySet<string> = vocabularyOf(ARM_WORDS)

interface ClaimsVerdict {
  readonly verdict: 'valid' | 'invalid'
  readonly reason: string | null
}

// As for whole tokens: a word that stands for no refusal here cannot be compared.
function reasonFor(row: JsonValue, { verdict, reason }: ClaimsVerdict): string | null {
  const named = textMember(row, 'reason')
  return named !== undefined && verdict === 'invalid' && !REASONS.has(named) ? named : reason
}

function claimsVerdict(read: () => unknown): ClaimsVerdict {
  try {
    read()
    return { verdict: 'valid', reason: null }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const reason =
      error.expected === 'the mandatory claim'
        ? 'missing-mandatory-claim'
        : error.expected === 'one value'
          ? 'multiple-nonces'
          : error.code
    return { verdict: 'invalid', reason }
  }
}
