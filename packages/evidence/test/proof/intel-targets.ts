import { createMemory } from '../../src/core/memory.ts'
import type { Claims, Verdict } from '../../src/core/verdict.ts'
import { DcapCollateral, type DcapCollateralInput, documentJob } from '../../src/dcap/collateral.ts'
import { parseQeIdentity } from '../../src/dcap/qe-identity.ts'
import { parseQuote } from '../../src/dcap/quote.ts'
import { parseTcbInfo } from '../../src/dcap/tcb-info.ts'
import { SGX_QUOTES } from '../../src/sgx/report.ts'
import type { TdxExpectations } from '../../src/tdx/expectations.ts'
import { TDX_QUOTES } from '../../src/tdx/report.ts'
import { parseCertificate } from '../../src/x509/certificate.ts'
import { parseCrl } from '../../src/x509/crl.ts'
import { KnownChecks } from './known-checks.ts'
import { pemOf, pemParts } from './pem.ts'
import { chainTextRegions, quoteChain, quoteRegions, withChain } from './quote-regions.ts'
import { type Baseline, type IntelSubject, judgeIntel, type Tell } from './subjects.ts'
import { type Target, whole } from './target.ts'

type Base = Baseline<TdxExpectations>
type Judge = (evidence: Uint8Array, collateral: DcapCollateralInput | DcapCollateral, quick: boolean) => Verdict<Claims>

/** Every part of an accepted SGX or TDX subject that can be damaged. */
export function intelTargets(subject: IntelSubject, base: Base): readonly Target[] {
  const memory = createMemory()
  const checks = new KnownChecks()
  const tell: Tell = (story) => checks.tell(story)
  const prepared = new DcapCollateral(subject.collateral)
  const judge: Judge = (evidence, collateral, quick) =>
    judgeIntel(subject, evidence, collateral, base, quick ? { memory, tell } : {})
  // Settles what the collateral shares, and fills the memory.
  judgeIntel(subject, subject.evidence, prepared, base, { memory, tell: (story) => checks.learn(story) })
  return [...quoteTargets(subject, prepared, judge), ...collateralTargets(subject, prepared, judge)]
}

function quoteTargets(subject: IntelSubject, prepared: DcapCollateral, judge: Judge): readonly Target[] {
  const { evidence, collateral } = subject
  const quote =
    subject.tee === 'sgx' ? parseQuote<unknown>(evidence, SGX_QUOTES) : parseQuote<unknown>(evidence, TDX_QUOTES)
  const own = collateral.pck_certificate_chain === undefined && quote.certification.type === 5
  const judgeQuote = (bytes: Uint8Array): Pick<Target, 'judge' | 'judgeAfresh'> => ({
    judge: (damaged) => judge(bytes === evidence ? damaged : bytes, prepared, true),
    judgeAfresh: (damaged) => judge(bytes === evidence ? damaged : bytes, collateral, false),
  })
  const chain = own ? quoteChain(quote) : []
  return [
    {
      part: 'quote',
      kind: 'quote',
      bytes: evidence,
      regions: quoteRegions(quote, subject.tee, own),
      ...judgeQuote(evidence),
    },
    ...(own
      ? [
          {
            part: "text of the quote's PCK chain",
            kind: 'pck-text',
            oncePerFormat: true as const,
            bytes: evidence,
            regions: chainTextRegions(quote, evidence, subject.tee),
            ...judgeQuote(evidence),
          },
        ]
      : []),
    ...chain.map((der, i): Target => {
      const replaced = (damaged: Uint8Array): Uint8Array =>
        withChain(
          quote,
          evidence,
          chain.map((one, j) => (j === i ? damaged : one)),
        )
      return {
        part: `quote's PCK chain, certificate ${i + 1}`,
        kind: `pck-chain-${i}`,
        bytes: der,
        decode: (cut) => parseCertificate(cut),
        regions: whole(der, 'certificate', [`${subject.tee}.pck.`]),
        judge: (damaged) => judge(replaced(damaged), prepared, true),
        judgeAfresh: (damaged) => judge(replaced(damaged), collateral, false),
      }
    }),
  ]
}

type Member = keyof DcapCollateralInput

/** Chains of the collateral, and the start of the ids that name them. */
const CHAINS: readonly (readonly [Member, string])[] = [
  ['pck_crl_issuer_chain', 'crl.pck-issuer.'],
  ['tcb_info_issuer_chain', 'tcb-info.sign'],
  ['qe_identity_issuer_chain', 'qe-identity.sign'],
  ['pck_certificate_chain', 'pck.'],
]

const CRLS: readonly (readonly [Member, string])[] = [
  ['root_ca_crl', 'crl.root.'],
  ['pck_crl', 'crl.pck.'],
]

