import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import { isPresent } from '../core/part.ts'
import { isoTime } from '../core/time.ts'
import type { Finding } from '../core/verdict.ts'
import { KEY_USAGE } from '../x509/certificate.ts'
import type { Crl } from '../x509/crl.ts'
import { fetchCrl, quoted } from './remedies.ts'
import { PATH } from './sources.ts'
import type { ChainState } from './state.ts'

const LIST = 'the revocation list'

function step(id: string, needs: readonly string[], check: (state: ChainState) => Finding): Step<ChainState> {
  return { id: `snp.crl.${id}`, phase: 'authenticity', source: PATH, needs, check }
}

/** A step about a list that was read. */
function crlStep(
  id: string,
  needs: readonly string[],
  check: (crl: Crl, state: ChainState) => Finding,
): Step<ChainState> {
  return step(id, ['snp.crl.well-formed', ...needs], (state) => {
    const { value } = state.parts.crl
    return value === undefined ? notApplicable(`${LIST} is missing`) : check(value, state)
  })
}

function present(state: ChainState): Finding {
  if (isPresent(state.parts.crl)) return pass()
  return unchecked(`${LIST} is missing: a revoked ASK or ASVK would pass (AMD has revoked one)`, fetchCrl(state))
}

function wellFormed(state: ChainState): Finding {
  const { error, value } = state.parts.crl
  if (error !== undefined) return fail(`${LIST} cannot be read: ${error.message}`, fetchCrl(state))
  return value === undefined ? notApplicable(`${LIST} is missing`) : pass()
}

function issuer(crl: Crl, state: ChainState): Finding {
  const { subject: ark, keyUsage } = state.links[2].certificate ?? {}
  const details = { expected: quoted(ark?.commonName), actual: quoted(crl.issuer.commonName) }
  if (crl.issuer.key !== ark?.key)
    return fail(`${LIST} is of another issuer: it says nothing about this chain`, fetchCrl(state), details)
  return keyUsage?.has(KEY_USAGE.crlSign) === false
    ? fail(`${LIST} is of an authority that must not sign lists`, fetchCrl(state), { expected: 'cRLSign' })
    : pass(undefined, details)
}

function extensions({ unknownCritical }: Crl, state: ChainState): Finding {
  const [unknown] = unknownCritical
  if (unknown === undefined) return pass()
  return fail(`${LIST} has a critical extension that is not known: ${unknown}`, fetchCrl(state), { actual: unknown })
}

function signature(_: Crl, state: ChainState): Finding {
  if (state.crlSignature?.result === true) return pass()
  return fail(
    `the signature of ${LIST} does not verify with the key of the ARK: it is forged or damaged`,
    fetchCrl(state),
  )
}

function notBefore({ thisUpdate }: Crl, { at }: ChainState): Finding {
  const date = isoTime(thisUpdate)
  const expected = `at or after ${date}`
  if (at >= thisUpdate) return pass(undefined, { expected })
  return fail(
    `${LIST} is of ${date}, later than the time of judging`,
    mend('use the list that was current then, or judge at a later time'),
    { expected, actual: isoTime(at) },
  )
}

function notAfter({ nextUpdate }: Crl, state: ChainState): Finding {
  if (nextUpdate === undefined)
    return fail(`${LIST} does not say until when it is current`, fetchCrl(state), { expected: 'nextUpdate' })
  const date = isoTime(nextUpdate)
  const expected = `until ${date}`
  if (state.at <= nextUpdate) return pass(undefined, { expected })
  return fail(`${LIST} is stale: the next one came by ${date}`, fetchCrl(state), {
    expected,
    actual: isoTime(state.at),
  })
}

function notRevoked({ revoked }: Crl, { links: [, ...issuers] }: ChainState): Finding {
  const serials: string[] = []
  for (const { name, certificate } of issuers) {
    if (certificate === undefined) continue
    const serial = `0x${certificate.serial}`
    if (revoked.has(certificate.serial))
      return fail(
        `the ${name} with serial 0x${certificate.serial} is revoked by AMD`,
        mend('fetch the current chain from AMD, and a leaf that it issued'),
        { actual: serial },
      )
    serials.push(serial)
  }
  return pass(undefined, { actual: serials.join(', ') })
}

/** Revocation of the certificates above the leaf. Leafs are not revoked: a new TCB replaces them. */
export const CRL_STEPS: StepGroup<ChainState> = {
  id: 'snp.revocation',
  steps: [
    { ...step('present', [], present), waivable: true },
    step('well-formed', [], wellFormed),
    crlStep('issuer', ['snp.ark.well-formed'], issuer),
    crlStep('extensions', [], extensions),
    crlStep('signature', ['snp.crl.issuer'], signature),
    crlStep('not-before', [], notBefore),
    crlStep('not-after', [], notAfter),
    crlStep('not-revoked', ['snp.crl.signature', 'snp.intermediate.well-formed'], notRevoked),
  ],
}
