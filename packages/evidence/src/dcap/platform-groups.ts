import { fail, notApplicable, pass, REPLACE_EVIDENCE, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding, Phase, Remedy } from '../core/verdict.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import { begunFinding, chainSteps, currentFinding, PCK_PROFILE, QVL, refetch } from './chain-steps.ts'
import type { DatedCrl } from './collateral.ts'
import { type Part, valueOf } from './part.ts'
import type { DcapState } from './state.ts'

const INTEL_QE_VENDOR = [
  0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07,
] as const

const REFETCH_PCK = refetch('the PCK certificate chain')

/** Steps about the quote's header, the platform's certificates and their revocation. */
export function platformGroups(tee: string): readonly StepGroup<DcapState>[] {
  return [
    { id: `${tee}.quote`, title: 'Quote', steps: [vendorStep(tee)] },
    { id: `${tee}.pck`, title: 'Platform certificate', steps: pckSteps(tee) },
    {
      id: `${tee}.crl`,
      title: 'Revocation',
      steps: [...crlSteps(tee, 'root'), ...pckCrlSteps(tee), ...revocationSteps(tee)],
    },
  ]
}

function vendorStep(tee: string): Step<DcapState> {
  return {
    id: `${tee}.quote.qe-vendor`,
    title: "The quote names Intel's Quoting Enclave",
    phase: 'authenticity',
    source: `${QVL}, appendix A.3.1`,
    check: ({ quote }) =>
      INTEL_QE_VENDOR.every((byte, i) => quote.header.qeVendorId[i] === byte)
        ? pass('the QE vendor id is that of Intel')
        : fail('the QE vendor id is not that of Intel', REPLACE_EVIDENCE, {
            expected: '939a7233f79c4ca9940a0db3957f0607',
          }),
  }
}

function pckSteps(tee: string): readonly Step<DcapState>[] {
  const id = `${tee}.pck`
  return [
    {
      id: `${id}.present`,
      title: 'There is a PCK certificate chain',
      phase: 'authenticity',
      source: `${QVL}, appendix A.3.10`,
      check: presentFinding,
    },
    ...chainSteps({
      id,
      what: 'PCK chain',
      chain: (state) => state.pck,
      remedy: REFETCH_PCK,
      present: `${id}.present`,
    }),
    {
      id: `${id}.extensions`,
      title: 'The PCK certificate says which platform it belongs to',
      phase: 'authenticity',
      source: `${PCK_PROFILE}, section 1.3.5`,
      needs: [`${id}.certificates`],
      check({ pck }) {
        const extensions = valueOf(pck)?.extensions
        return typeof extensions === 'string'
          ? fail(`the SGX extensions cannot be read: ${extensions}`, REFETCH_PCK)
          : pass('the SGX extensions are complete')
      },
    },
  ]
}

const KINDS: Readonly<Record<number, string>> = {
  1: 'the PPID',
  2: 'the encrypted PPID',
  3: 'the encrypted PPID',
  4: 'a PCK certificate without its chain',
  7: 'a platform manifest',
}

function presentFinding({ pck, quote }: DcapState): Finding {
  if (pck.state !== 'absent') return pass('the chain is there')
  const { type } = quote.certification
  return unchecked(
    `the quote holds ${KINDS[type] ?? 'nothing'} (certification data type ${type}) instead of a PCK chain, and the collateral has none`,
    {
      action: 'fetch the PCK certificate for this platform and pass its chain as `pck_certificate_chain`',
      by: 'relying-party',
    },
  )
}

const WORDS = { root: 'root CA CRL', pck: 'PCK CRL' } as const

