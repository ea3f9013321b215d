import { toHex } from '../core/bytes.ts'
import { compareOneOf, debugFinding, hardwareFinding } from '../core/compare.ts'
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
import type { Finding, Phase } from '../core/verdict.ts'
import { productOfAnchor } from './anchors.ts'
import { API } from './chain-steps.ts'
import { SEV_USAGE, sevUsageName } from './sev-certificate.ts'
import type { SevState } from './state.ts'

const REPORT = `${API}, ATTESTATION`
const MEASURE = `${API}, LAUNCH_MEASURE`
const POLICY = `${API}, chapter 3 "Guest policy"`
const NO_GUEST = 'certificates of a platform vouch for no guest'

function step(
  id: string,
  title: string,
  phase: Phase,
  source: string,
  check: (state: SevState) => Finding,
): Step<SevState> {
  return { id: `sev.${id}`, title, phase, source, check }
}

function waivable(one: Step<SevState>): Step<SevState> {
  return { ...one, waivable: true }
}

function reportSigner({ evidence }: SevState): Finding {
  if (evidence.kind !== 'report') return notApplicable('this is no attestation report')
  const { signatureUsage, signatureAlgorithm } = evidence.report
  const actual = `${sevUsageName(signatureUsage)}, algorithm ${signatureAlgorithm}`
  return signatureUsage === SEV_USAGE.pek && signatureAlgorithm === 2
    ? pass('the report says that a PEK signed it with ECDSA and SHA-256', { actual })
    : fail('the report names a signer or algorithm that the firmware does not use', REPLACE_EVIDENCE, {
        expected: 'PEK, algorithm 2',
        actual,
      })
}

function reportSignature({ evidence, certificates, reportSignature }: SevState): Finding {
  if (evidence.kind !== 'report') return notApplicable('this is no attestation report')
  if (certificates.pek === undefined) return notApplicable('there is no PEK')
  if (reportSignature?.result === true) return pass('the PEK signed this report')
  return fail(
    'the PEK did not sign this report',
    mend('give the PEK of the platform that made the report, or ask for a new report', 'workload-owner'),
  )
}

function launchKnown({ evidence, launch }: SevState): Finding {
  if (evidence.kind !== 'launch') return notApplicable('this is no launch measurement')
  if (launch !== undefined) return pass('the TIK, firmware version and policy of the launch are known')
  return unchecked(
    'nobody gave the TIK of this launch, so that its MAC means nothing',
    mend('pass `launch` with the TIK, API version, build and policy'),
  )
}

function launchMac({ evidence, launch, candidates, matched }: SevState): Finding {
  if (evidence.kind !== 'launch') return notApplicable('this is no launch measurement')
  if (launch === undefined || candidates.length === 0) {
    return unchecked(
      'the MAC can be recomputed only from a launch digest that you accept',
      mend('pass the digests you accept as `measurement`'),
    )
  }
  if (matched !== undefined)
    return pass('the MAC is that of a launch digest you accept, under your TIK', { actual: matched })
  return fail(
    'the MAC is of none of these: another launch digest, policy, firmware version or TIK, or no genuine firmware made it',
    mend(
      'do not send the secret; compare API version, build, policy and launch digest with those of the launch',
      'workload-owner',
    ),
    { actual: toHex(evidence.measure.measure) },
  )
}

/** What proves a guest: the PEK's signature, or the MAC under the owner's key. */
export const EVIDENCE_STEPS: StepGroup<SevState> = {
  id: 'sev.evidence',
  title: 'Report or launch measurement',
  steps: [
    step('report.signer', 'The report names the PEK as its signer', 'authenticity', REPORT, reportSigner),
    step('report.signature', 'The PEK signed the report', 'authenticity', REPORT, reportSignature),
    step('launch.known', 'What the guest owner knows of the launch is at hand', 'authenticity', MEASURE, launchKnown),
    step('launch.mac', 'The launch measurement has the MAC of an accepted launch', 'authenticity', MEASURE, launchMac),
  ],
}

