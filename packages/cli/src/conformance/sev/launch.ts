import { createECDH, createHmac } from 'node:crypto'
import {
  encodeSevSession,
  launchMeasureInput,
  openSevSecret,
  openSevSession,
  parseSevCertificate,
  parseSevSecretHeader,
  parseSevSession,
  type SevVerifyOptions,
  verifySevSync,
} from '@sekisho/evidence/sev'
import type { Comparison, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { compareTree, ELSEWHERE, same } from '../compare.ts'
import { bytesMember, expected, isRecord, listOf, member, textMember } from '../json.ts'
import { holds } from '../ruling.ts'
import type { CaseRun } from '../run.ts'
import { hex } from '../values.ts'

/** The time that cases of SEV are judged at: its certificates have none. */
export const AT: Date = new Date('2025-01-01T00:00:00Z')

function vectorsOf(content: JsonValue): readonly JsonValue[] {
  return listOf(expected(content, 'vectors'))
}

/** Known answers: every value of every vector. The rule is prose. */
function knownAnswers(content: JsonValue, actual: readonly JsonValue[], changed: readonly Comparison[]): CaseRun {
  const vectors = vectorsOf(content)
  return {
    ruling: 'known-answers',
    found: { vectors: ELSEWHERE, rule: ELSEWHERE },
    first: [...vectors.flatMap((vector, i) => compareTree(`vectors[${i}]`, vector, actual[i])), ...changed],
    unimplemented: strangersIn(vectors),
  }
}

/** What known answers are made from, and what is made: values that are taken over would equal themselves. */
const MEMBERS: readonly string[] = [
  ...['id', 'source', 'tik', 'tek', 'apiMajor', 'apiMinor', 'buildId', 'policy', 'launchDigest', 'mnonce'],
  ...['measure', 'launchMeasureBlob', 'launchMeasureBase64', 'flags', 'iv', 'plaintext', 'ciphertext', 'mac'],
  ...['header', 'headerBase64', 'z', 'nonce', 'wrapIv', 'masterSecret', 'kek', 'kik', 'wrapTk', 'wrapMac'],
  ...['policyMac', 'sessionBlob', 'guestOwnerPrivateScalar', 'platformPdh', 'guestOwnerCertificate'],
]

function strangersIn(vectors: readonly JsonValue[]): readonly string[] {
  return vectors.flatMap((vector, i) =>
    Object.keys(isRecord(vector) ? vector : {}).flatMap((name) =>
      MEMBERS.includes(name) ? [] : [`expect.vectors[${i}].${name}`],
    ),
  )
}

function launchOf(vector: JsonValue): NonNullable<SevVerifyOptions['launch']> {
  const number = (name: string): number => Number(member(vector, name))
  return {
    tik: textMember(vector, 'tik') ?? '',
    apiMajor: number('apiMajor'),
    apiMinor: number('apiMinor'),
    buildId: number('buildId'),
    policy: number('policy'),
  }
}

function measureHolds(vector: JsonValue, blob: Uint8Array): boolean {
  const verdict = verifySevSync(blob, {
    at: AT,
    launch: launchOf(vector),
    expect: { measurement: [textMember(vector, 'launchDigest') ?? ''] },
  })
  return holds(verdict, 'sev.launch.mac') === true
}

/** Runs known answers of LAUNCH_MEASURE, and the changes that must not be accepted. */
export async function readMeasures(_files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const changed = await changes(content, (changed, base) =>
    measureHolds(
      changed,
      new Uint8Array(Buffer.concat([bytesMember(base, 'measure'), bytesMember(changed, 'mnonce')])),
    ),
  )
  return knownAnswers(content, vectorsOf(content).map(measured), changed)
}

/** Known answers with members changed, and whether what was made with the unchanged ones still holds. */
async function changes(
  content: JsonValue,
  holdsStill: (changed: JsonValue, base: JsonValue) => boolean | Promise<boolean>,
): Promise<readonly Comparison[]> {
  const comparisons: Comparison[] = []
  for (const [i, one] of listOf(member(content, 'negative')).entries()) {
    const base = vectorsOf(content).find((vector) => textMember(vector, 'id') === textMember(one, 'of'))
    const change = member(one, 'change')
    if (!isRecord(base) || !isRecord(change)) throw new Error(`negative[${i}] changes no vector of this case`)
    const actual = (await holdsStill({ ...base, ...change }, base)) ? 'valid' : 'invalid'
    comparisons.push(same(`negative[${i}].verdict`, textMember(one, 'verdict') ?? '', actual))
  }
  return comparisons
}

function measured(vector: JsonValue): JsonValue {
  const data = launchMeasureInput(launchOf(vector), bytesMember(vector, 'launchDigest'), bytesMember(vector, 'mnonce'))
  const measure = new Uint8Array(createHmac('sha256', bytesMember(vector, 'tik')).update(data).digest())
  const blob = Buffer.concat([measure, bytesMember(vector, 'mnonce')])
  // Values that the evidence package itself accepts: the check stands behind every one that is shown.
  const accepted = measureHolds(vector, new Uint8Array(blob))
  const shown = {
    ...(isRecord(vector) ? vector : {}),
    measure: hex(measure),
    launchMeasureBlob: blob.toString('hex'),
    launchMeasureBase64: blob.toString('base64'),
  }
  return accepted ? shown : {}
}

/** Runs known answers of launch sessions. */
export async function readSessions(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const actual: JsonValue[] = []
  for (const vector of vectorsOf(content)) actual.push(await sessionValues(files, vector))
  const changed = await changes(content, async (one) => {
    const values = await sessionValues(files, one)
    return member(values, 'wrapMac') !== null && member(values, 'policyMac') !== null
  })
  return knownAnswers(content, actual, changed)
}

async function sessionValues(files: CaseFiles, vector: JsonValue): Promise<JsonValue> {
  const session = parseSevSession(bytesMember(vector, 'sessionBlob'))
  const z =
    textMember(vector, 'guestOwnerPrivateScalar') === undefined ? bytesMember(vector, 'z') : await agreed(files, vector)
  const policy = Number(member(vector, 'policy'))
  const opened = await openSevSession(session, z, policy)
  return {
    ...(isRecord(vector) ? vector : {}),
    z: hex(z),
    nonce: hex(session.nonce),
    wrapIv: hex(session.wrapIv),
    tek: hex(opened.tek),
    tik: hex(opened.tik),
    masterSecret: hex(opened.masterSecret),
    kek: hex(opened.kek),
    kik: hex(opened.kik),
    wrapTk: hex(session.wrappedKeys),
    wrapMac: opened.wrapMacHolds ? hex(session.wrapMac) : null,
    policyMac: opened.policyMacHolds ? hex(session.policyMac) : null,
    sessionBlob: hex(encodeSevSession(session)),
  }
}

/** The key agreement is the guest owner's: made here, with the certificates read by the evidence package. */
async function agreed(files: CaseFiles, vector: JsonValue): Promise<Uint8Array> {
  const pdh = parseSevCertificate(await files.parent.needOf(vector, 'platformPdh', 'vector'))
  const owner = parseSevCertificate(await files.needOf(vector, 'guestOwnerCertificate', 'vector'))
  const ecdh = createECDH('secp384r1')
  ecdh.setPrivateKey(bytesMember(vector, 'guestOwnerPrivateScalar'))
  if (hex(ecdh.getPublicKey().subarray(1)) !== hex(owner.key.bytes))
    throw new Error("the owner's certificate has another key than its scalar")
  return new Uint8Array(ecdh.computeSecret(Buffer.concat([Buffer.of(4), pdh.key.bytes])))
}

/** Runs known answers of secret packets. */
export async function readSecrets(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const file = await files.read('secret-table.bin')
  const table = file && hex(file)
  const actual: JsonValue[] = []
  for (const vector of vectorsOf(content)) actual.push(await secretValues(vector, table))
  const changed = await changes(content, async (one) => member(await secretValues(one, table), 'mac') !== null)
  return knownAnswers(content, actual, changed)
}

async function secretValues(vector: JsonValue, table: string | undefined): Promise<JsonValue> {
  const bytes = bytesMember(vector, 'header')
  const header = parseSevSecretHeader(bytes)
  const secret = { ...header, ciphertext: bytesMember(vector, 'ciphertext') }
  const { data, macHolds } = await openSevSecret(
    secret,
    { tek: bytesMember(vector, 'tek'), tik: bytesMember(vector, 'tik') },
    bytesMember(vector, 'measure'),
  )
  const plaintext =
    table !== undefined && textMember(vector, 'id') === 'guest-secret-table' && hex(data) !== table
      ? 'not the table of the case'
      : hex(data)
  return {
    ...(isRecord(vector) ? vector : {}),
    flags: header.flags,
    iv: hex(header.iv),
    plaintext,
    mac: macHolds ? hex(header.mac) : null,
    headerBase64: Buffer.from(bytes).toString('base64'),
  }
}
