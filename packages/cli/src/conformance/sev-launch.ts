import { createECDH, createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
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
import type { CaseResult, Comparison, JsonValue } from './case.ts'
import { conclude, holds, strangersTo } from './judged.ts'
import { type CaseFiles, isRecord, member, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

const AT = new Date('2025-01-01T00:00:00Z')

/** Bytes of a member in hex; none when it is absent. */
export function bytesOf(from: JsonValue | undefined, name: string): Uint8Array {
  return new Uint8Array(Buffer.from(textMember(from, name) ?? '', 'hex'))
}

/** Lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

function vectorsOf(content: JsonValue): readonly JsonValue[] {
  const list = member(member(content, 'expect'), 'vectors')
  return Array.isArray(list) ? list : []
}

/** Known answers have no verdict of their own: theirs is that every value comes out. The rule is prose. */
function knownAnswers(
  name: string,
  content: JsonValue,
  actual: readonly JsonValue[],
  extra: readonly Comparison[] = [],
): CaseResult {
  const comparisons = [
    ...vectorsOf(content).flatMap((vector, i) => compareTree(`vectors[${i}]`, vector, actual[i])),
    ...extra,
  ]
  const others = [...strangersTo(content, ['vectors', 'rule']), ...strangersIn(vectorsOf(content))]
  const verdict = comparisons.every((one) => one.equal) ? 'valid' : 'invalid'
  return conclude(name, content, { verdict, reasons: [] }, comparisons, others)
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
export async function runMeasures(name: string, content: JsonValue): Promise<CaseResult> {
  const extra = await changes(content, (changed, base) =>
    measureHolds(changed, new Uint8Array(Buffer.concat([bytesOf(base, 'measure'), bytesOf(changed, 'mnonce')]))),
  )
  return knownAnswers(name, content, vectorsOf(content).map(measured), extra)
}

/** Known answers with members changed, and whether what was made with the unchanged ones still holds. */
async function changes(
  content: JsonValue,
  holdsStill: (changed: JsonValue, base: JsonValue) => boolean | Promise<boolean>,
): Promise<readonly Comparison[]> {
  const negatives = member(content, 'negative')
  const comparisons: Comparison[] = []
  for (const [i, one] of (Array.isArray(negatives) ? (negatives as readonly JsonValue[]) : []).entries()) {
    const base = vectorsOf(content).find((vector) => textMember(vector, 'id') === textMember(one, 'of'))
    const change = member(one, 'change')
    if (!isRecord(base) || !isRecord(change)) throw new Error(`negative[${i}] changes no vector of this case`)
    const actual = (await holdsStill({ ...base, ...change }, base)) ? 'valid' : 'invalid'
    const expected = textMember(one, 'verdict') ?? ''
    comparisons.push({ path: `negative[${i}].verdict`, expected, actual, equal: expected === actual })
  }
  return comparisons
}

function measured(vector: JsonValue): JsonValue {
  const data = launchMeasureInput(launchOf(vector), bytesOf(vector, 'launchDigest'), bytesOf(vector, 'mnonce'))
  const measure = new Uint8Array(createHmac('sha256', bytesOf(vector, 'tik')).update(data).digest())
  const blob = Buffer.concat([measure, bytesOf(vector, 'mnonce')])
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
export async function runSessions(
  files: CaseFiles,
  folder: string,
  name: string,
  content: JsonValue,
): Promise<CaseResult> {
  const actual: JsonValue[] = []
  for (const vector of vectorsOf(content)) actual.push(await sessionValues(files, folder, vector))
  const extra = await changes(content, async (changed) => {
    const values = await sessionValues(files, folder, changed)
    return member(values, 'wrapMac') !== null && member(values, 'policyMac') !== null
  })
  return knownAnswers(name, content, actual, extra)
}

async function sessionValues(files: CaseFiles, folder: string, vector: JsonValue): Promise<JsonValue> {
  const session = parseSevSession(bytesOf(vector, 'sessionBlob'))
  const z =
    textMember(vector, 'guestOwnerPrivateScalar') === undefined
      ? bytesOf(vector, 'z')
      : await agreed(files, folder, vector)
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
async function agreed(files: CaseFiles, folder: string, vector: JsonValue): Promise<Uint8Array> {
  const pdh = parseSevCertificate(
    new Uint8Array(await readFile(join(folder, '..', textMember(vector, 'platformPdh') ?? ''))),
  )
  const owner = parseSevCertificate(await files.need(textMember(vector, 'guestOwnerCertificate') ?? ''))
  const ecdh = createECDH('secp384r1')
  ecdh.setPrivateKey(bytesOf(vector, 'guestOwnerPrivateScalar'))
  if (hex(ecdh.getPublicKey().subarray(1)) !== hex(owner.key.bytes))
    throw new Error("the owner's certificate has another key than its scalar")
  return new Uint8Array(ecdh.computeSecret(Buffer.concat([Buffer.of(4), pdh.key.bytes])))
}

/** Runs known answers of secret packets. */
export async function runSecrets(files: CaseFiles, name: string, content: JsonValue): Promise<CaseResult> {
  const file = await files.read('secret-table.bin')
  const table = file && hex(file)
  const actual: JsonValue[] = []
  for (const vector of vectorsOf(content)) actual.push(await secretValues(vector, table))
  const extra = await changes(content, async (changed) => member(await secretValues(changed, table), 'mac') !== null)
  return knownAnswers(name, content, actual, extra)
}

async function secretValues(vector: JsonValue, table: string | undefined): Promise<JsonValue> {
  const bytes = bytesOf(vector, 'header')
  const header = parseSevSecretHeader(bytes)
  const secret = { ...header, ciphertext: bytesOf(vector, 'ciphertext') }
  const { data, macHolds } = await openSevSecret(
    secret,
    { tek: bytesOf(vector, 'tek'), tik: bytesOf(vector, 'tik') },
    bytesOf(vector, 'measure'),
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
