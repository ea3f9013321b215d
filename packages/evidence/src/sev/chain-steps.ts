import { equalBytes, toHex } from '../core/bytes.ts'
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
import type { SignatureJob } from '../crypto/jobs.ts'
import { AMD_USAGE } from './amd-certificate.ts'
import type { SevPlace } from './certificates.ts'
import { SEV_USAGE, sevUsageName } from './sev-certificate.ts'
import type { SevSignatures, SevState } from './state.ts'

export const API = 'AMD 55766 (SEV API)'
const CHAIN = `${API}, chapter 2 "Key management" and appendices B, C`

const NEW_CHAIN = mend(
  'export the certificates of this platform again (PDH_CERT_EXPORT) and take CEK, ASK and ARK from AMD for the same chip and product',
  'platform-owner',
)

const USAGES: Readonly<Record<SevPlace, number>> = {
  ...AMD_USAGE,
  oca: SEV_USAGE.oca,
  pek: SEV_USAGE.pek,
  pdh: SEV_USAGE.pdh,
  cek: SEV_USAGE.cek,
}
const PLACES: readonly SevPlace[] = ['ark', 'ask', 'cek', 'oca', 'pek', 'pdh']

function step(
  id: string,
  title: string,
  check: (state: SevState) => Finding,
  needs: readonly string[] = [],
): Step<SevState> {
  return { id: `sev.${id}`, title, phase: 'authenticity', source: CHAIN, needs, check }
}

/** A PDH has no part in a report: the PEK signs that. */
function isWanted(place: SevPlace, { evidence }: SevState): boolean {
  return place !== 'pdh' || evidence.kind !== 'report'
}

function present(place: SevPlace): Step<SevState> {
  const name = place.toUpperCase()
  return step(`${place}.present`, `The ${name} certificate is at hand`, (state) => {
    if (state.certificates[place] !== undefined) return pass(`there is a ${name} certificate`)
    if (!isWanted(place, state)) return notApplicable('the PEK signs reports; no PDH has a part in them')
    return unchecked(
      `no ${name} certificate was given`,
      place === 'ark' || place === 'ask' || place === 'cek'
        ? mend(`get it from AMD's key service and pass it with the collateral`)
        : mend('have the platform export it (PDH_CERT_EXPORT) and pass it with the collateral', 'platform-owner'),
    )
  })
}

function usage({ certificates }: SevState): Finding {
  for (const place of PLACES) {
    const certificate = certificates[place]
    if (certificate !== undefined && certificate.usage !== USAGES[place]) {
      return fail(`in the place of the ${place.toUpperCase()} stands a certificate of another usage`, NEW_CHAIN, {
        expected: place.toUpperCase(),
        actual: sevUsageName(certificate.usage),
      })
    }
  }
  const given = PLACES.filter((place) => certificates[place] !== undefined)
  return pass('each certificate has the usage of its place', { actual: given.join(', ').toUpperCase() })
}

function keyIds({ certificates: { ark, ask } }: SevState): Finding {
  if (ark === undefined) return notApplicable('there is no ARK')
  const expected = toHex(ark.keyId)
  if (!equalBytes(ark.keyId, ark.certifyingKeyId))
    return fail('the ARK names another key as its issuer', NEW_CHAIN, { expected, actual: toHex(ark.certifyingKeyId) })
  const details = { expected, actual: toHex((ask ?? ark).certifyingKeyId) }
  if (ask === undefined || equalBytes(ask.certifyingKeyId, ark.keyId))
    return pass('the ASK names the ARK as its issuer', details)
  return fail('the ASK names another issuer than this ARK', NEW_CHAIN, details)
}

function algorithms({ certificates: { ark, ask, cek, pek, pdh } }: SevState): Finding {
  if (ark !== undefined && ask !== undefined && ark.bits !== ask.bits)
    return fail('ARK and ASK have keys of different sizes', NEW_CHAIN, {
      expected: `RSA ${ark.bits}`,
      actual: `RSA ${ask.bits}`,
    })
  for (const [name, one] of [
    ['CEK', cek],
    ['PEK', pek],
    ['PDH', pdh],
  ] as const) {
    const agrees = (one === undefined ? 0 : one.algorithm & 0xff) === 3
    if (one !== undefined && (one.key.kind !== 'P-384' || agrees !== (name === 'PDH'))) {
      return fail(`the ${name} has a key of a kind that AMD does not give it`, NEW_CHAIN, {
        expected: `${name === 'PDH' ? 'ECDH' : 'ECDSA'} on P-384`,
        actual: `algorithm ${one.algorithm} on ${one.key.kind}`,
      })
    }
  }
  return pass('all keys are of the kinds that AMD uses')
}