const TEXTS: readonly (readonly [Member, string])[] = [
  ['tcb_info', 'tcb-info.'],
  ['qe_identity', 'qe-identity.'],
]

const SIGNATURES: readonly (readonly [Member, string])[] = [
  ['tcb_info_signature', 'tcb-info.signature'],
  ['qe_identity_signature', 'qe-identity.signature'],
]

function collateralTargets(subject: IntelSubject, prepared: DcapCollateral, judge: Judge): readonly Target[] {
  const { collateral, tee, evidence } = subject
  const replace = (member: Member, make: (damaged: Uint8Array) => string): Pick<Target, 'judge' | 'judgeAfresh'> => ({
    judge: (damaged) => judge(evidence, replacing(prepared, collateral, member, make(damaged)), true),
    judgeAfresh: (damaged) => judge(evidence, { ...collateral, [member]: make(damaged) }, false),
  })
  const target = (
    member: Member,
    name: string,
    check: string,
    bytes: Uint8Array,
    make: (damaged: Uint8Array) => string,
    decode?: Target['decode'],
  ): Target => ({
    part: name,
    kind: name,
    bytes,
    regions: whole(bytes, member, [`${tee}.${check}`]),
    ...(decode === undefined ? {} : { decode }),
    ...replace(member, make),
  })
  const textOf = (member: Member): string | undefined => {
    const value = collateral[member]
    return typeof value === 'string' ? value : undefined
  }
  return [
    ...CHAINS.flatMap(([member, check]) => {
      const ders = pemParts(textOf(member) ?? '')
      return ders.map((der, i) =>
        target(
          member,
          `${member}, certificate ${i + 1}`,
          check,
          der,
          (damaged) => pemOf(ders.map((one, j) => (j === i ? damaged : one))),
          (cut) => parseCertificate(cut),
        ),
      )
    }),
    ...[...CRLS, ...SIGNATURES].flatMap(([member, check]) => {
      const text = textOf(member)
      return text === undefined
        ? []
        : [
            target(
              member,
              member,
              check,
              new Uint8Array(Buffer.from(text, 'hex')),
              hex,
              member.endsWith('crl') ? parseCrl : undefined,
            ),
          ]
    }),
    ...TEXTS.flatMap(([member, check]) => {
      const text = textOf(member)
      return text === undefined
        ? []
        : [
            target(member, member, check, new Uint8Array(Buffer.from(text, 'latin1')), latin1, (cut) =>
              (member === 'tcb_info' ? parseTcbInfo : parseQeIdentity)(latin1(cut)),
            ),
          ]
    }),
  ]
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
// One character a byte: Intel's documents are ASCII, and every damaged byte must stay one character.
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Prepared collateral with one member replaced: what did not change is not verified again. */
function replacing(base: DcapCollateral, input: DcapCollateralInput, member: Member, value: string): DcapCollateral {
  const document = member.startsWith('tcb_info')
    ? 'tcb_info'
    : member.startsWith('qe_identity')
      ? 'qe_identity'
      : undefined
  const fresh = new DcapCollateral({
    ...(document === undefined
      ? {}
      : { [document]: input[document], [`${document}_signature`]: input[`${document}_signature`] }),
    [member]: value,
  })
  const isChain = member.endsWith('_chain')
  const changes: Partial<DcapCollateral> =
    document === 'tcb_info'
      ? {
          tcbInfo: isChain
            ? { ...base.tcbInfo, chain: fresh.tcbInfo.chain }
            : { ...fresh.tcbInfo, chain: base.tcbInfo.chain },
        }
      : document === 'qe_identity'
        ? {
            qeIdentity: isChain
              ? { ...base.qeIdentity, chain: fresh.qeIdentity.chain }
              : { ...fresh.qeIdentity, chain: base.qeIdentity.chain },
          }
        : member === 'root_ca_crl'
          ? { rootCrl: fresh.rootCrl }
          : member === 'pck_crl'
            ? { pckCrl: fresh.pckCrl }
            : member === 'pck_crl_issuer_chain'
              ? { pckCrlChain: fresh.pckCrlChain }
              : { pckChain: value }
  const made: DcapCollateral = Object.create(DcapCollateral.prototype)
  Object.assign(made, base, changes)
  // The signature of a document that cannot be read is not looked at: the check for its presence goes before.
  const documents = [made.tcbInfo, made.qeIdentity].filter((one) => one.content.state === 'present')
  const jobs = [...fresh.jobs, ...documents.map(documentJob)].filter((job) => job !== undefined)
  return Object.assign(made, { jobs, settled: false, told: undefined })
}
