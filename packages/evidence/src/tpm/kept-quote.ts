import { assembleVerdict, type VerdictParts } from '../core/assemble.ts'
import { equalBytes, toHex } from '../core/bytes.ts'
import { type Judgement, rejudge } from '../core/engine.ts'
import { FRAME_HEAD } from '../core/frame.ts'
import { frozenCopy, type Span, within } from '../core/kept.ts'
import type { VerifyOptions } from '../core/options.ts'
import type { Verdict } from '../core/verdict.ts'
import type { DigestJob, PublicKey } from '../crypto/jobs.ts'
import type { Attest } from '../tpm-structures/attest.ts'
import type { TpmSignature } from '../tpm-structures/signature.ts'
import { momentClaims, type TpmClaims } from './claims.ts'
import type { OwnEvidence } from './evidence.ts'
import type { TpmExpectations } from './expectations.ts'
import { MOMENT_STEPS } from './quote-steps.ts'
import type { BoundKey } from './state.ts'

/** Where a quote is kept: with what is remembered of its TPM, or of the machine that the TPM is of. */
export interface QuoteKeeper {
  quote: KeptQuote | undefined
}

/** A quote that was proven, with the verdict about it. */
export interface JudgedQuote {
  readonly evidence: OwnEvidence
  readonly key: PublicKey
  readonly standing: string
  readonly span: Span
  readonly judgement: Judgement
  readonly verdict: VerdictParts<TpmClaims>
}

/**
 * All that a verdict about a quote follows from beside the other parts of the evidence, the time, and what differs from
 * quote to quote: where it is the same text, it is the same.
 */
export function standingOf(
  { nonce: _n, reportData: _d, reportDataIsFresh: _f, resetCounts: _r, ...wishes }: TpmExpectations,
  { waive, trustAnchors }: VerifyOptions,
  bound: BoundKey | undefined,
  { magic, type, qualifiedSigner, clockInfo, firmwareVersion, attested }: Attest,
  { scheme, hash }: TpmSignature,
): string {
  const stated = [magic, type, toHex(qualifiedSigner), clockInfo.safe, String(firmwareVersion), toHex(attested)]
  return JSON.stringify([wishes, waive, trustAnchors, bound, stated, scheme, hash])
}

/**
 * A quote of the boot that still runs. The next one has another nonce, clock and signature; as long as nothing else
 * differs, in the evidence or in what is asked of it, the verdict differs only in what is said of these.
 */
export class KeptQuote {
  readonly key: PublicKey
  readonly evidence: OwnEvidence
  readonly #quote: JudgedQuote

  constructor(quote: JudgedQuote) {
    const { key, evidence, judgement, verdict } = quote
    const { anchor, collateral, assumed, notes, claims } = verdict
    this.key = key
    this.evidence = evidence
    this.#quote = {
      ...quote,
      judgement: frozenCopy(judgement),
      verdict: { ...verdict, ...frozenCopy({ anchor, collateral, assumed, notes, claims }) },
    }
  }

  /** Whether a verdict is the kept one, if the evidence is signed with the same key. */
  isOf(evidence: OwnEvidence, standing: string, at: number): boolean {
    const known = this.#quote
    return known.standing === standing && within(known.span, at) && equalBytes(tailOf(evidence), tailOf(known.evidence))
  }

  /** The verdict about such evidence, whose signature was found to verify. */
  renew(
    attest: Attest,
    digest: DigestJob,
    at: number,
    expect: TpmExpectations,
    waive: readonly string[] | undefined,
  ): Verdict<TpmClaims> {
    const { judgement, verdict } = this.#quote
    const extraData = toHex(attest.extraData)
    const moment = { attest, expect, hex: { extraData } }
    return assembleVerdict(rejudge(judgement, MOMENT_STEPS, moment, waive), {
      ...verdict,
      at,
      evidence: digest,
      claims: { ...verdict.claims, ...momentClaims(attest, extraData) },
    })
  }
}

// Everything of the evidence but message and signature.
function tailOf({ whole, parts: { message, signature } }: OwnEvidence): Uint8Array {
  return whole.subarray(2 * FRAME_HEAD + message.length + signature.length)
}
