import { assembleVerdict } from '../core/assemble.ts'
import { toHex } from '../core/bytes.ts'
import { type Judgement, judge, type StepGroup } from '../core/engine.ts'
import type { VerifyOptions } from '../core/options.ts'
import { evaluationTime, isoTime } from '../core/time.ts'
import type { Assumption, Claims, Note, TrustAnchor, Verdict } from '../core/verdict.ts'
import type { DigestJob, Job } from '../crypto/jobs.ts'
import { INTEL_ROOT } from './anchors.ts'
import type { Chain } from './certificates.ts'
import { DcapCollateral, type DcapCollateralInput } from './collateral.ts'
import { collateralParts } from './collateral-parts.ts'
import type { DcapExpectations } from './expectations.ts'
import { valueOf } from './part.ts'
import { type Platform, platformOf, recallPlatform, remember } from './platform.ts'
import { signatureOf } from './qe.ts'
import { parseQuote, type Quote, type TeeKind } from './quote.ts'
import type { DcapState } from './state.ts'
import { type TdxSvns, tcbStateOf } from './tcb.ts'

/** What verify functions for Intel evidence take. */
export interface DcapOptions<E extends DcapExpectations> extends VerifyOptions {
  /** Intel's endorsements; prepare them once with `prepareDcapCollateral` when several verifications share them. */
  readonly collateral?: DcapCollateralInput | DcapCollateral
  readonly expect?: E
}

/** What is particular to one TEE. `O` is what it puts on the table beside the common state. */
export interface DcapTee<B, E extends DcapExpectations, C extends Claims, O extends object> {
  readonly kind: TeeKind<B>
  readonly groups: readonly StepGroup<DcapState<B, E> & O>[]
  svns(body: B): TdxSvns | undefined
  claims(state: DcapState<B, E> & O, found: { readonly level: boolean; readonly hardware: boolean }): C
  assumed(state: DcapState<B, E> & O): readonly Assumption[]
  notes(state: DcapState<B, E> & O): readonly Note[]
}

/** What a TEE brings to the table beside the quote, and the cryptography it needs. */
export interface OwnWork<O> {
  readonly own: O
  readonly jobs: readonly Job[]
}

/**
 * The story of a verification, up to each point where cryptography has to be settled. Whoever drives
 * it settles the jobs it yields, at once or later.
 *
 * @throws EvidenceError when the evidence is malformed; TypeError when an option is
 */
export function* verifyDcap<B, E extends DcapExpectations, C extends Claims, O extends object>(
  tee: DcapTee<B, E, C, O>,
  evidence: Uint8Array,
  options: DcapOptions<E>,
  expect: E,
  work: OwnWork<O>,
): Generator<readonly Job[], Verdict<C>, void> {
  if (!(evidence instanceof Uint8Array)) throw new TypeError('evidence: expected a Uint8Array')
  const at = evaluationTime(options.at)
  // Not slice(): on a Buffer it does not copy.
  const bytes = new Uint8Array(evidence)
  const quote = parseQuote(bytes, tee.kind)
  const collateral =
    options.collateral instanceof DcapCollateral ? options.collateral : new DcapCollateral(options.collateral ?? {})
  const evidenceDigest: DigestJob = { kind: 'digest', algorithm: 'sha256', data: bytes }

  const recalled = options.memory === undefined ? undefined : yield* recallPlatform(quote, collateral, options.memory)
  const platform = recalled?.platform ?? platformOf(quote, collateral)
  const state = { ...makeState(tee, quote, collateral, platform, at, options, expect), ...work.own }
  yield [
    evidenceDigest,
    ...collateral.jobs,
    ...platform.jobs,
    ...pendingJobs(collateral, platform, state.quoteSignature),
    ...work.jobs,
  ]
  if (options.memory !== undefined && recalled !== undefined) remember(options.memory, recalled, platform)

  const judgement = judge(tee.groups, state, options.waive)
  const chain = valueOf(platform.chain)
  const anchor = chain === undefined ? undefined : state.anchorOf(chain)
  return assembleVerdict(judgement, {
    format: `${tee.kind.tee.toUpperCase()} quote v${quote.header.version}, ${quote.bodyKind.name}`,
    at,
    evidence: evidenceDigest,
    anchor,
    collateral: collateralParts(collateral, chain),
    claims: tee.claims(state, {
      level: passed(judgement, `${tee.kind.tee}.tcb.level`),
      hardware: anchor !== undefined && anchor.emulated !== true,
    }),
    assumed: tee.assumed(state),
    notes: tee.notes(state),
  })
}

