import { createHash, createPublicKey, verify as cryptoVerify } from 'node:crypto'
import type { Check, TrustAnchor, Verdict } from '@sekisho/evidence'
import {
  type Attest,
  certifyInfo,
  creationInfo,
  explainBootLog,
  type PcrValues,
  parseAttest,
  parsePublic,
  parseSignature,
  publicKeyOf,
  readPcrs,
  spkiOf,
  type TpmEvidence,
  type TpmExpectations,
  verifyTpmSync,
} from '@sekisho/evidence/tpm'
import type { CaseRunner, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import type { Found } from '../compare.ts'
import { isRecord, listOf, member, textMember } from '../json.ts'
import { checksOf, holds, NOT_JUDGED, type ReasonWords, type Ruling, ruledBy, ruling } from '../ruling.ts'
import { casesOf } from '../run.ts'
import { emulatedAnchor, hex, sha256Hex } from '../values.ts'
import { certificateList } from './certificates.ts'
import { attestValues, certificateValues, lookAtAttest, nameOf, publicValues, signatureValues } from './values.ts'

/** Runs cases of TPM 2.0: quotes with what came with them, and certificates alone. */
export const tpmCases: CaseRunner = casesOf({
  tees: ['tpm2', 'tpm'],
  read: async (files, content) => {
    const run = await runOf(files, content)
    return { ruling: run.ruled, found: foundIn(run) }
  },
})

/** Words of the cases for refusals. */
export const TPM_WORDS: ReasonWords = {
  'tpm.ak.trust': ['no-endorsement', 'ak-trust'],
  'tpm.ak.attributes': ['ak-attributes'],
  'tpm.ak.strength': ['weak-algorithm'],
  'tpm.chain.well-formed': ['malformed-certificate'],
  'tpm.chain.pinned': ['untrusted-root'],
  'tpm.chain.signatures': ['bad-certificate-signature'],
  'tpm.chain.not-before': ['certificate-not-yet-valid'],
  'tpm.chain.not-after': ['certificate-expired'],
  'tpm.chain.usage': ['certificate-usage'],
  'tpm.quote.signature': ['quote-signature'],
  'tpm.quote.magic': ['not-tpm-generated'],
  'tpm.quote.type': ['not-a-quote'],
  'tpm.quote.selection': ['pcr-selection'],
  'tpm.expect.selection': ['pcr-selection'],
  'tpm.pcr.digest': ['pcr-digest'],
  'tpm.expect.report-data': ['nonce-mismatch'],
  'trailing-bytes': ['malformed'],
  'too-large': ['malformed'],
  truncated: ['malformed'],
  'unsupported-algorithm': ['malformed', 'unsupported-algorithm'],
}

/** Checks besides those of authenticity by which a case's policy judges. */
const POLICY: readonly string[] = ['tpm.expect.selection', 'tpm.expect.report-data']

interface QuoteRun {
  /** Bank in the name of the file; undefined for `quote.msg`. */
  readonly bank: string | undefined
  readonly message: Uint8Array
  readonly signature: Uint8Array | undefined
  readonly ruled: Ruling
}

interface TpmRun {
  readonly files: CaseFiles
  readonly akPublic: Uint8Array | undefined
  readonly quotes: readonly QuoteRun[]
  readonly ruled: Ruling
  readonly pcrs: PcrValues | undefined
}

async function runOf(files: CaseFiles, content: JsonValue): Promise<TpmRun> {
  const akPublic =
    (await files.read('ak-public.tpmt')) ?? (await files.read('ak-public.tpm2b')) ?? (await files.read('ak-public.der'))
  const pcrFile = await files.readJson('pcrs.json')
  const pcrs = pcrFile === undefined ? undefined : readPcrs(pcrFile)
  const certificates = await chainOf(files)
  const anchor = textMember(content, 'trustAnchor')
  const root = anchor === undefined ? undefined : emulatedAnchor(await files.need(anchor))
  const eventLog = await files.read('event-log.bin')
  const quotes: QuoteRun[] = []
  for (const bank of [undefined, 'sha1', 'sha256', 'sha384', 'sha512']) {
    const prefix = bank === undefined ? '' : `${bank}-`
    const message = await files.read(`${prefix}quote.msg`)
    const signature = await files.read(`${prefix}quote.sig`)
    if (message === undefined) continue
    const evidence: TpmEvidence = {
      message,
      signature: signature ?? NO_SIGNATURE,
      certificates,
      ...(akPublic === undefined ? {} : { akPublic }),
      ...(pcrs === undefined ? {} : { pcrs }),
      ...(eventLog === undefined ? {} : { eventLog }),
    }
    quotes.push({ bank, message, signature, ruled: await judged(evidence, content, root) })
  }
  const ruled = quotes.find((one) => one.ruled.verdict !== 'valid')?.ruled ?? quotes[0]?.ruled ?? NOT_JUDGED
  return { files, akPublic, quotes, ruled, pcrs }
}

// The key's own certificate first; those above it sort themselves by their names.
async function chainOf(files: CaseFiles): Promise<readonly Uint8Array[]> {
  const leaf = await files.read('certs/ak.der')
  if (leaf === undefined) return []
  const names = (await files.list('certs')).filter((name) => name.endsWith('.der') && name !== 'ak.der')
  const others = await Promise.all(names.map((name) => files.need(`certs/${name}`)))
  return [leaf, ...others].slice(0, MAX_CERTIFICATES)
}

const MAX_CERTIFICATES = 16

// A message alone: an empty signature reads, and verifies under no key.
const NO_SIGNATURE: Uint8Array = Uint8Array.of(0x00, 0x14, 0x00, 0x0b, 0x00, 0x00)

function judged(evidence: TpmEvidence, content: JsonValue, root: TrustAnchor | undefined): Promise<Ruling> {
  const verify = (): Verdict => {
    const options = optionsOf(evidence, content)
    return verifyTpmSync(evidence, root === undefined ? options : { ...options, trustAnchors: [root] })
  }
  return ruling(verify, TPM_WORDS, rulingOf)
}

/** Cases with required PCRs state a policy; the others ask whether the mathematics of old algorithms hold. */
function optionsOf(
  evidence: TpmEvidence,
  content: JsonValue,
): { at: Date; expect: TpmExpectations; trustAnchors?: readonly TrustAnchor[] } {
  const at = new Date(textMember(content, 'evaluateAt') ?? '2025-01-01T00:00:00Z')
  const required = member(content, 'requiredPcrs')
  const nonce = textMember(content, 'expectedNonce')
  const bank = isRecord(required) ? Object.keys(required)[0] : undefined
  const indices = isRecord(required) && bank !== undefined ? required[bank] : undefined
  const expect: TpmExpectations = {
    allowEmulated: true,
    ...(required === undefined ? { allowSha1: true } : {}),
    ...(bank === 'sha1' || bank === 'sha256' || bank === 'sha384' || bank === 'sha512' ? { bank } : {}),
    ...(Array.isArray(indices) ? { requiredPcrs: indices.filter((one) => typeof one === 'number') } : {}),
    ...(nonce === undefined ? {} : { reportData: nonce }),
  }
  // Without a certificate, the case's key itself is the one to trust.
  const own =
    evidence.certificates?.length === 0 && evidence.akPublic !== undefined ? [caseKey(evidence.akPublic)] : undefined
  return own === undefined ? { at, expect } : { at, expect, trustAnchors: own }
}

/** SubjectPublicKeyInfo of an attestation key, which cases have in that form or as the TPM's public area. */
function akSpki(akPublic: Uint8Array): Uint8Array {
  return akPublic[0] === 0x30 ? akPublic : spkiOf(publicKeyOf(parsePublic(akPublic)))
}

function caseKey(akPublic: Uint8Array): TrustAnchor {
  return {
    id: 'case-ak',
    name: 'attestation key of the case',
    vendor: 'test',
    spkiSha256: sha256Hex(akSpki(akPublic)),
    emulated: true,
  }
}

function rulingOf(found: Verdict): Ruling {
  const checks = checksOf(found)
  const decisive = (check: Check): boolean => check.phase === 'authenticity' || POLICY.includes(check.id)
  const failed = checks.find((check) => decisive(check) && check.outcome === 'fail')
  const open = checks.find(
    (check) => check.phase === 'authenticity' && check.outcome === 'unchecked' && check.blockedBy === undefined,
  )
  const by = failed ?? (found.authenticity === 'proven' ? undefined : open)
  const verdict = failed !== undefined ? 'invalid' : found.authenticity === 'proven' ? 'valid' : 'unverifiable'
  return { ...ruledBy(verdict, by, TPM_WORDS), found }
}

/** What was found, by the members of a case's `expect`. */
function foundIn(run: TpmRun): Found {
  const { files, akPublic, quotes, ruled } = run
  const [quote] = quotes
  return {
    quotes: () => quotes.map(quoteValues),
    vectors: async (expected) => (await import('./credential.ts')).credentialVectors(expected),
    attest: () => quote && attestValues(lookAtAttest(quote.message).attest),
    signatureValid: () => quote && signatureHolds(quote, akPublic),
    akPublic: () => akPublic && publicValues(akPublic),
    ekPublic: async () => publicValues(await files.need('ek-public.tpm2b')),
    certifiedPublic: async () => publicValues(await files.need('certified-public.tpmt')),
    akSpkiSha256: () =>
      ruled.found?.claims !== undefined && 'akSpkiSha256' in ruled.found.claims
        ? String(ruled.found.claims.akSpkiSha256)
        : undefined,
    akNameMatchesFile: async () =>
      akPublic !== undefined && nameOf(parsePublic(akPublic)) === hex(await files.need('ak-name.bin')),
    certificate: () => chainValues(run),
    eventLog: (expected) => logValues(run, expected),
    creation: () => creationValues(run),
    certify: () => certifyValues(run),
    certificates: (expected) => certificateList(files, expected),
    cas: (expected) => certificateList(files, expected),
  }
}

function quoteValues({ bank, message, signature, ruled }: QuoteRun): JsonValue {
  const { attest, trailing } = lookAtAttest(message)
  return {
    attest: attestValues(attest),
    trailingBytes: trailing,
    ...(signature === undefined ? {} : { signature: signatureValues(parseSignature(signature)) }),
    signatureValid: holds(ruled.found, 'tpm.quote.signature') ?? null,
    pcrDigestMatches: holds(ruled.found, 'tpm.pcr.digest') ?? null,
    pcrDigestHash: signature === undefined ? null : parseSignature(signature).hash,
    ...(bank === undefined ? {} : { bank }),
  }
}

// A refused statement still has a signature: it is checked over the bytes as they are.
function signatureHolds({ message, signature, ruled }: QuoteRun, akPublic: Uint8Array | undefined): boolean {
  if (ruled.found !== undefined) return holds(ruled.found, 'tpm.quote.signature') === true
  if (signature === undefined || akPublic === undefined) return false
  return signedBy(akPublic, message, signature)
}

/** Whether the attestation key signed a statement, by a quote's own rules for signatures. */
function signedBy(akPublic: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const { scheme, hash, numbers } = parseSignature(signature)
  const key = createPublicKey({ key: Buffer.from(akSpki(akPublic)), format: 'der', type: 'spki' })
  return nodeVerify(hash, message, key, scheme, numbers)
}

const COORDINATES: Readonly<Record<string, number>> = { secp384r1: 48, secp521r1: 66 }

function nodeVerify(
  hash: string,
  message: Uint8Array,
  key: ReturnType<typeof createPublicKey>,
  scheme: string,
  numbers: readonly Uint8Array[],
): boolean {
  const verifier = {
    key,
    ...(scheme === 'ecdsa'
      ? { dsaEncoding: 'ieee-p1363' as const }
      : scheme === 'rsapss'
        ? { padding: 6, saltLength: -2 }
        : {}),
  }
  const size = COORDINATES[key.asymmetricKeyDetails?.namedCurve ?? ''] ?? 32
  const signature =
    scheme === 'ecdsa'
      ? Buffer.concat(numbers.map((one) => Buffer.concat([Buffer.alloc(size - one.length), one])))
      : Buffer.from(numbers[0] ?? new Uint8Array(0))
  return cryptoVerify(hash, message, verifier, signature)
}

async function chainValues({ files, ruled }: TpmRun): Promise<JsonValue> {
  const values: Record<string, JsonValue> = {}
  const all: JsonValue[] = []
  for (const one of ['ak', 'intermediate', 'root']) {
    const der = await files.read(`certs/${one}.der`)
    if (der === undefined) continue
    values[one] = certificateValues(der)
    all.push(values[one])
  }
  const chainHolds = ['tpm.chain.constraints', 'tpm.chain.pinned', 'tpm.chain.signatures', 'tpm.chain.not-after'].every(
    (id) => holds(ruled.found, id) === true,
  )
  const issuer = isRecord(values['intermediate']) ? textMember(values['intermediate'], 'subject') : undefined
  return {
    ...values,
    chain: all,
    chainValid: chainHolds,
    akKeyMatches: holds(ruled.found, 'tpm.ak.trust') ?? null,
    // Listed by common name: the signatures prove that it is the issuer.
    issuedBy:
      chainHolds && issuer !== undefined ? [/CN=((?:\\.|[^,\\])*)/.exec(issuer)?.[1]?.replaceAll('\\', '') ?? ''] : [],
    intermediateIssuedByRoot: chainHolds,
    rootSpkiSha256: isRecord(values['root']) ? (values['root']['spkiSha256'] ?? null) : null,
  }
}

async function logValues({ files, pcrs }: TpmRun, expected: JsonValue): Promise<JsonValue> {
  const { measured, banks } = await explainBootLog(await files.need('event-log.bin'), pcrs)
  const listed = (name: string): JsonValue => member(member(expected, 'pcrsNotInLog'), name) ?? []
  return {
    format: measured.log.format,
    algorithms: banks.map(({ bank }) => bank),
    events: measured.log.events.length,
    replayMismatch: Object.fromEntries(banks.map(({ bank, replay }) => [bank, replay?.differing ?? null])),
    pcrsNotInLog: Object.fromEntries(
      banks.map(({ bank, log }) => [
        bank,
        inOrderOf(listed(bank), notLogged(pcrs?.[bank] ?? {}, [...log.replays.keys()])),
      ]),
    ),
  }
}

// Cases list what the log does not extend and is not a plain zero, in no particular order.
function notLogged(values: Readonly<Record<string, string>>, logged: readonly number[]): readonly number[] {
  return Object.entries(values)
    .filter(([index, value]) => !logged.includes(Number(index)) && /[^0]/.test(value))
    .map(([index]) => Number(index))
}

/** `found` in the order of `order`, what is not in it behind. */
export function inOrderOf(order: JsonValue, found: readonly number[]): readonly number[] {
  const list = listOf(order)
  return [...found].sort((a, b) => (list.indexOf(a) + 1 || Infinity) - (list.indexOf(b) + 1 || Infinity))
}

async function creationValues({ files, akPublic }: TpmRun): Promise<JsonValue> {
  const message = await files.need('create-attest.msg')
  const attest: Attest = parseAttest(message)
  const { name, creationHash } = creationInfo(attest)
  const area = akPublic === undefined ? undefined : parsePublic(akPublic)
  return {
    attestType: attest.type.toString(16),
    objectName: hex(name),
    objectNameMatchesAk: area !== undefined && nameOf(area) === hex(name),
    creationHash: hex(creationHash),
    creationHashMatches:
      area !== undefined &&
      createHash(area.nameAlg)
        .update(await files.need('create-data.bin'))
        .digest('hex') === hex(creationHash),
    signatureValid: akPublic !== undefined && signedBy(akPublic, message, await files.need('create-attest.sig')),
  }
}

async function certifyValues({ files, akPublic }: TpmRun): Promise<JsonValue> {
  const message = await files.need('certify.msg')
  const attest = parseAttest(message)
  const { name, qualifiedName } = certifyInfo(attest)
  return {
    attestType: attest.type.toString(16),
    certifiedName: hex(name),
    certifiedNameMatchesPublic: nameOf(parsePublic(await files.need('certified-public.tpmt'))) === hex(name),
    qualifiedName: hex(qualifiedName),
    extraData: hex(attest.extraData),
    signatureValid: akPublic !== undefined && signedBy(akPublic, message, await files.need('certify.sig')),
  }
}