function crlSteps(tee: string, which: 'root' | 'pck'): readonly Step<DcapState>[] {
  const id = `${tee}.crl.${which}`
  const what = WORDS[which]
  const remedy = refetch(`the ${what}`)
  const part = (state: DcapState): Part<DatedCrl> =>
    which === 'root' ? state.collateral.rootCrl : state.collateral.pckCrl
  const step = (
    name: string,
    title: string,
    needs: readonly string[],
    check: (state: DcapState, crl: DatedCrl) => Finding,
  ): Step<DcapState> => ({
    id: `${id}.${name}`,
    title,
    phase: 'authenticity',
    source: `${PCK_PROFILE}, section 1.4`,
    needs,
    check(state) {
      const crl = valueOf(part(state))
      return crl === undefined ? notApplicable(`there is no ${what} to look at`) : check(state, crl)
    },
  })
  return [
    {
      id: `${id}.present`,
      title: `There is a ${what}`,
      phase: 'authenticity',
      source: `${PCK_PROFILE}, section 1.4`,
      waivable: true,
      check: (state) => givenFinding(part(state), what, remedy),
    },
    step(
      'signature',
      `The ${what} is signed by the CA it speaks for`,
      [`${tee}.pck.${which === 'root' ? 'root' : 'chain'}`],
      (state, crl) =>
        crlSignatureFinding(
          crl,
          which === 'root' ? valueOf(state.pck)?.root : valueOf(state.pck)?.issuer,
          what,
          remedy,
        ),
    ),
    step('issued', `The ${what} has been issued`, [], (state, { window }) =>
      begunFinding(state, window, `the ${what}`),
    ),
    step('current', `The ${what} is current`, [], (state, { window }) =>
      currentFinding(state, window, `the ${what}`, remedy),
    ),
  ]
}

function pckCrlSteps(tee: string): readonly Step<DcapState>[] {
  return [
    ...crlSteps(tee, 'pck'),
    ...chainSteps({
      id: `${tee}.crl.pck-issuer`,
      what: 'PCK CRL issuer chain',
      chain: (state) => state.collateral.pckCrlChain,
      remedy: refetch('the PCK CRL'),
      optional: true,
    }),
  ]
}

/** Whether a part was given and can be read. */
export function givenFinding(part: Part<unknown>, what: string, remedy: Remedy): Finding {
  if (part.state === 'present') return pass('it is there and readable')
  if (part.state === 'absent') return unchecked(`no ${what} was given`, remedy)
  return fail(`the ${what} cannot be read: ${part.reason}`, remedy)
}

function crlSignatureFinding(crl: DatedCrl, issuer: Certificate | undefined, what: string, remedy: Remedy): Finding {
  if (issuer?.key === undefined || crl.issuer.key !== issuer.subject.key)
    return fail(`the ${what} is issued by another CA`, remedy)
  if (crl.unknownCritical.length > 0) return fail(`the ${what} has an unknown critical extension`, remedy)
  if (issuer.keyUsage?.has(KEY_USAGE.crlSign) !== true)
    return fail(`the issuer of the ${what} may not sign CRLs`, remedy)
  return crl.signed.by(issuer.key)?.result === true
    ? pass('its signature verifies')
    : fail(`the signature of the ${what} does not verify`, remedy)
}

function revocationSteps(tee: string): readonly Step<DcapState>[] {
  return [
    revocationStep(
      `${tee}.pck.ca-revocation`,
      `${tee}.crl.root`,
      'PCK CA',
      (state) => valueOf(state.pck)?.issuer,
      `${tee}.pck.certificates`,
    ),
    revocationStep(
      `${tee}.pck.revocation`,
      `${tee}.crl.pck`,
      'PCK certificate',
      (state) => valueOf(state.pck)?.first,
      `${tee}.pck.certificates`,
    ),
  ]
}

/** A step that looks a certificate up in the CRL of its issuer. */
export function revocationStep(
  id: string,
  crlId: string,
  what: string,
  certificate: (state: DcapState) => Certificate | undefined,
  ...needs: readonly string[]
): Step<DcapState> {
  const phase: Phase = 'authenticity'
  return {
    id,
    title: `The ${what} is not revoked`,
    phase,
    source: `${PCK_PROFILE}, section 1.4`,
    needs: [...needs, `${crlId}.signature`],
    check(state) {
      const { rootCrl, pckCrl } = state.collateral
      const crl = valueOf(crlId.endsWith('root') ? rootCrl : pckCrl)
      const subject = certificate(state)
      if (crl === undefined || subject === undefined) return notApplicable('there is no CRL to look it up in')
      if (!crl.revoked.has(subject.serial)) return pass('its CRL does not list it')
      return fail(`the ${what} (serial ${subject.serial}) is revoked`, {
        action:
          'Intel no longer vouches for this key: run the workload on another platform, or ask the platform owner to have it certified anew',
        by: 'platform-owner',
      })
    },
  }
}
