import { concat } from '@sekisho/emulator/kit'
import type { DcapCollateralInput } from '../../src/dcap/collateral.ts'
import { parseQuote, type Quote } from '../../src/dcap/quote.ts'
import { SGX_QUOTES } from '../../src/sgx/report.ts'
import { TDX_QUOTES } from '../../src/tdx/report.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { pemParts } from './pem.ts'
import { quoteChain, withChain } from './quote-regions.ts'
import type { IntelSubject } from './subjects.ts'

/** An Intel subject taken apart. */
export interface IntelPiece {
  readonly subject: IntelSubject
  readonly quote: Quote<unknown>
  readonly fmspc: string
  readonly chain: readonly Uint8Array[]
}

/** What a swap makes of evidence and collateral, and the checks (without prefix), one of which must object. */
export interface Swapped {
  readonly evidence?: Uint8Array
  readonly collateral?: DcapCollateralInput
  readonly checks: readonly string[]
}

/** A part of `b` put into `a`; undefined where the two have no such part, or the same one. */
export type Swap = (a: IntelPiece, b: IntelPiece) => Swapped | undefined

/** Takes an Intel subject apart. */
export function pieceOf(subject: IntelSubject): IntelPiece {
  const { evidence, collateral, tee } = subject
  const quote = tee === 'sgx' ? parseQuote<unknown>(evidence, SGX_QUOTES) : parseQuote<unknown>(evidence, TDX_QUOTES)
  const own = collateral.pck_certificate_chain === undefined && quote.certification.type === 5
  const fmspc = /"fmspc":"([0-9a-fA-F]{12})"/.exec(collateral.tcb_info ?? '')?.[1]?.toLowerCase() ?? ''
  return { subject, quote, fmspc, chain: own ? quoteChain(quote) : [] }
}

const same = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0

// Certificates are reissued for the same key, and then either vouches for it.
const sameKey = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && same(parseCertificate(a).spki, parseCertificate(b).spki)

/** Members of `b`'s collateral in the place of `a`'s. */
function members(a: IntelPiece, b: IntelPiece, ...names: readonly (keyof DcapCollateralInput)[]): DcapCollateralInput {
  const taken = Object.fromEntries(names.map((name) => [name, b.subject.collateral[name]]))
  return { ...a.subject.collateral, ...taken }
}

/** Bytes of `b`'s quote, from `start` to `end`, at the same place of `a`'s; only where both lie alike. */
function graft(a: IntelPiece, b: IntelPiece, start: (quote: Quote<unknown>) => number, length: number): Uint8Array {
  const { evidence } = a.subject
  const from = start(b.quote)
  const to = start(a.quote)
  return concat(
    evidence.subarray(0, to),
    b.subject.evidence.subarray(from, from + length),
    evidence.subarray(to + length),
  )
}

const signatureAt = (quote: Quote<unknown>): number => quote.bodyOffset + quote.bodyBytes.length + 4
const TCB_INFO = ['tcb_info', 'tcb_info_signature', 'tcb_info_issuer_chain'] as const
const QE_IDENTITY = ['qe_identity', 'qe_identity_signature', 'qe_identity_issuer_chain'] as const

const alike = (a: IntelPiece, b: IntelPiece): boolean => a.subject.tee === b.subject.tee
const strangers = (a: IntelPiece, b: IntelPiece): boolean =>
  a.chain.length === 3 && b.chain.length === 3 && !sameKey(a.chain[0], b.chain[0])
/** Under one root, so that what fails is the swap and not the trust in the other root. */
const kin = (a: IntelPiece, b: IntelPiece): boolean =>
  JSON.stringify(a.subject.anchors) === JSON.stringify(b.subject.anchors)

