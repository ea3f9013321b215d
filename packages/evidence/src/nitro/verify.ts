import { sign1Input } from '../cbor/sign1.ts'
import { trustedAnchors } from '../core/anchors.ts'
import { assembleVerdict, digestHex } from '../core/assemble.ts'
import { allZero, toHex } from '../core/bytes.ts'
import { type Judgement, judge, stepIds } from '../core/engine.ts'
import { copyOfEvidence } from '../core/input.ts'
import type { VerifyOptions } from '../core/options.ts'
import { evaluationTime, isoTime } from '../core/time.ts'
import type { CollateralPart, TrustAnchor, Verdict } from '../core/verdict.ts'
import { type DigestJob, inSignatureRange, type Job, P384_ORDER, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import type { Certificate } from '../x509/certificate.ts'
import { AWS_NITRO_ROOT_CERTIFICATES, AWS_NITRO_ROOTS } from './anchors.ts'
import { APPRAISAL_STEPS } from './appraisal-steps.ts'
import { chainJobs, chainOf, type NitroChain, readChain, recallChain } from './certificates.ts'
import { CHAIN_STEPS } from './chain-steps.ts'
import { hexOrNull, isDebug, type NitroClaims, nitroAssumptions, nitroClaims, nitroNotes } from './claims.ts'
import { type NitroDocument, parseNitroDocument, ZERO_PCR } from './document.ts'
import { DOCUMENT_STEPS } from './document-steps.ts'
import { type NitroExpectations, readNitroExpectations } from './expectations.ts'
import type { NitroState } from './state.ts'

/** What a verification takes beside the evidence; certificates come with it. */
export interface NitroVerifyOptions extends VerifyOptions {
  readonly expect?: NitroExpectations
}

/** AWS's order of verification: the chain, the document's signature, then what the relying party wants. */
const STEPS = [CHAIN_STEPS, DOCUMENT_STEPS, APPRAISAL_STEPS] as const

/** Ids of all checks of a verdict about a document, in order; with `waivable` those that may be waived. */
export function nitroCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<NitroState>(STEPS, which)
}

/**
 * Verifies an attestation document of a Nitro enclave or NitroTPM at `options.at`. The time is the
 * caller's: its certificates live for hours, and a document never chooses when it is judged.
 *
 * @returns a verdict; forged documents and unreadable certificates give one too
 * @throws EvidenceError when the document cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifyNitro(evidence: Uint8Array, options: NitroVerifyOptions): Promise<Verdict<NitroClaims>> {
  return tell(nitroStory(evidence, options))
}

/** As {@link verifyNitro}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyNitroSync(evidence: Uint8Array, options: NitroVerifyOptions): Verdict<NitroClaims> {
  return tellNow(nitroStory(evidence, options))
}

/** {@link verifyNitro}, told in turns. */
export function* nitroStory(evidence: Uint8Array, options: NitroVerifyOptions): Story<Verdict<NitroClaims>> {
  const plan = planDocument(openDoor(evidence, options))
  yield plan.jobs
  return conclude(plan)
}

interface Door {
  readonly options: NitroVerifyOptions
  readonly at: number
  readonly expect: NitroExpectations
  readonly document: NitroDocument
  readonly evidence: DigestJob
}

function openDoor(evidence: Uint8Array, options: NitroVerifyOptions): Door {
  const at = evaluationTime(options.at)
  const expect = readNitroExpectations(options.expect)
  const data = copyOfEvidence(evidence)
  const document = parseNitroDocument(data)
  const digest = sha256(data)
  return { options, at, expect, document, evidence: digest }
}

interface Plan {
  readonly door: Door
  readonly chain: NitroChain
  /** Whether a memory had the chain. */
  readonly known: boolean
  readonly signature: SignatureJob | undefined
  readonly jobs: readonly Job[]
}

