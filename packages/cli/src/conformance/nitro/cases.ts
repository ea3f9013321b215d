import { createHash, X509Certificate } from 'node:crypto'
import type { TrustAnchor } from '@sekisho/evidence'
import { instanceIdOf, type NitroDocument, parseNitroDocument, pcrOf, verifyNitroSync } from '@sekisho/evidence/nitro'
import type { CaseRunner, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import type { Found } from '../compare.ts'
import { textMember, timeOf } from '../json.ts'
import { type ReasonWords, type Ruling, ruling } from '../ruling.ts'
import { type CaseRun, casesOf } from '../run.ts'
import { emulatedAnchor, hex, hexOrNull, readable, sha256Hex, subjectOf } from '../values.ts'
import { readNitroImage } from './images.ts'
import { readNitroMessages } from './messages.ts'

/** Runs cases of AWS Nitro: attestation documents, enclave images, and its other messages. */
export const nitroCases: CaseRunner = casesOf({
  tees: ['aws-nitro', 'aws-nitro-tpm', 'nitro'],
  read: (files, content) => {
    const version = textMember(content, 'version') ?? 'cose_sign1'
    if (version.startsWith('eif-')) return readNitroImage(files, content)
    return version.startsWith('cose_sign1') ? readDocument(files, content) : readNitroMessages(files, content, version)
  },
})

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

async function readDocument(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const evidence = await files.need('evidence.bin')
  const ruled = await judged(evidence, content)
  const document = readable(() => parseNitroDocument(evidence))
  const found: Found = {
    fields: () => document && fieldValues(ruled, document),
    expectedPcrs: () =>
      document &&
      Object.fromEntries(document.pcrs.map(({ index, value }) => [`pcr${index}`, hexOrNull(value)] as const)),
    tlsBinding: () => tlsBinding(files, evidence, document),
    altAnchorSha256: async () => sha256Hex(await files.need('anchor.der')),
    validUnderAltAnchor: async () =>
      (await judged(evidence, content, [emulatedAnchor(await files.need('anchor.der'))])).verdict === 'valid',
  }
  return { ruling: ruled, found }
}

function judged(evidence: Uint8Array, content: JsonValue, trustAnchors?: readonly TrustAnchor[]): Promise<Ruling> {
  const at = timeOf(content)
  return ruling(() => verifyNitroSync(evidence, { at, ...(trustAnchors === undefined ? {} : { trustAnchors }) }), WORDS)
}

function fieldValues(ruled: Ruling, document: NitroDocument): JsonValue {
  const chain = ruled.found?.collateral ?? []
  const instance = instanceIdOf(document.moduleId)
  return {
    moduleId: document.moduleId,
    digest: document.digest,
    timestampMs: document.timestamp,
    pcrs: Object.fromEntries(document.pcrs.map(({ index, value }) => [String(index), hexOrNull(value)])),
    publicKeyHex: hexOrNull(document.publicKey),
    userDataHex: hexOrNull(document.userData),
    nonceHex: hexOrNull(document.nonce),
    debugMode: ruled.found?.claims.debug ?? null,
    coseAlg: document.cose.algorithm === -35 ? 'ES384' : null,
    coseTagged: document.cose.tagged,
    payloadMapIndefiniteLength: document.indefinite,
    chainLength: chain.length,
    rootSha256: chain[0]?.sha256 ?? null,
    leafSha256: chain.at(-1)?.sha256 ?? null,
    leafSubject: subjectIn(document.certificate),
    // The time in which all of them are valid: ISO times of one form sort like the times they name.
    chainValidFrom:
      chain
        .map((one) => one.from ?? '')
        .sort()
        .at(-1) ?? null,
    chainValidTo: chain.map((one) => one.until ?? '').sort()[0] ?? null,
    parentInstanceId: instance ?? null,
    pcr4MatchesInstanceId: instance !== undefined && hexOrNull(pcrOf(document, 4)) === extended(instance),
  }
}

/** A zero register extended once with the raw text, as PCR4 is with the instance id. */
function extended(text: string): string {
  return createHash('sha384').update(new Uint8Array(48)).update(text, 'ascii').digest('hex')
}

// Files of cases are known data, and shown only.
function subjectIn(der: Uint8Array): string | null {
  try {
    return subjectOf(new X509Certificate(der))
  } catch {
    return null
  }
}

async function tlsBinding(
  files: CaseFiles,
  evidence: Uint8Array,
  document: NitroDocument | undefined,
): Promise<JsonValue> {
  const server = new X509Certificate(await files.need('server.der'))
  const spki = new Uint8Array(server.publicKey.export({ type: 'spki', format: 'der' }))
  const names = (server.subjectAltName ?? '').split(', ').map((name) => name.replace(/^DNS:/, ''))
  const carried = hex(evidence)
  return {
    certSpkiSha256: sha256Hex(spki),
    // The binding: what the document vouches for is the key of the certificate.
    certSpkiHex: hexOrNull(document?.userData) === hex(spki) ? hex(spki) : null,
    sanDnsNames: names.map((name) =>
      name.replaceAll('.', '').includes(carried) ? name.replace(carried, '<hex of the COSE_Sign1>') : name,
    ),
  }
}