/** Everything that is swapped between two pieces of Intel evidence. */
export const INTEL_SWAPS: Readonly<Record<string, Swap>> = {
  "another platform's TCB info": (a, b) =>
    alike(a, b) && kin(a, b) && a.fmspc !== b.fmspc
      ? { collateral: members(a, b, ...TCB_INFO), checks: ['tcb-info.fmspc'] }
      : undefined,
  'the TCB info of the other TEE': (a, b) =>
    alike(a, b) ? undefined : { collateral: members(a, b, ...TCB_INFO), checks: ['tcb-info.kind'] },
  'the QE identity of the other TEE': (a, b) =>
    alike(a, b) ? undefined : { collateral: members(a, b, ...QE_IDENTITY), checks: ['qe-identity.kind'] },
  "another text's signature": (a, b) =>
    a.subject.collateral.tcb_info === b.subject.collateral.tcb_info
      ? undefined
      : { collateral: members(a, b, 'tcb_info_signature'), checks: ['tcb-info.signature'] },
  "another root's issuer chain": (a, b) =>
    kin(a, b) ? undefined : { collateral: members(a, b, 'tcb_info_issuer_chain'), checks: ['tcb-info.signer.root'] },
  "another root's whole collateral": (a, b) =>
    kin(a, b) || !alike(a, b)
      ? undefined
      : { collateral: { ...b.subject.collateral }, checks: ['tcb-info.signer.root', 'pck.root'] },
  "another CA's CRL (Processor, Platform)": (a, b) =>
    kin(a, b) && a.chain.length === 3 && b.chain.length === 3 && issuerKind(a) !== issuerKind(b)
      ? {
          collateral: members(a, b, 'pck_crl', 'pck_crl_issuer_chain'),
          checks: ['crl.pck.issuer', 'crl.pck.signature'],
        }
      : undefined,
  'an older set of collateral': (a, b) =>
    same(a.subject.evidence, b.subject.evidence) && kin(a, b) && endsBefore(b, a.subject.at)
      ? { collateral: { ...b.subject.collateral }, checks: ['tcb-info.current'] }
      : undefined,
  "another quote's PCK chain": (a, b) =>
    strangers(a, b)
      ? { evidence: withChain(a.quote, a.subject.evidence, b.chain), checks: ['qe.report-signature'] }
      : undefined,
  "another quote's PCK certificate under this one's CA": (a, b) =>
    strangers(a, b) && !sameKey(a.chain[1], b.chain[1])
      ? {
          evidence: withChain(a.quote, a.subject.evidence, [...b.chain.slice(0, 1), ...a.chain.slice(1)]),
          checks: ['pck.issuers', 'pck.chain'],
        }
      : undefined,
  "another quote's QE report with its signature": (a, b) =>
    strangers(a, b) && !same(a.quote.qeReport, b.quote.qeReport)
      ? { evidence: graft(a, b, (quote) => quote.qeReportOffset, 448), checks: ['qe.report-signature'] }
      : undefined,
  "another quote's attestation key": (a, b) =>
    same(a.quote.attestationKey, b.quote.attestationKey)
      ? undefined
      : { evidence: graft(a, b, (quote) => signatureAt(quote) + 64, 64), checks: ['qe.report-data'] },
  "another quote's attestation key with its signature": (a, b) =>
    same(a.quote.attestationKey, b.quote.attestationKey)
      ? undefined
      : { evidence: graft(a, b, signatureAt, 128), checks: ['qe.report-data'] },
  "another quote's signature": (a, b) =>
    same(a.quote.signature, b.quote.signature)
      ? undefined
      : { evidence: graft(a, b, signatureAt, 64), checks: ['quote.signature'] },
  "another quote's header and body": (a, b) =>
    alike(a, b) &&
    a.quote.header.version === b.quote.header.version &&
    a.quote.signed.length === b.quote.signed.length &&
    !same(a.quote.signed, b.quote.signed)
      ? { evidence: graft(a, b, () => 0, a.quote.signed.length), checks: ['quote.signature'] }
      : undefined,
}

function issuerKind({ chain }: IntelPiece): string {
  return Buffer.from(chain[1] ?? []).includes('Platform CA') ? 'platform' : 'processor'
}

function endsBefore({ subject }: IntelPiece, at: number): boolean {
  const until = /"nextUpdate":"([^"]+)"/.exec(subject.collateral.tcb_info ?? '')?.[1]
  return until !== undefined && Date.parse(until) < at
}

/** Swaps inside one piece's own collateral, and the checks, one of which must object. */
export function ownSwaps({ subject: { collateral } }: IntelPiece): Readonly<Record<string, Swapped>> {
  const { root_ca_crl, pck_crl, tcb_info, qe_identity, tcb_info_signature, qe_identity_signature } = collateral
  const take = (
    parts: { readonly [K in keyof DcapCollateralInput]?: DcapCollateralInput[K] | undefined },
  ): DcapCollateralInput =>
    Object.fromEntries(Object.entries({ ...collateral, ...parts }).filter(([, value]) => value !== undefined))
  const issuers = collateral.pck_crl_issuer_chain
  return {
    'root and PCK CRL': {
      collateral: take({ root_ca_crl: pck_crl, pck_crl: root_ca_crl }),
      checks: ['crl.root.issuer', 'crl.root.signature'],
    },
    'TCB info and QE identity': {
      collateral: take({ tcb_info: qe_identity, qe_identity: tcb_info }),
      checks: ['tcb-info.present'],
    },
    'signatures of TCB info and QE identity': {
      collateral: take({ tcb_info_signature: qe_identity_signature, qe_identity_signature: tcb_info_signature }),
      checks: ['tcb-info.signature'],
    },
    'issuer chain of the PCK CRL for that of the TCB info': {
      collateral: take({ tcb_info_issuer_chain: issuers }),
      checks: ['tcb-info.signer.certificates'],
    },
    'order of the issuer chain': {
      collateral: take({ tcb_info_issuer_chain: reversed(collateral.tcb_info_issuer_chain) }),
      checks: ['tcb-info.signer.certificates'],
    },
  }
}

function reversed(pem = ''): string {
  return [...pemParts(pem)]
    .reverse()
    .map((der) => `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`)
    .join('')
}