function guest({ evidence }: SevState): Finding {
  if (evidence.kind !== 'platform') return pass('the evidence is of a guest', { actual: evidence.kind })
  return unchecked(
    NO_GUEST,
    mend(
      'get a launch measurement, or an attestation report; or waive this check if the platform is all you ask about',
    ),
  )
}

function debug({ evidence, policy, expect }: SevState): Finding {
  if (policy !== undefined) return debugFinding(!policy.noDebug, 'policy bit 0 is not set', expect)
  return evidence.kind === 'platform' ? notApplicable(NO_GUEST) : policyUnknown()
}

function policyUnknown(): Finding {
  return unchecked('the policy of the launch is not known', mend('pass `launch`'))
}

function policyReserved({ evidence, policy }: SevState): Finding {
  if (policy === undefined) return evidence.kind === 'platform' ? notApplicable(NO_GUEST) : policyUnknown()
  if (policy.reserved === 0) return pass('no reserved bit of the policy is set', { expected: '0', actual: '0' })
  return fail(
    'reserved bits of the policy are set',
    mend('launch the guest with a policy of known bits', 'workload-owner'),
    { expected: '0', actual: policy.reserved.toString(16) },
  )
}

const BITS = ['noKeySharing', 'encryptedState', 'noSend', 'domainOnly', 'sevOnly'] as const
const RISKS = {
  noKeySharing: 'other guests may share its key',
  encryptedState: 'its registers are not encrypted (plain SEV)',
  noSend: 'it may be sent to another platform',
} as const

function policyAsExpected({ evidence, policy, expect }: SevState): Finding {
  if (policy === undefined) return evidence.kind === 'platform' ? notApplicable(NO_GUEST) : policyUnknown()
  for (const bit of BITS) {
    const wanted = expect.policy?.[bit]
    if (wanted !== undefined && wanted !== policy[bit]) {
      return fail(
        `policy bit ${bit} is not as expected`,
        mend(`launch the guest with ${bit} ${wanted ? 'set' : 'clear'}`, 'workload-owner'),
        { expected: String(wanted), actual: String(policy[bit]) },
      )
    }
  }
  const open = (['noKeySharing', 'encryptedState', 'noSend'] as const).filter(
    (bit) => !policy[bit] && expect.policy?.[bit] === undefined,
  )
  if (open.length === 0)
    return pass('the policy is as expected', { actual: BITS.filter((bit) => policy[bit]).join(', ') || 'no bit set' })
  return unchecked(
    open.map((bit) => RISKS[bit]).join('; '),
    mend(`launch it with ${open.join(', ')} set, or accept this with \`policy\``),
  )
}

function measurement({ evidence, matched, expect }: SevState): Finding {
  if (evidence.kind === 'platform') return notApplicable(NO_GUEST)
  const what = 'the launch digest'
  if (evidence.kind === 'report')
    return compareOneOf(
      { what, actual: toHex(evidence.report.launchDigest), option: 'measurement' },
      expect.measurement,
    )
  return matched === undefined
    ? unchecked('no launch digest was confirmed', mend('pass the digests you accept as `measurement`'))
    : pass('the launch digest is one you accept', { actual: matched })
}

function freshness({ evidence, expect }: SevState): Finding {
  if (evidence.kind === 'platform') return notApplicable(NO_GUEST)
  if (evidence.kind === 'report') {
    const actual = toHex(evidence.report.mnonce)
    if (expect.nonce !== undefined) {
      return actual === expect.nonce
        ? pass('the nonce is yours', { actual })
        : fail(
            'the nonce is not yours: the report was made for another exchange, or replayed',
            mend(`have the host ask for a report with the nonce ${expect.nonce}`, 'platform-owner'),
            { expected: expect.nonce, actual },
          )
    }
    return unchecked(
      'nothing shows when this report was asked for: it may be a replay',
      mend('choose a nonce of 16 bytes, have the host pass it, and give it as `nonce`'),
    )
  }
  if (expect.tikIsFresh === true)
    return pass('the TIK was made for this launch alone, as you say', { expected: 'tikIsFresh' })
  return unchecked(
    'a measurement is as fresh as the TIK it was made with',
    mend('make a TIK for each launch and say so with `tikIsFresh`'),
  )
}

