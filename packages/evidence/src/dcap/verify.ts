import { trustedAnchors } from '../core/anchors.ts'
import { assembleVerdict } from '../core/assemble.ts'
import { toHex } from '../core/bytes.ts'
import { hasPassed, judge, type StepGroup } from '../core/engine.ts'
import type { VerifyOptions } from '../core/options.ts'
import { evaluationTime } from '../core/time.ts'
import type { Assumption, Claims, Note, TrustAnchor, Verdict } from '../core/verdict.ts'
import { type Job, sha256 } from '../crypto/jobs.ts'
import type { KeptChecks } from '../crypto/kept-checks.ts'
import type { Story } from '../crypto/story.ts'
import { INTEL_ROOT } from './anchors.ts'
import type { Chain } from './certificates.ts'
import { DcapCollateral, type DcapCollateralInput } from './collateral.ts'
import { collateralParts } from './collateral-parts.ts'
import type { DcapExpectations } from './expectations.ts'
import { valueOf } from './part.ts'
import { type Platform, platformKey, platformOf, recall, remember } from './platform.ts'
import { signatureOf } from './qe.ts'
import { parseQuote, type TeeKind } from './quote.ts'
import type { DcapState } from './state.ts'
import { type TdxSvns, tcbStateOf } from './tcb.ts'

/** What verify functions for Intel evidence take. */
export interface DcapOptions<E extends DcapExpectations> extends VerifyOptions {
  /** Intel's endorsements; prepare them once with `prepareDcapCollateral` when several verifications share them. */
  readonly collateral?: DcapCollateralInput | DcapCollateral
  readonly expect?: E
}

/** What is particular to one TEE. */
export interface DcapTee<B, E extends DcapExpectations, C extends Claims> {
  readonly kind: TeeKind<B>
  readonly groups: readonly StepGroup<DcapState<B, E>>[]
  /** @throws TypeError that names the field */
  readExpectations(input: E | undefined): E
  svns(body: B): TdxSvns | undefined
  /** `hardware`: the chain ends at a hardware vendor's root. */
  claims(state: DcapState<B, E>, levelFound: boolean, hardware: boolean): C
  assumed(state: DcapState<B, E>): readonly Assumption[]
  notes(state: DcapState<B, E>): readonly Note[]
}

/** What a caller brought beside quote and collateral: its own cryptography and notes. */
export interface Companion<S> {
  readonly jobs: readonly Job[]
  notes(state: S): readonly Note[]
}

/**
 * The story of a verification, up to each point where cryptography has to be settled. Whoever drives
 * it settles the jobs it yields, at once or later.
 *
 * @param kept for the quote of a whole boot, in evidence that shows by itself to be of now: the check of its own
 * signature is taken from there
 * @throws EvidenceError when the evidence is malformed; TypeError when an option is
 */