function pinned({ certificates, anchor, keys }: SevState): Finding {
  if (certificates.ark === undefined) return notApplicable('there is no ARK')
  const actual = keys.ark?.result === undefined ? '' : toHex(keys.ark.result)
  if (anchor !== undefined) return pass(`the ARK is ${anchor.name}`, { anchor: anchor.id, actual })
  return fail(
    'the ARK is none that is trusted',
    mend("use the ARK of AMD's key service for this product, or name this root as an anchor of your own"),
    { actual },
  )
}

function arkSignature(state: SevState): Finding {
  const {
    certificates: { ark },
    anchor,
  } = state
  if (ark !== undefined && ark.signature === undefined) {
    return anchor === undefined
      ? fail('the ARK has no signature, and is none that is trusted', mend('use the file that has one'))
      : pass('the ARK was published without a signature; its key is pinned')
  }
  return signed('ark', 'ARK', 'itself', [ark])(state)
}

function signed(
  which: keyof SevSignatures,
  name: string,
  issuer: string,
  parts: readonly unknown[],
): (state: SevState) => Finding {
  return ({ signatures }) =>
    parts.includes(undefined) ? notApplicable('a certificate is missing') : verdictOn(signatures[which], name, issuer)
}

function verdictOn(job: SignatureJob | undefined, name: string, issuer: string): Finding {
  if (job?.result === true) return pass(`the ${name} is signed by ${issuer}`)
  const why = job === undefined ? `has no one signature by ${issuer} that can be checked` : `is not signed by ${issuer}`
  return fail(`the ${name} ${why}`, job === undefined ? NEW_CHAIN : REPLACE_EVIDENCE)
}

function signature(
  id: string,
  title: string,
  which: keyof SevSignatures,
  subject: SevPlace,
  issuer: SevPlace,
): Step<SevState> {
  return step(id, title, (state) => {
    const { certificates } = state
    return signed(which, subject.toUpperCase(), subject === issuer ? 'itself' : `this ${issuer.toUpperCase()}`, [
      certificates[subject],
      certificates[issuer],
    ])(state)
  })
}

/** AMD's chain: ARK, ASK, CEK; the owner's: OCA; both over the PEK; the PEK over the PDH. */
export const CHAIN_STEPS: StepGroup<SevState> = {
  id: 'sev.chain',
  title: 'Certificates',
  steps: [
    step('certificates.well-formed', 'The certificates given can be read', ({ error }) =>
      error === undefined
        ? pass('every certificate can be read')
        : fail(`certificates cannot be read: ${error.message}`, NEW_CHAIN, { expected: error.expected }),
    ),
    ...PLACES.map(present),
    step('chain.usage', 'Each certificate has the usage of its place', usage),
    step('chain.key-ids', 'The ASK names the ARK', keyIds),
    step('chain.algorithms', 'Keys are of the kinds that AMD uses', algorithms),
    step('ark.pinned', 'The chain ends at a root key that is trusted', pinned),
    step('ark.signature', 'The ARK is signed by itself, or pinned', arkSignature),
    signature('ask.signature', 'The ASK is signed by the ARK', 'ask', 'ask', 'ark'),
    signature('cek.signature', 'The CEK is signed by the ASK', 'cek', 'cek', 'ask'),
    signature('oca.signature', 'The OCA is signed by itself', 'oca', 'oca', 'oca'),
    signature('pek.cek-signature', 'The PEK is signed by the CEK: it is of this chip', 'pekByCek', 'pek', 'cek'),
    signature('pek.oca-signature', 'The PEK is signed by the OCA: it is of this owner', 'pekByOca', 'pek', 'oca'),
    signature('pdh.signature', 'The PDH is signed by the PEK', 'pdh', 'pdh', 'pek'),
  ],
}
