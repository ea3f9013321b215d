import { toHex } from '../core/bytes.ts'
import {
  fail,
  mend,
  notApplicable,
  pass,
  REPLACE_EVIDENCE,
  type Step,
  type StepGroup,
  unchecked,
} from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { begunFinding, chainSteps, currentFinding, givenFinding, refetch } from './chain-steps.ts'
import { type Part, valueOf } from './part.ts'
import type { PckExtensions } from './pck.ts'
import type { DcapState } from './state.ts'
import { authentic, finding, PCK_PROFILE, QVL } from './steps.ts'

const INTEL_QE_VENDOR = '939a7233f79c4ca9940a0db3957f0607'

const KINDS: Readonly<Record<number, string>> = {
  1: 'the PPID',
  2: 'the encrypted PPID',
  3: 'the encrypted PPID',
  4: 'a PCK certificate without its chain',
}

const NAME_PCK = mend('make a quote with the PCK chain in it (type 5)', 'workload-owner')

function presentFinding({ pck, quote }: DcapState): Finding {
  const { type } = quote.certification
  // A manifest registers a platform: a chain from elsewhere does not make it one that names this quote's certificate.
  if (type === 7)
    return unchecked(
      'certification data of type 7, a platform manifest, is unsupported: it names no PCK certificate',
      NAME_PCK,
    )
  if (pck.state !== 'absent') return pass()
  return unchecked(
    `the quote holds ${KINDS[type] ?? 'nothing'} (certification data type ${type}), and the collateral has no PCK chain`,
    mend('fetch the PCK certificate for this platform and pass its chain as `pck_certificate_chain`'),
  )
}

/** `root` or `pck`: whose certificates a CRL is about, and with which words. */
function crlSteps(which: 'root' | 'pck', what: string, issuerStep: string): readonly Step<DcapState>[] {
  const id = `crl.${which}`
  const part = ({ collateral }: DcapState): Part<Crl> => collateral[`${which}Crl`]
  const step = (
    name: string,
    needs: readonly string[],
    check: (crl: Crl, state: DcapState) => Finding,
  ): Step<DcapState> =>
    authentic(`${id}.${name}`, PCK_PROFILE, needs, (state) => {
      const crl = valueOf(part(state))
      return crl === undefined ? notApplicable(`there is no ${what}`) : check(crl, state)
    })
  return [
    {
      ...authentic(`${id}.present`, PCK_PROFILE, [], (state: DcapState) => givenFinding(part(state), what)),
      waivable: true,
    },
    step('issuer', [issuerStep], (crl, { pck }) => {
      const issuer = issuerOf(which, pck)
      const details = { expected: nameOf(issuer?.subject), actual: nameOf(crl.issuer) }
      if (issuer?.key === undefined || crl.issuer.key !== issuer.subject.key)
        return fail(`the ${what} is issued by another CA`, refetch(what), details)
      return issuer.keyUsage?.has(KEY_USAGE.crlSign) === true
        ? pass(undefined, details)
        : fail(`the ${what} has an issuer that may not sign CRLs`, refetch(what), { expected: 'cRLSign' })
    }),
    step('extensions', [], ({ unknownCritical: [unknown] }) =>
      unknown === undefined
        ? pass()
        : fail(`the ${what} has an unknown critical extension`, refetch(what), { actual: unknown }),
    ),
    step('signature', [`${id}.issuer`, `${id}.extensions`], (crl, { pck }) => {
      const key = issuerOf(which, pck)?.key
      return key !== undefined && crl.signed.by(key)?.result === true
        ? pass()
        : fail(`the ${what} has a signature that does not verify`, refetch(what))
    }),
    step('issued', [], ({ thisUpdate }, state) => begunFinding(state, thisUpdate, what)),
    step('current', [], ({ nextUpdate }, state) => currentFinding(state, nextUpdate, what)),
  ]
}

function issuerOf(which: 'root' | 'pck', pck: DcapState['pck']): Certificate | undefined {
  const chain = valueOf(pck)
  return which === 'root' ? chain?.root : chain?.issuer
}

function nameOf(name: Crl['issuer'] | undefined): string {
  return JSON.stringify(name?.commonName?.slice(0, 64) ?? '')
}

const CERTIFY_ANEW = mend(
  'Intel no longer vouches for this key: use another platform, or have this one certified anew',
  'platform-owner',
)

/** A step that looks a certificate up in the CRL of its issuer. */
export function revocationStep(
  id: string,
  which: 'root' | 'pck',
  what: string,
  needs: string,
  certificate: (state: DcapState) => Certificate | undefined,
): Step<DcapState> {
  return authentic(id, PCK_PROFILE, [needs, `crl.${which}.signature`], (state) => {
    const crl = valueOf(state.collateral[`${which}Crl`])
    const subject = certificate(state)
    if (crl === undefined || subject === undefined) return notApplicable('there is no CRL to look it up in')
    const actual = `0x${subject.serial}`
    return crl.revoked.has(subject.serial)
      ? fail(`the ${what} (serial ${subject.serial}) is revoked`, CERTIFY_ANEW, { actual })
      : pass(undefined, { actual })
  })
}

function platformText({ fmspc, pceId }: PckExtensions): string {
  return `FMSPC ${toHex(fmspc)}, PCEID ${toHex(pceId)}`
}

/** Steps about the quote's header, the platform's certificates and their revocation. */
export const PLATFORM_GROUPS: readonly StepGroup<DcapState>[] = [
  {
    id: 'quote',
    steps: [
      authentic('quote.qe-vendor', QVL, [], ({ quote }) => {
        const vendor = toHex(quote.header.qeVendorId)
        return finding(
          vendor === INTEL_QE_VENDOR,
          'the QE vendor id is not that of Intel',
          REPLACE_EVIDENCE,
          INTEL_QE_VENDOR,
          vendor,
        )
      }),
    ],
  },
  {
    id: 'pck',
    steps: [
      authentic('pck.present', QVL, [], presentFinding),
      ...chainSteps('pck', 'PCK chain', (state) => state.pck, 'pck.present'),
      authentic('pck.extensions', PCK_PROFILE, ['pck.certificates'], ({ pck }) => {
        const extensions = valueOf(pck)?.extensions
        if (typeof extensions === 'string')
          return fail(`the SGX extensions cannot be read: ${extensions}`, refetch('PCK chain'))
        return extensions === undefined ? pass() : pass(undefined, { actual: platformText(extensions) })
      }),
    ],
  },
  {
    id: 'crl',
    steps: [
      ...crlSteps('root', 'root CA CRL', 'pck.root'),
      ...crlSteps('pck', 'PCK CRL', 'pck.chain'),
      ...chainSteps('crl.pck-issuer', 'PCK CRL issuer chain', (state) => state.collateral.pckCrlChain),
      revocationStep('pck.ca-revocation', 'root', 'PCK CA', 'pck.certificates', ({ pck }) => valueOf(pck)?.issuer),
      revocationStep('pck.revocation', 'pck', 'PCK certificate', 'pck.certificates', ({ pck }) => valueOf(pck)?.first),
    ],
  },
]