function planDocument(door: Door): Plan {
  const { document, options } = door
  const known = options.memory && recallChain(options.memory, document)
  const chain = readChain(document, known)
  const signature = planSignature(document, chain.links.at(-1)?.certificate)
  const jobs: Job[] = [...chainJobs(chain), door.evidence]
  const root = chain.links[0]?.certificate
  if (root !== undefined) jobs.push(root.spkiDigest)
  if (signature !== undefined) jobs.push(signature)
  return { door, chain, known: known !== undefined, signature, jobs }
}

/** The check of the document's own signature; undefined when its form or the leaf's key does not allow it. */
function planSignature({ cose }: NitroDocument, leaf: Certificate | undefined): SignatureJob | undefined {
  const key = leaf?.key
  if (key?.kind !== 'P-384' || !inSignatureRange(cose.signature, P384_ORDER)) return undefined
  const data = sign1Input(cose.protected, cose.payload)
  return { kind: 'signature', scheme: 'ecdsa-p384-sha384', key, data, signature: cose.signature }
}

function conclude(plan: Plan): Verdict<NitroClaims> {
  const { door, chain } = plan
  const state = stateOf(plan)
  const judgement = judge<NitroState>(STEPS, state, door.options.waive)
  remember(plan, judgement)
  return assembleVerdict(judgement, {
    format: door.document.device === 'nsm' ? 'Nitro attestation document' : 'NitroTPM attestation document',
    at: door.at,
    evidence: door.evidence,
    anchor: state.anchor,
    collateral: collateralParts(chain),
    claims: nitroClaims(state),
    assumed: nitroAssumptions(state),
    notes: nitroNotes(state),
  })
}

function stateOf({ door, chain, signature }: Plan): NitroState {
  const { document } = door
  const root = chain.links[0]?.certificate
  return {
    at: door.at,
    document,
    chain,
    rootIsPublished: root !== undefined && AWS_NITRO_ROOT_CERTIFICATES.includes(digestHex(root.digest)),
    anchor: anchorOf(chain, door.options.trustAnchors),
    signature,
    pcrs: new Map(document.pcrs.map(({ index, value }) => [index, allZero(value) ? ZERO_PCR : toHex(value)])),
    userData: hexOrNull(document.userData),
    nonce: hexOrNull(document.nonce),
    publicKey: hexOrNull(document.publicKey),
    debug: isDebug(document),
    expect: door.expect,
  }
}

function anchorOf({ links }: NitroChain, given: readonly TrustAnchor[] | undefined): TrustAnchor | undefined {
  const anchors = trustedAnchors(given, AWS_NITRO_ROOTS)
  const root = links[0]?.certificate
  const spki = root === undefined ? undefined : digestHex(root.spkiDigest)
  return anchors.find((anchor) => anchor.spkiSha256 === spki)
}

// Refuted chains are not kept: whoever sends forgeries must not push the good ones out.
function remember({ door: { options, document }, chain, known }: Plan, { authenticity }: Judgement): void {
  if (options.memory === undefined || known || authenticity === 'refuted') return
  const certificates: Certificate[] = []
  for (const { certificate } of chain.links) if (certificate !== undefined) certificates.push(certificate)
  if (certificates.length !== chain.links.length) return
  const [name, ders] = chainOf(document)
  const size = ders.reduce((sum, der) => sum + der.length, 0)
  options.memory.set(name, { certificates, jobs: [] }, size)
}

function collateralParts({ links }: NitroChain): readonly CollateralPart[] {
  const found: CollateralPart[] = []
  for (const [i, { certificate }] of links.entries())
    if (certificate !== undefined)
      found.push(described(certificate, i === links.length - 1 ? 'leaf' : `cabundle[${i}]`))
  return found
}

// Dates and digests never change: they are written out once for as long as the certificate lives.
const DESCRIBED: WeakMap<Certificate, CollateralPart> = new WeakMap()

function described(certificate: Certificate, name: string): CollateralPart {
  const known = DESCRIBED.get(certificate)
  if (known?.name === name) return known
  const made = {
    name,
    sha256: digestHex(certificate.digest),
    from: isoTime(certificate.notBefore),
    until: isoTime(certificate.notAfter),
  }
  DESCRIBED.set(certificate, made)
  return made
}
