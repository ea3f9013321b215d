import { settle } from '#crypto'
import { trustedAnchors } from '../core/anchors.ts'
import { assembleVerdict, digestHex } from '../core/assemble.ts'
import { toHex } from '../core/bytes.ts'
import { type Judgement, judge, stepIds } from '../core/engine.ts'
import { copyOfEvidence } from '../core/input.ts'
import type { VerifyOptions } from '../core/options.ts'
import type { Part } from '../core/part.ts'
import { evaluationTime, isoTime } from '../core/time.ts'
import type { CollateralPart, TrustAnchor, Verdict } from '../core/verdict.ts'
import { type DigestJob, inSignatureRange, type Job, P384_ORDER, type SignatureJob, sha256 } from '../crypto/jobs.ts'
import type { KeptChecks } from '../crypto/kept-checks.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { AMD_ROOTS } from './anchors.ts'
import { APPRAISAL_STEPS } from './appraisal-steps.ts'
import { keyInfoOf, platformOf, policyOf } from './bits.ts'
import type { TableEntry } from './certificate-table.ts'
import { intermediateOf, type LeafRole } from './certificates.ts'
import { CHAIN_STEPS } from './chain-steps.ts'
import { type SnpClaims, snpAssumptions, snpClaims, snpNotes } from './claims.ts'
import {
  type ChainJobs,
  collateralBytes,
  copyCollateral,
  mergeParts,
  pickEndorsement,
  planChain,
  prepareSnpCollateral,
  SnpCollateral,
  type SnpCollateralInput,
  type SnpParts,
} from './collateral.ts'
import { CRL_STEPS } from './crl-steps.ts'
import { splitSnpEvidence } from './envelope.ts'
import { readSnpExpectations, type SnpExpectations } from './expectations.ts'
import { ID_BLOCK_STEPS } from './id-block-steps.ts'
import { pair384 } from './little-endian.ts'
import { productOfName, type SnpProduct, tcbLayout } from './products.ts'
import { parseSnpReport, reportProduct, SNP_SIGNED_SIZE, type SnpReport } from './report.ts'
import { BINDING_STEPS, LEAF_STEPS, REPORT_STEPS } from './report-steps.ts'
import { type ChainState, HEX_NAMES, type HexName, type Link, type ReportHex, type SnpState } from './state.ts'

/** What a verification takes beside the evidence. */
export interface SnpVerifyOptions extends VerifyOptions {
  /** Endorsements, raw or prepared. Those that came with the evidence fill the gaps. */
  readonly collateral?: SnpCollateralInput | SnpCollateral
  readonly expect?: SnpExpectations
}

/** AMD's order of verification: the report itself, its endorsement chain, revocation, product, signature and bindings, then what the relying party wants. */
const STEPS = [
  REPORT_STEPS,
  CHAIN_STEPS,
  CRL_STEPS,
  LEAF_STEPS,
  BINDING_STEPS,
  ID_BLOCK_STEPS,
  APPRAISAL_STEPS,
] as const

/** Ids of all checks of a verdict about an SNP report, in order; with `waivable` those that may be waived. */
export function snpCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<SnpState>(STEPS, which)
}

/**
 * Verifies an attestation report, bare or as hosts deliver it, at `options.at`.
 *
 * The signature covers bytes 0 to 0x29F as received. The reserved bytes behind it (0x330 to 0x49F) are
 * signed by nobody and read by nobody: where they are not zero the verdict has a note, and no check fails.
 *
 * @returns a verdict; forged evidence and unreadable endorsements give one too
 * @throws EvidenceError when the report cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifySnp(evidence: Uint8Array, options: SnpVerifyOptions): Promise<Verdict<SnpClaims>> {
  return tell(snpStory(evidence, options))
}

/** As {@link verifySnp}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifySnpSync(evidence: Uint8Array, options: SnpVerifyOptions): Verdict<SnpClaims> {
  return tellNow(snpStory(evidence, options))
}

/**
 * One verification, told in turns: it hands out jobs, and goes on when they are settled.
 *
 * @param kept for the report of a whole boot, in evidence that shows by itself to be of now: the check of its own
 * signature is taken from there
 */
export function* snpStory(
  evidence: Uint8Array,
  options: SnpVerifyOptions,
  kept?: KeptChecks,
): Story<Verdict<SnpClaims>> {
  const door = openDoor(evidence, options)
  yield door.first
  const plan = planReport(door, kept)
  yield plan.jobs
  return conclude(plan, kept !== undefined)
}

