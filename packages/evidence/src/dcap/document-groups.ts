import { equalBytes, toHex } from '../core/bytes.ts'
import { fail, pass, REPLACE_EVIDENCE, type Step, type StepGroup } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { begunFinding, chainSteps, currentFinding, QVL, refetch } from './chain-steps.ts'
import { documentJob, type SignedDocument } from './collateral.ts'
import { valueOf } from './part.ts'
import { givenFinding, revocationStep } from './platform-groups.ts'
import type { QeIdentity } from './qe-identity.ts'
import { qeDifference } from './qe-identity.ts'
import type { DcapState } from './state.ts'
import type { TcbInfo } from './tcb-info.ts'

const PCS = 'Intel PCS API documentation version 4'

/** Steps about what Intel signed: TCB info and QE identity. */
export function documentGroups(tee: 'sgx' | 'tdx'): readonly StepGroup<DcapState>[] {
  const kind = tee === 'tdx' ? 'TDX' : 'SGX'
  const qeKind = tee === 'tdx' ? 'TD_QE' : 'QE'
  return [
    {
      id: `${tee}.tcb-info`,
      title: 'TCB info',
      steps: [
        ...documentSteps<TcbInfo>(
          tee,
          'tcb-info',
          'TCB info',
          (state) => state.collateral.tcbInfo,
          ({ id, version }) => id === kind && (tee === 'sgx' || version >= 3),
          kind,
        ),
        ...platformMatchSteps(tee),
      ],
    },
    {
      id: `${tee}.qe-identity`,
      title: 'QE identity',
      steps: documentSteps<QeIdentity>(
        tee,
        'qe-identity',
        'QE identity',
        (state) => state.collateral.qeIdentity,
        ({ id }) => id === qeKind,
        qeKind,
      ),
    },
  ]
}

function documentSteps<T extends TcbInfo | QeIdentity>(
  tee: string,
  name: string,
  what: string,
  document: (state: DcapState) => SignedDocument<T>,
  isKind: (content: T) => boolean,
  kind: string,
): readonly Step<DcapState>[] {
  const id = `${tee}.${name}`
  const remedy = refetch(`the ${what}`)
  const step = (
    last: string,
    title: string,
    needs: readonly string[],
    check: (state: DcapState, content: T) => Finding,
  ): Step<DcapState> => ({
    id: `${id}.${last}`,
    title,
    phase: 'authenticity',
    source: PCS,
    needs: [`${id}.present`, ...needs],
    check(state) {
      const part = document(state).content
      // `present` passed, so that this is always there; if it were not, that would be no pass.
      return part.state === 'present' ? check(state, part.value) : fail(`there is no ${what}`, remedy)
    },
  })
  return [
    {
      id: `${id}.present`,
      title: `There is a ${what}`,
      phase: 'authenticity',
      source: PCS,
      check: (state) => givenFinding(document(state).content, what, remedy),
    },
    ...chainSteps({
      id: `${id}.signer`,
      what: `${what} issuer chain`,
      chain: (state) => document(state).chain,
      remedy,
      present: `${id}.present`,
    }),
    revocationStep(
      `${id}.signer.revocation`,
      `${tee}.crl.root`,
      'TCB Signing certificate',
      (state) => valueOf(document(state).chain)?.first,
      `${id}.signer.certificates`,
    ),
    step('signature', `The ${what} is signed by the TCB Signing key`, [`${id}.signer.certificates`], (state) =>
      signatureFinding(document(state), what),
    ),
    step('issued', `The ${what} has been issued`, [], (state, { window }) =>
      begunFinding(state, window, `the ${what}`),
    ),
    step('current', `The ${what} is current`, [], (state, { window }) =>
      currentFinding(state, window, `the ${what}`, remedy),
    ),
    step('kind', `The ${what} is for this kind of quote`, [], (_state, content) => {
      const details = { expected: kind, actual: `${content.id} version ${content.version}` }
      return isKind(content)
        ? pass('it is', details)
        : fail(`the ${what} is for another kind of evidence`, remedy, details)
    }),
  ]
}

