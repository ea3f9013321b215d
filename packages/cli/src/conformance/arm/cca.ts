import { EvidenceError } from '@sekisho/evidence'
import {
  type CcaToken,
  lifecycleState,
  parseCcaToken,
  readPlatformClaims,
  readRealmClaims,
  verifyCcaSync,
} from '@sekisho/evidence/cca'
import type { CaseRunner, Comparison, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { compareTree } from '../compare.ts'
import { type JsonRecord, listOf, member, textMember, timeOf } from '../json.ts'
import { holds, type Ruling, ruling, vocabularyOf } from '../ruling.ts'
import { type CaseRun, casesOf } from '../run.ts'
import { hex, readable } from '../values.ts'
import { ARM_WORDS, algorithmName, armWords, componentValues, endorsementsOf, tokenIn } from './tokens.ts'

/** Runs cases of Arm CCA: tokens, and unsigned claims sets. */
export const ccaCases: CaseRunner = casesOf({
  tees: ['arm-cca'],
  read: async (files, content) => {
    const index = await files.readJson('index.json')
    return index === undefined ? readToken(files, content) : readClaimsSets(files, content, index)
  },
})

async function readToken(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const evidence = await tokenIn(files)
  const endorsements = await endorsementsOf(files, 'platform-key.jwk.json')
  const ruled = await ruling(() => verifyCcaSync(evidence, { at: timeOf(content), endorsements }), armWords('cca'))
  const token = readable(() => parseCcaToken(evidence))
  return { ruling: ruled, found: { fields: () => token && fieldValues(token, ruled) } }
}

function fieldValues({ tag, platform, realm, keyAttestation }: CcaToken, ruled: Ruling): JsonValue {
  const half = realm.claims.key.bytes.length / 2
  const coordinate = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
  return {
    outerTag: tag,
    // Records with another content format are refused.
    cmwContentFormat: tag === 907 ? 263 : null,
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
): JsonRecord {
  const half = key.bytes.length / 2
  return {
    katRawHex: hex(raw),
    katNonceHex: hex(nonce),
    katKey: { crv: key.kind, xHex: hex(key.bytes.subarray(0, half)), yHex: hex(key.bytes.subarray(half)) },
    realmChallengeIs: bound ? 'SHA-512 over the key attestation token bytes, tag 601 included' : null,
  }
}

/** Unsigned claims sets: whether each is read or refused, and for which reason. */
async function readClaimsSets(files: CaseFiles, content: JsonValue, index: JsonValue): Promise<CaseRun> {
  const rows = listOf(index)
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const row of rows) {
    const file = textMember(row, 'file') ?? ''
    const kind = textMember(row, 'kind') ?? ''
    const read = CLAIMS.get(kind)
    if (read === undefined) {
      unimplemented.push(`index.json: ${file}: kind`)
      continue
    }
    const bytes = await files.need(file)
    const found = claimsVerdict(() => read(bytes))
    comparisons.push(...compareTree(file, row, { file, kind, ...found, reason: reasonFor(row, found) }))
  }
  const listed = textMember(member(content, 'expect'), 'verdict')
  // Any other word only says where the verdicts stand.
  const isVerdict = listed === 'valid' || listed === 'invalid'
  const isRefused = rows.some((row) => textMember(row, 'verdict') === 'invalid')
  if (isVerdict) comparisons.push(...compareTree('verdict', listed, isRefused ? 'invalid' : 'valid'))
  return {
    ruling: { verdict: 'valid', reasons: [] },
    found: {},
    first: comparisons,
    unimplemented,
    named: { expected: listed, actual: `${rows.length} claims sets compared` },
  }
}

const CLAIMS: ReadonlyMap<string, (bytes: Uint8Array) => unknown> = new Map<string, (bytes: Uint8Array) => unknown>([
  ['platform', readPlatformClaims],
  ['realm', readRealmClaims],
])

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