interface Door {
  readonly options: SnpVerifyOptions
  readonly at: number
  readonly expect: SnpExpectations
  /** The report as received. */
  readonly bytes: Uint8Array
  readonly report: SnpReport
  readonly table: readonly TableEntry[]
  /** Prepared, or a copy of what the caller gave: it may change its bytes while this waits. */
  readonly given: SnpCollateral | SnpCollateralInput
  readonly evidence: DigestJob
  /** Digest of raw collateral, under which a memory may know it. */
  readonly key: DigestJob | undefined
  readonly first: readonly Job[]
}

function openDoor(evidence: Uint8Array, options: SnpVerifyOptions): Door {
  const at = evaluationTime(options.at)
  const expect = readSnpExpectations(options.expect)
  const copy = copyOfEvidence(evidence)
  const { report: bytes, table } = splitSnpEvidence(copy)
  const report = parseSnpReport(bytes)
  const digest = sha256(copy)
  const given =
    options.collateral instanceof SnpCollateral ? options.collateral : copyCollateral(options.collateral ?? {})
  const remembers = options.memory !== undefined && !(given instanceof SnpCollateral)
  const key: DigestJob | undefined = remembers ? sha256(collateralBytes(given, table)) : undefined
  return {
    options,
    at,
    expect,
    bytes,
    report,
    table,
    given,
    evidence: digest,
    key,
    first: key === undefined ? [] : [key],
  }
}

interface Plan {
  readonly door: Door
  readonly collateral: SnpCollateral
  readonly parts: SnpParts
  readonly role: LeafRole
  readonly chain: ChainJobs
  readonly signature: SignatureJob | undefined
  readonly jobs: readonly Job[]
}

function planReport(door: Door, kept: KeptChecks | undefined): Plan {
  const { report, bytes } = door
  const { collateral, parts } = collateralOf(door)
  const role: LeafRole = keyInfoOf(report.keyInfo).signingKey === 'vlek' ? 'vlek' : 'vcek'
  const { leaf, intermediate } = pickEndorsement(parts, role)
  const chain = planChain(leaf.value?.certificate, intermediate.value, parts.ark.value, parts.crl.value)
  const planned = planSignature(report, bytes, leaf.value?.certificate.key)
  const signature = planned === undefined ? undefined : (kept?.take(planned) ?? planned)
  // The longest first: where jobs run side by side, the others hide behind it.
  const jobs: Job[] = signature === undefined ? [] : [signature]
  jobs.push(...chain.all, ...(parts.idBlock.value?.jobs ?? []), door.evidence)
  return { door, collateral, parts, role, chain, signature, jobs }
}

function collateralOf({ options, given, table, key }: Door): {
  readonly collateral: SnpCollateral
  readonly parts: SnpParts
} {
  if (given instanceof SnpCollateral) {
    return { collateral: given, parts: table.length === 0 ? given : mergeParts(given, prepareSnpCollateral({}, table)) }
  }
  const known = key === undefined ? undefined : options.memory?.get(digestHex(key))
  const collateral = known instanceof SnpCollateral ? known : new SnpCollateral(given, table)
  return { collateral, parts: collateral }
}

/** The check of the report's own signature; undefined when R or S is no number from 1 to n-1, or the key is of another kind. */
function planSignature(
  report: SnpReport,
  bytes: Uint8Array,
  key: SignatureJob['key'] | undefined,
): SignatureJob | undefined {
  const signature = pair384(report.signatureR, report.signatureS)
  if (key?.kind !== 'P-384' || signature === undefined || !inSignatureRange(signature, P384_ORDER)) return undefined
  return { kind: 'signature', scheme: 'ecdsa-p384-sha384', key, data: bytes.subarray(0, SNP_SIGNED_SIZE), signature }
}

function conclude(plan: Plan, ofBoot: boolean): Verdict<SnpClaims> {
  const { door, parts } = plan
  const { options, report } = door
  const product = productOf(plan)
  // Member by member: a spread costs more than most checks do.
  const { at, role, links, extensions, crlSignature, anchor, mayBeEmulated } = chainState(
    door.at,
    plan,
    options.trustAnchors,
  )
  const state: SnpState = {
    at,
    role,
    parts,
    links,
    extensions,
    crlSignature,
    anchor,
    mayBeEmulated,
    report,
    hex: hexOf(report, door.bytes),
    keyInfo: keyInfoOf(report.keyInfo),
    policy: policyOf(report.policy),
    platformInfo: platformOf(report.platformInfo),
    product,
    layout: tcbLayout(product),
    signature: plan.signature,
    expect: door.expect,
    ofBoot,
  }
  const judgement = judge<SnpState>(STEPS, state, options.waive)
  remember(plan, judgement)
  return assembleVerdict(judgement, {
    format: `SEV-SNP report v${report.version}`,
    at: door.at,
    evidence: door.evidence,
    anchor: state.anchor,
    collateral: collateralParts(state, parts),
    claims: snpClaims(state),
    assumed: snpAssumptions(state),
    notes: snpNotes(state),
  })
}