export function* verifyDcap<B, E extends DcapExpectations, C extends Claims>(
  tee: DcapTee<B, E, C>,
  evidence: Uint8Array,
  options: DcapOptions<E>,
  companion?: Companion<DcapState<B, E>>,
  kept?: KeptChecks,
): Story<Verdict<C>> {
  if (!(evidence instanceof Uint8Array)) throw new TypeError('evidence: expected a Uint8Array')
  const at = evaluationTime(options.at)
  const expect = tee.readExpectations(options.expect)
  // Not slice(): on a Buffer it does not copy.
  const bytes = new Uint8Array(evidence)
  const quote = parseQuote(bytes, tee.kind)
  const given = options.collateral ?? {}
  const collateral = given instanceof DcapCollateral ? given : new DcapCollateral(given)
  const evidenceDigest = sha256(bytes)

  const { memory } = options
  const key = memory === undefined ? undefined : platformKey(quote, collateral)
  if (key !== undefined) yield [key]
  const recalled = memory === undefined || key === undefined ? undefined : recall(memory, key, quote)
  const platform = recalled ?? platformOf(quote, collateral)
  const state = makeState(tee, platform, { quote, at, expect, collateral, anchors: options.trustAnchors, kept })

  const jobs: Job[] = [evidenceDigest]
  if (!collateral.settled) jobs.push(...collateral.jobs)
  if (recalled === undefined) jobs.push(...platform.jobs)
  addLateJobs(jobs, collateral, platform, state.quoteSignature)
  if (companion !== undefined) jobs.push(...companion.jobs)
  yield jobs
  collateral.settled = true

  const judgement = judge(tee.groups, state, options.waive)
  // Refuted platforms are not kept: whoever sends forgeries must not push the good ones out.
  const keep = recalled === undefined && judgement.authenticity !== 'refuted'
  if (memory !== undefined && key !== undefined && keep) remember(memory, key, quote, platform)
  const chain = valueOf(platform.chain)
  const anchor = chain === undefined ? undefined : state.anchorOf(chain)
  const found = hasPassed(tee.groups, judgement, `${state.tee}.tcb.level`)
  const notes = tee.notes(state)
  return assembleVerdict(judgement, {
    format: `${state.tee.toUpperCase()} quote v${quote.header.version}, ${quote.bodyKind.name}`,
    at,
    evidence: evidenceDigest,
    anchor,
    collateral: collateralParts(collateral, chain),
    claims: tee.claims(state, found, anchor !== undefined && anchor.emulated !== true),
    assumed: tee.assumed(state),
    notes: companion === undefined ? notes : [...notes, ...companion.notes(state)],
  })
}

/** What a verification was given, read. */
interface Given<B, E extends DcapExpectations> extends Pick<DcapState<B, E>, 'quote' | 'at' | 'expect' | 'collateral'> {
  /** Undefined for Intel's root alone. */
  readonly anchors: readonly TrustAnchor[] | undefined
  readonly kept: KeptChecks | undefined
}

function makeState<B, E extends DcapExpectations, C extends Claims>(
  { kind, svns: svnsOf }: DcapTee<B, E, C>,
  platform: Platform,
  { quote, at, expect, collateral, anchors, kept }: Given<B, E>,
): DcapState<B, E> {
  const chain = valueOf(platform.chain)
  const extensions = typeof chain?.extensions === 'object' ? chain.extensions : undefined
  const info = valueOf(collateral.tcbInfo.content)
  const identity = valueOf(collateral.qeIdentity.content)
  const svns = svnsOf(quote.body)
  const signature = signatureOf(quote.signed, quote.signature, platform.attestationKey)
  const complete = extensions !== undefined && info !== undefined && identity !== undefined
  return {
    tee: kind.tee,
    quote,
    at,
    expect,
    ofBoot: kept !== undefined,
    collateral,
    pck: platform.chain,
    extensions,
    qeSignature: platform.qeSignature,
    qeBinding: platform.qeBinding,
    quoteSignature: signature === undefined ? undefined : (kept?.take(signature) ?? signature),
    svns,
    tcb: complete ? tcbStateOf(extensions, quote.qe.isvSvn, info, identity, svns) : undefined,
    anchorOf: anchorFinder(anchors),
  }
}

// The CRLs under the keys of the platform's own chain: mostly settled with the collateral, which has the same issuers.
function addLateJobs(
  jobs: Job[],
  collateral: DcapCollateral,
  platform: Platform,
  quoteSignature: Job | undefined,
): void {
  const chain = valueOf(platform.chain)
  const root = chain?.root.key
  const issuer = chain?.issuer?.key
  const rootCrl = root === undefined ? undefined : valueOf(collateral.rootCrl)?.signed.by(root)
  const pckCrl = issuer === undefined ? undefined : valueOf(collateral.pckCrl)?.signed.by(issuer)
  for (const job of [rootCrl, pckCrl, quoteSignature]) if (job !== undefined) jobs.push(job)
}

function anchorFinder(given: readonly TrustAnchor[] | undefined): (chain: Chain) => TrustAnchor | undefined {
  const anchors = trustedAnchors(given, [INTEL_ROOT])
  return ({ root }) => {
    const digest = root.spkiDigest.result
    if (digest === undefined) return undefined
    const hex = toHex(digest)
    return anchors.find((anchor) => anchor.spkiSha256 === hex)
  }
}