function signatureFinding(document: SignedDocument<unknown>, what: string): Finding {
  if (document.signed.state === 'broken')
    return fail(`the signature of the ${what} cannot be read: ${document.signed.reason}`, refetch(`the ${what}`))
  if (documentJob(document)?.result === true) return pass('its signature verifies over the exact text')
  return fail(`the signature of the ${what} does not verify`, refetch(`the ${what}, and keep its exact text`))
}

function platformMatchSteps(tee: string): readonly Step<DcapState>[] {
  const step = (field: 'fmspc' | 'pceId', name: string): Step<DcapState> => ({
    id: `${tee}.tcb-info.${field.toLowerCase()}`,
    title: `The TCB info is for the platform's ${name}`,
    phase: 'authenticity',
    source: `${QVL}, "Get TCB Info"`,
    needs: [`${tee}.tcb-info.present`, `${tee}.pck.present`, `${tee}.pck.extensions`],
    check({ extensions, collateral }) {
      const expected = extensions?.[field] ?? NOTHING
      const actual = valueOf(collateral.tcbInfo.content)?.[field] ?? NOTHING
      const details = { expected: toHex(expected), actual: toHex(actual) }
      return equalBytes(expected, actual) && expected.length > 0
        ? pass('it is', details)
        : fail(
            `the TCB info is for ${name} ${details.actual}, the platform is ${details.expected}`,
            refetch('the TCB info'),
            details,
          )
    },
  })
  return [step('fmspc', 'FMSPC'), step('pceId', 'PCE id')]
}

const NOTHING: Uint8Array = new Uint8Array(0)

/** Steps that lead from the platform's key over the Quoting Enclave to the quote. */
export function quoteGroup(tee: string): StepGroup<DcapState> {
  const id = `${tee}.qe`
  return {
    id,
    title: 'Quoting Enclave and quote signature',
    steps: [
      {
        id: `${id}.report-signature`,
        title: "The Quoting Enclave's report is signed by the platform's key",
        phase: 'authenticity',
        source: QVL,
        needs: [`${tee}.pck.present`],
        check: ({ qeSignature }) =>
          qeSignature?.result === true
            ? pass('the signature verifies')
            : fail("the QE report is not signed by the platform's PCK key", REPLACE_EVIDENCE),
      },
      {
        id: `${id}.report-data`,
        title: "The Quoting Enclave's report names the attestation key",
        phase: 'authenticity',
        source: QVL,
        check: ({ qeBinding, quote }) =>
          qeBinding.result !== undefined && equalBytes(qeBinding.result, quote.qe.reportData.subarray(0, 32))
            ? pass('REPORTDATA is the digest of attestation key and authentication data')
            : fail('the QE report does not name the attestation key', REPLACE_EVIDENCE),
      },
      {
        id: `${id}.identity`,
        title: "The Quoting Enclave is Intel's",
        phase: 'authenticity',
        source: `${PCS}, "Get Quoting Enclave Identity"`,
        needs: [`${tee}.qe-identity.signature`],
        check: identityFinding,
      },
      {
        id: `${tee}.quote.signature`,
        title: 'The quote is signed by the attestation key',
        phase: 'authenticity',
        source: QVL,
        check: ({ quoteSignature }) =>
          quoteSignature?.result === true
            ? pass('the signature verifies')
            : fail('the signature of the quote does not verify', REPLACE_EVIDENCE),
      },
    ],
  }
}

function identityFinding({ collateral, quote }: DcapState): Finding {
  const identity = valueOf(collateral.qeIdentity.content)
  const difference = identity === undefined ? undefined : qeDifference(quote.qe, identity)
  if (identity !== undefined && difference === undefined)
    return pass('MISCSELECT, ATTRIBUTES, MRSIGNER and ISVPRODID are those of the QE identity')
  const { field, ...details } = difference ?? { field: 'identity', expected: '', actual: '' }
  return fail(`the Quoting Enclave is not the one of the QE identity: ${field} differs`, REPLACE_EVIDENCE, details)
}