function makeState<B, E extends DcapExpectations, C extends Claims, O extends object>(
  tee: DcapTee<B, E, C, O>,
  quote: Quote<B>,
  collateral: DcapCollateral,
  platform: Platform,
  at: number,
  options: DcapOptions<E>,
  expect: E,
): DcapState<B, E> {
  const chain = valueOf(platform.chain)
  const extensions = typeof chain?.extensions === 'object' ? chain.extensions : undefined
  const info = valueOf(collateral.tcbInfo.content)
  const identity = valueOf(collateral.qeIdentity.content)
  const svns = tee.svns(quote.body)
  const complete = extensions !== undefined && info !== undefined && identity !== undefined
  return {
    quote,
    at,
    atText: isoTime(at),
    expect,
    collateral,
    pck: platform.chain,
    extensions,
    qeSignature: platform.qeSignature,
    qeBinding: platform.qeBinding,
    quoteSignature: signatureOf(quote.signed, quote.signature, platform.attestationKey),
    svns,
    tcb: complete ? tcbStateOf(extensions, quote.qe.isvSvn, info, identity, svns) : undefined,
    anchorOf: anchorFinder(options.trustAnchors),
  }
}

// The CRLs under the keys of the platform's own chain: mostly settled with the collateral, which has the same issuers.
function pendingJobs(collateral: DcapCollateral, platform: Platform, quoteSignature: Job | undefined): readonly Job[] {
  const chain = valueOf(platform.chain)
  const root = chain?.root.key
  const issuer = chain?.issuer?.key
  const crls = [
    root === undefined ? undefined : valueOf(collateral.rootCrl)?.signed.by(root),
    issuer === undefined ? undefined : valueOf(collateral.pckCrl)?.signed.by(issuer),
  ]
  return [...crls, quoteSignature].filter((job) => job !== undefined)
}

function passed(judgement: Judgement, id: string): boolean {
  return judgement.checks.some((group) => group.checks.some((check) => check.id === id && check.outcome === 'pass'))
}

function anchorFinder(anchors: readonly TrustAnchor[] = [INTEL_ROOT]): (chain: Chain) => TrustAnchor | undefined {
  for (const anchor of anchors) {
    if (anchor.emulated === true || anchor.spkiSha256 === INTEL_ROOT.spkiSha256) continue
    throw new TypeError(`trustAnchors: ${anchor.id} is not Intel's root, and must say \`emulated: true\``)
  }
  return (chain) => {
    const digest = chain.root.spkiDigest.result
    if (digest === undefined) return undefined
    const hex = toHex(digest)
    return anchors.find((anchor) => anchor.spkiSha256 === hex)
  }
}

/** Drives a verification with synchronous cryptography. */
export function runNow<T>(story: Generator<readonly Job[], T, void>, settle: (jobs: readonly Job[]) => void): T {
  for (;;) {
    const next = story.next()
    if (next.done === true) return next.value
    settle(next.value)
  }
}

/** Drives a verification with asynchronous cryptography. */
export async function run<T>(
  story: Generator<readonly Job[], T, void>,
  settle: (jobs: readonly Job[]) => Promise<void>,
): Promise<T> {
  for (;;) {
    const next = story.next()
    if (next.done === true) return next.value
    await settle(next.value)
  }
}
