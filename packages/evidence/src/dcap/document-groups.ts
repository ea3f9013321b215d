import { equalBytes, toHex } from '../core/bytes.ts'
import { mend, REPLACE_EVIDENCE, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { inSignatureRange, P256_ORDER } from '../crypto/jobs.ts'
import { begunFinding, chainSteps, currentFinding, formOf, givenFinding, refetch } from './chain-steps.ts'
import { documentJob, type SignedDocument } from './collateral.ts'
import { valueOf } from './part.ts'
import { revocationStep } from './platform-groups.ts'
import { type QeIdentity, qeDifference } from './qe-identity.ts'
import type { DcapState } from './state.ts'
import { authentic, finding, PCS, QVL } from './steps.ts'
import type { TcbInfo } from './tcb-info.ts'

const KINDS = {
  tcbInfo: { sgx: 'SGX', tdx: 'TDX' },
  qeIdentity: { sgx: 'QE', tdx: 'TD_QE' },
} as const

function documentSteps(id: string, member: keyof typeof KINDS, what: string): readonly Step<DcapState>[] {
  const present = `${id}.present`
  const certificates = `${id}.signer.certificates`
  const document = ({ collateral }: DcapState): SignedDocument<TcbInfo | QeIdentity> => collateral[member]
  const step = (
    name: string,
    check: (state: DcapState, content: TcbInfo | QeIdentity) => Finding,
    ...needs: readonly string[]
  ): Step<DcapState> =>
    authentic(`${id}.${name}`, PCS, [present, ...needs], (state) => {
      const part = document(state).content
      // `present` passed, so that this is always there; if it were not, that would be no pass.
      return part.state === 'present' ? check(state, part.value) : givenFinding(part, what)
    })
  return [
    authentic(present, PCS, [], (state) => givenFinding(document(state).content, what)),
    ...chainSteps(`${id}.signer`, `${what} issuer chain`, (state) => document(state).chain, present),
    revocationStep(
      `${id}.signer.revocation`,
      'root',
      'TCB Signing certificate',
      certificates,
      (state) => valueOf(document(state).chain)?.first,
    ),
    step('signature', (state) => signatureFinding(document(state), what), ...formOf(`${id}.signer`)),
    step('issued', (state, { window }) => begunFinding(state, window.from, what)),
    step('current', (state, { window }) => currentFinding(state, window.until, what)),
    step('kind', ({ tee }, content) => {
      const kind = KINDS[member][tee]
      // TCB info of version 2 knows no TDX; no QE identity has another version than 2.
      const fits = content.id === kind && (kind !== 'TDX' || content.version >= 3)
      return finding(
        fits,
        () => `the ${what} is for another kind of evidence`,
        () => refetch(what),
        kind,
        `${content.id} version ${content.version}`,
      )
    }),
  ]
}

function signatureFinding(document: SignedDocument<unknown>, what: string): Finding {
  const { signed } = document
  if (signed.state !== 'present') return givenFinding(signed, `signature of the ${what}`)
  const job = documentJob(document)
  return finding(
    job?.result === true,
    () => {
      const isNone = job !== undefined && !inSignatureRange(job.signature, P256_ORDER)
      return `the signature of the ${what} ${isNone ? 'is none: R and S must be 1 to n-1' : 'does not verify'}`
    },
    () => refetch(`${what}, with its exact text,`),
  )
}

function platformStep(field: 'fmspc' | 'pceId'): Step<DcapState> {
  const needs = ['tcb-info.present', 'pck.present', 'pck.extensions']
  return authentic(`tcb-info.${field.toLowerCase()}`, QVL, needs, ({ extensions, collateral }) => {
    const expected = toHex(extensions?.[field] ?? NOTHING)
    const actual = toHex(valueOf(collateral.tcbInfo.content)?.[field] ?? NOTHING)
    return finding(
      expected === actual && expected !== '',
      () => `the TCB info is for ${field.toUpperCase()} ${actual}, the platform is ${expected}`,
      () => refetch('TCB info'),
      expected,
      actual,
    )
  })
}

const NOTHING: Uint8Array = new Uint8Array(0)

/** Steps about what Intel signed: TCB info and QE identity. */
export const DOCUMENT_GROUPS: readonly StepGroup<DcapState>[] = [
  {
    id: 'tcb-info',
    steps: [...documentSteps('tcb-info', 'tcbInfo', 'TCB info'), platformStep('fmspc'), platformStep('pceId')],
  },
  { id: 'qe-identity', steps: documentSteps('qe-identity', 'qeIdentity', 'QE identity') },
]

// A platform has a PCK for each of its TCBs: what was given beside the quote may be of another one.
const OTHER_PCK = mend(
  'pass the chain for the CPUSVN and PCESVN of this quote as `pck_certificate_chain`, or none if the quote has one',
)

/** Steps that lead from the platform's key over the Quoting Enclave to the quote. */
export const QUOTE_GROUP: StepGroup<DcapState> = {
  id: 'qe',
  steps: [
    authentic('qe.report-signature', QVL, ['pck.present'], ({ pck, qeSignature, collateral }) =>
      pck.state === 'broken'
        ? unchecked('the PCK chain cannot be read, so that its key is not known', refetch('PCK chain'))
        : finding(
            qeSignature?.result === true,
            qeSignature === undefined && valueOf(pck)?.key !== undefined
              ? 'the signature of the QE report is none: R and S must be 1 to n-1'
              : "the QE report is not signed by the platform's PCK key",
            collateral.pckChain === undefined ? REPLACE_EVIDENCE : OTHER_PCK,
          ),
    ),
    authentic('qe.report-data', QVL, [], ({ qeBinding, quote }) =>
      finding(
        qeBinding.result !== undefined && equalBytes(qeBinding.result, quote.qe.reportData.subarray(0, 32)),
        'the QE report does not name the attestation key',
        REPLACE_EVIDENCE,
        toHex(qeBinding.result ?? NOTHING),
        toHex(quote.qe.reportData.subarray(0, 32)),
      ),
    ),
    authentic('qe.identity', PCS, ['qe-identity.signature'], ({ collateral, quote }) => {
      const identity = valueOf(collateral.qeIdentity.content)
      const different = identity === undefined ? NO_IDENTITY : qeDifference(quote.qe, identity)
      return finding(
        different === undefined,
        () => `the Quoting Enclave is not the one of the QE identity: ${different?.field ?? ''} differs`,
        REPLACE_EVIDENCE,
        different?.expected ?? qeText(identity ?? quote.qe),
        different?.actual ?? qeText(quote.qe),
      )
    }),
    authentic('quote.signature', QVL, [], ({ quoteSignature }) =>
      finding(
        quoteSignature?.result === true,
        quoteSignature === undefined
          ? 'the signature of the quote is none: R and S must be 1 to n-1'
          : 'the signature of the quote does not verify',
        REPLACE_EVIDENCE,
      ),
    ),
  ],
}

// What names an enclave's maker and product: the rest of what is compared are bits under masks.
function qeText({ mrSigner, isvProdId }: Pick<QeIdentity, 'mrSigner' | 'isvProdId'>): string {
  return `MRSIGNER ${toHex(mrSigner)}, ISVPRODID ${isvProdId}`
}

const NO_IDENTITY = { field: 'everything', expected: '', actual: '' } as const
