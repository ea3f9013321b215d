import { createHash, X509Certificate } from 'node:crypto'
import { EvidenceError, type TrustAnchor } from '@sekisho/evidence'
import { instanceIdOf, type NitroDocument, parseNitroDocument, pcrOf, verifyNitroSync } from '@sekisho/evidence/nitro'
import type { CaseRunner, JsonValue } from './case.ts'
import { compareMembers, type Observer } from './compare-members.ts'
import { conclude, expectedMembers, type ReasonWords, type Ruling, ruling } from './judged.ts'
import { runNitroImage } from './nitro-images.ts'
import { runNitroMessages } from './nitro-messages.ts'
import { CaseFiles, emulatedAnchor, sha256Hex, textMember } from './snp-files.ts'

/** Runs cases of AWS Nitro attestation documents. */
export const nitroCases: CaseRunner = {
  tees: ['aws-nitro', 'aws-nitro-tpm', 'nitro'],
  run: async (folder, name, content) => {
    const version = textMember(content, 'version')
    if (version?.startsWith('eif-') === true) return runNitroImage(folder, name, content)
    if (version?.startsWith('cose_sign1') === false) return runNitroMessages(folder, name, content, version)
    const run = await readRun(folder, content)
    const { comparisons, unimplemented } = await compareMembers(expectedMembers(content), run, OBSERVERS)
    return conclude(name, content, run.ruled, comparisons, unimplemented)
  },
}

const WORDS: ReasonWords = {
  'nitro.document.signature': ['bad-signature'],
  'nitro.document.algorithm': ['bad-signature', 'unsupported-algorithm', 'wrong-algorithm'],
  'nitro.chain.well-formed': ['malformed-certificate'],
  'nitro.chain.names': ['broken-chain', 'bad-certificate-signature'],
  'nitro.chain.constraints': ['broken-chain', 'bad-constraints'],
  'nitro.chain.algorithms': ['unsupported-algorithm'],
  'nitro.root.pinned': ['untrusted-root'],
  'nitro.root.signature': ['untrusted-root', 'bad-certificate-signature'],
  'nitro.intermediates.signature': ['bad-certificate-signature', 'broken-chain'],
  'nitro.leaf.signature': ['bad-certificate-signature', 'broken-chain'],
  'nitro.chain.not-before': ['certificate-not-yet-valid'],
  'nitro.chain.not-after': ['certificate-expired'],
  'trailing-bytes': ['trailing-data'],
  truncated: ['truncated', 'malformed'],
  malformed: ['malformed', 'duplicate-key', 'missing-field'],
  'too-large': ['malformed', 'too-large'],
  'unsupported-kind': ['unsupported-kind', 'malformed', 'unknown-critical-header'],
}

interface Run {
  readonly files: CaseFiles
  readonly content: JsonValue
  readonly evidence: Uint8Array
  readonly ruled: Ruling
  /** Undefined when it cannot be read. */
  readonly document: NitroDocument | undefined
}

async function readRun(folder: string, content: JsonValue): Promise<Run> {
  const files = new CaseFiles(folder)
  const evidence = await files.need('evidence.bin')
  return { files, content, evidence, ruled: await judged(evidence, content), document: documentOf(evidence) }
}

function judged(evidence: Uint8Array, content: JsonValue, trustAnchors?: readonly TrustAnchor[]): Promise<Ruling> {
  const at = new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
  return ruling(() => verifyNitroSync(evidence, { at, ...(trustAnchors === undefined ? {} : { trustAnchors }) }), WORDS)
}

function documentOf(evidence: Uint8Array): NitroDocument | undefined {
  try {
    return parseNitroDocument(evidence)
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

/** What was found, member by member of a case's `expect`. */
const OBSERVERS: Readonly<Record<string, Observer<Run>>> = {
  fields: (run) => (run.document === undefined ? undefined : fieldValues(run, run.document)),
  expectedPcrs: ({ document }) => {
    const named = document?.pcrs.map(({ index, value }) => [`pcr${index}`, hex(value) ?? null] as const)
    return named === undefined ? undefined : Object.fromEntries(named)
  },
  tlsBinding,
  altAnchorSha256: async ({ files }) => sha256Hex(await files.need('anchor.der')),
  validUnderAltAnchor: async ({ files, evidence, content }) =>
    (await judged(evidence, content, [emulatedAnchor(await files.need('anchor.der'))])).verdict === 'valid',
}

function fieldValues({ ruled }: Run, document: NitroDocument): JsonValue {
  const chain = ruled.found?.collateral ?? []
  const instance = instanceIdOf(document.moduleId)
  return {
    moduleId: document.moduleId,
    digest: document.digest,
    timestampMs: document.timestamp,
    pcrs: Object.fromEntries(document.pcrs.map(({ index, value }) => [String(index), hex(value) ?? null])),
    publicKeyHex: hex(document.publicKey) ?? null,
    userDataHex: hex(document.userData) ?? null,
    nonceHex: hex(document.nonce) ?? null,
    debugMode: ruled.found?.claims.debug ?? null,
    coseAlg: document.cose.algorithm === -35 ? 'ES384' : null,
    coseTagged: document.cose.tagged,
    payloadMapIndefiniteLength: document.indefinite,
    chainLength: chain.length,
    rootSha256: chain[0]?.sha256 ?? null,
    leafSha256: chain.at(-1)?.sha256 ?? null,
    leafSubject: subjectOf(document.certificate),
    // The time in which all of them are valid: ISO times of one form sort like the times they name.
    chainValidFrom:
      chain
        .map((one) => one.from ?? '')
        .sort()
        .at(-1) ?? null,
    chainValidTo: chain.map((one) => one.until ?? '').sort()[0] ?? null,
    parentInstanceId: instance ?? null,
    pcr4MatchesInstanceId: instance !== undefined && hex(pcrOf(document, 4)) === extended(instance),
  }
}

/** A zero register extended once with the raw text, as PCR4 is with the instance id. */
function extended(text: string): string {
  return createHash('sha384').update(new Uint8Array(48)).update(text, 'ascii').digest('hex')
}

function hex(bytes: Uint8Array | null | undefined): string | undefined {
  return bytes === null || bytes === undefined ? undefined : Buffer.from(bytes).toString('hex')
}

// Files of cases are known data, and shown only.
function subjectOf(der: Uint8Array): string | null {
  try {
    return new X509Certificate(der).subject.split('\n').reverse().join(',')
  } catch {
    return null
  }
}

async function tlsBinding({ files, evidence, document }: Run): Promise<JsonValue> {
  const server = new X509Certificate(await files.need('server.der'))
  const spki = new Uint8Array(server.publicKey.export({ type: 'spki', format: 'der' }))
  const names = (server.subjectAltName ?? '').split(', ').map((name) => name.replace(/^DNS:/, ''))
  const carried = Buffer.from(evidence).toString('hex')
  return {
    certSpkiSha256: sha256Hex(spki),
    // The binding: what the document vouches for is the key of the certificate.
    certSpkiHex: hex(document?.userData) === hex(spki) ? (hex(spki) ?? null) : null,
    sanDnsNames: names.map((name) =>
      name.replaceAll('.', '').includes(carried) ? name.replace(carried, '<hex of the COSE_Sign1>') : name,
    ),
  }
}