function firmware({ certificates: { pek }, launch, expect: { minFirmware } }: SevState): Finding {
  const found =
    launch === undefined ? pek && [pek.apiMajor, pek.apiMinor] : [launch.apiMajor, launch.apiMinor, launch.buildId]
  if (found === undefined)
    return unchecked('the firmware version is not known', mend('give the PEK certificate, or `launch`'))
  const actual = found.join('.')
  if (minFirmware === undefined)
    return unchecked(
      'the firmware version was compared with nothing: old versions have known holes',
      mend(`if ${actual} is late enough, say so with \`minFirmware\``),
      { actual },
    )
  const wanted = [minFirmware.major ?? 0, minFirmware.minor ?? 0, minFirmware.build ?? 0].slice(0, found.length)
  const first = wanted.findIndex((value, i) => value !== found[i])
  const details = { expected: `at least ${wanted.join('.')}`, actual }
  if (first === -1 || (found[first] as number) > (wanted[first] as number))
    return pass('the firmware is late enough', details)
  return fail('the SEV firmware is too old', mend('update the SEV firmware', 'platform-owner'), details)
}

function keyFinding(
  place: 'oca' | 'cek',
  what: string,
  option: string,
  accepted: readonly string[] | undefined,
  { keys }: SevState,
): Finding {
  const found = keys[place]?.result
  if (accepted === undefined) return notApplicable(`any ${what} will do`)
  if (found === undefined)
    return unchecked(`the ${what} is not known`, mend(`give the ${place.toUpperCase()} certificate`))
  return compareOneOf({ what: `the ${what}`, actual: toHex(found), option }, accepted)
}

function product({ anchor, certificates, expect }: SevState): Finding {
  if (expect.products === undefined) return notApplicable('any product will do')
  if (certificates.ark === undefined) return unchecked('the product is not known', mend('give the ARK certificate'))
  return compareOneOf(
    { what: 'the product', actual: productOfAnchor(anchor) ?? 'unknown', option: 'products' },
    expect.products,
  )
}

/** What the relying party wants. */
export const APPRAISAL_STEPS: StepGroup<SevState> = {
  id: 'sev.appraisal',
  title: 'Expectations',
  steps: [
    {
      ...step('hardware', 'A hardware vendor stands behind the chain', 'appraisal', API, ({ anchor, expect }) =>
        anchor === undefined ? notApplicable('the chain ends at no trusted root') : hardwareFinding(anchor, expect),
      ),
      needs: ['sev.ark.pinned'],
    },
    waivable(step('guest', 'The evidence is of a guest', 'appraisal', API, guest)),
    step('debug', 'Debugging is off', 'appraisal', POLICY, debug),
    step('policy.reserved', 'The policy has only bits that are known', 'appraisal', POLICY, policyReserved),
    waivable(step('expect.policy', 'The policy is as expected', 'appraisal', POLICY, policyAsExpected)),
    waivable(
      step('expect.measurement', 'The guest was launched from accepted code', 'appraisal', MEASURE, measurement),
    ),
    waivable(step('expect.freshness', 'The evidence was made for this exchange', 'appraisal', MEASURE, freshness)),
    waivable(step('expect.firmware', 'The SEV firmware is late enough', 'appraisal', MEASURE, firmware)),
    waivable(
      step('expect.owner', 'The owner of the platform is an accepted one', 'appraisal', API, (state) =>
        keyFinding('oca', 'owner (OCA)', 'owners', state.expect.owners, state),
      ),
    ),
    waivable(
      step('expect.hardware-id', 'The chip is an accepted one', 'appraisal', API, (state) =>
        keyFinding('cek', 'chip (CEK)', 'hardwareIds', state.expect.hardwareIds, state),
      ),
    ),
    waivable(step('expect.product', 'The product is an accepted one', 'appraisal', API, product)),
  ],
}