function chainState(
  at: number,
  { parts, role, chain }: Pick<Plan, 'parts' | 'role' | 'chain'>,
  given: readonly TrustAnchor[] | undefined,
): ChainState {
  const anchors = trustedAnchors(given, AMD_ROOTS)
  const { leaf, intermediate } = pickEndorsement(parts, role)
  const { ark } = parts
  const spki = ark.value && digestHex(ark.value.spkiDigest)
  return {
    at,
    role,
    parts,
    links: [
      link(role.toUpperCase(), leaf.value?.certificate, leaf, chain.leaf),
      link(role === 'vcek' ? 'ASK' : 'ASVK', intermediate.value, intermediate, chain.intermediate),
      link('ARK', ark.value, ark, chain.ark),
    ],
    extensions: leaf.value?.extensions ?? {},
    crlSignature: chain.crl,
    anchor: anchors.find((anchor) => anchor.spkiSha256 === spki),
    mayBeEmulated: anchors.some(({ emulated }) => emulated === true),
  }
}

function link(
  name: string,
  certificate: Certificate | undefined,
  { error }: Part<unknown>,
  signature: SignatureJob | undefined,
): Link {
  return { name, certificate, error, signature }
}

// The report from its first to its last byte string is written out once; the fields are pieces of that.
function hexOf(report: SnpReport, bytes: Uint8Array): ReportHex {
  const written = bytes.subarray(0x10, 0x1e0)
  const text = toHex(written)
  const hex: Partial<Record<HexName, string>> = {}
  for (const name of HEX_NAMES) {
    const field = report[name]
    const start = field.byteOffset - written.byteOffset
    hex[name] = text.slice(2 * start, 2 * (start + field.length))
  }
  // Every name of the list was set in the loop.
  return hex as ReportHex
}

/** CPUID tells from version 3 on. Before, the certificate does; it is believed as far as its chain. */
function productOf({ door: { report }, parts, role }: Plan): SnpProduct | undefined {
  if (report.cpuidFamily !== undefined) return reportProduct(report)
  const { leaf } = pickEndorsement(parts, role)
  const name =
    leaf.value?.extensions.value?.productName ?? intermediateOf(leaf.value?.certificate.issuer.commonName)?.product
  return name === undefined ? undefined : productOfName(name)
}

// Refuted chains are not kept: whoever sends forgeries must not push the good ones out.
function remember({ door: { options, key }, collateral }: Plan, { authenticity }: Judgement): void {
  if (options.memory === undefined || key === undefined || authenticity === 'refuted') return
  options.memory.set(digestHex(key), collateral, collateral.size)
}

function collateralParts({ links }: ChainState, { crl }: SnpParts): readonly CollateralPart[] {
  const found: CollateralPart[] = []
  for (const { name, certificate } of links) {
    if (certificate !== undefined)
      found.push(described(certificate, name.toLowerCase(), certificate.notBefore, certificate.notAfter))
  }
  if (crl.value !== undefined) found.push(described(crl.value, 'crl', crl.value.thisUpdate, crl.value.nextUpdate))
  return found
}

// Dates and digests of a part never change: they are written out once for as long as the part lives.
const DESCRIBED: WeakMap<Certificate | Crl, CollateralPart> = new WeakMap()

function described(part: Certificate | Crl, name: string, from: number, until: number | undefined): CollateralPart {
  const known = DESCRIBED.get(part)
  if (known?.name === name) return known
  const made = {
    name,
    sha256: digestHex(part.digest),
    from: isoTime(from),
    ...(until === undefined ? {} : { until: isoTime(until) }),
  }
  DESCRIBED.set(part, made)
  return made
}

/** Options of {@link verifySnpEndorsement}. */
export type SnpEndorsementOptions = Omit<VerifyOptions, 'memory'>

/**
 * Judges an endorsement chain and its revocation list alone, without a report: what a cache does before
 * it keeps them.
 */
export async function verifySnpEndorsement(
  collateral: SnpCollateralInput | SnpCollateral,
  role: LeafRole,
  options: SnpEndorsementOptions,
): Promise<Judgement> {
  const at = evaluationTime(options.at)
  const parts: SnpParts = collateral instanceof SnpCollateral ? collateral : prepareSnpCollateral(collateral)
  const { leaf, intermediate } = pickEndorsement(parts, role)
  const chain = planChain(leaf.value?.certificate, intermediate.value, parts.ark.value, parts.crl.value)
  await settle(chain.all)
  return judge<ChainState>(
    [CHAIN_STEPS, CRL_STEPS],
    chainState(at, { parts, role, chain }, options.trustAnchors),
    options.waive,
  )
}
