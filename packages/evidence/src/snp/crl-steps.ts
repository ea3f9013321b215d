import { fail, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import type { Crl } from '../x509/crl.ts'
import { isPresent } from './collateral.ts'
import { AMD_KDS, kdsCrlPath } from './kds.ts'
import type { ChainState } from './state.ts'

const SOURCE = 'RFC 5280, section 6.3.3; AMD 57230, certificate revocation list'

function fetchCrl(state: ChainState): Remedy {
  const product = state.parts.ark.value?.subject.commonName?.slice(4) ?? ''
  const name = product === 'Milan' || product === 'Genoa' || product === 'Turin' ? product : '{Product}'
  return { action: `fetch the revocation list ${AMD_KDS}${kdsCrlPath(state.role, name)}`, by: 'relying-party' }
}

function crlStep(
  id: string,
  title: string,
  needs: readonly string[],
  check: (crl: Crl, state: ChainState) => Finding,
): Step<ChainState> {
  return {
    id: `snp.crl.${id}`,
    title,
    phase: 'authenticity',
    source: SOURCE,
    needs,
    check: (state) =>
      state.parts.crl.value === undefined
        ? notApplicable('no revocation list was given')
        : check(state.parts.crl.value, state),
  }
}

/** Revocation of the certificates above the leaf. Leafs are not revoked: a new TCB replaces them. */
export const CRL_STEPS: StepGroup<ChainState> = {
  id: 'snp.revocation',
  title: 'Revocation',
  steps: [
    {
      id: 'snp.crl.present',
      title: 'A revocation list is at hand',
      phase: 'authenticity',
      source: SOURCE,
      waivable: true,
      check: (state) =>
        isPresent(state.parts.crl)
          ? pass('a revocation list was given')
          : unchecked(
              'no revocation list was given: a revoked ASK or ASVK would pass (AMD has revoked one)',
              fetchCrl(state),
            ),
    },
    {
      id: 'snp.crl.well-formed',
      title: 'The revocation list can be read',
      phase: 'authenticity',
      source: 'RFC 5280, section 5.1',
      check: (state) => {
        const { error, value } = state.parts.crl
        if (error !== undefined)
          return fail(`the revocation list cannot be read: ${error.message}`, fetchCrl(state), {
            expected: error.expected,
          })
        return value === undefined ? notApplicable('no revocation list was given') : pass('it is a revocation list')
      },
    },
    crlStep(
      'issuer',
      'The revocation list is one of the ARK of this chain',
      ['snp.ark.well-formed', 'snp.crl.well-formed'],
      (crl, state) => {
        const ark = state.parts.ark.value?.subject
        if (crl.issuer.key === ark?.key) return pass('its issuer is the ARK')
        return fail('the revocation list is of another issuer: it says nothing about this chain', fetchCrl(state), {
          expected: JSON.stringify(ark?.commonName?.slice(0, 64) ?? ''),
          actual: JSON.stringify(crl.issuer.commonName?.slice(0, 64) ?? ''),
        })
      },
    ),
    crlStep(
      'extensions',
      'The revocation list has no critical extension that is not known',
      ['snp.crl.well-formed'],
      (crl, state) =>
        crl.unknownCritical.length === 0
          ? pass('it has none')
          : fail(
              `the revocation list has the critical extension ${crl.unknownCritical[0]}, which may change what it means`,
              fetchCrl(state),
            ),
    ),
    crlStep('signature', 'The revocation list is signed by the ARK', ['snp.crl.issuer'], (_, state) =>
      state.jobs.crl?.result === true
        ? pass('its signature verifies with the key of the ARK')
        : fail(
            'the signature of the revocation list does not verify with the key of the ARK: it is forged or damaged',
            fetchCrl(state),
          ),
    ),
    crlStep('not-before', 'The revocation list is valid already', ['snp.crl.well-formed'], (crl, state) =>
      state.at >= crl.thisUpdate
        ? pass(`it is of ${isoTime(crl.thisUpdate)}`)
        : fail(`the revocation list is of ${isoTime(crl.thisUpdate)}, later than the time of judging`, {
            action: 'use the list that was current then, or judge at a later time',
            by: 'relying-party',
          }),
    ),
    crlStep('not-after', 'The revocation list is current', ['snp.crl.well-formed'], (crl, state) => {
      if (crl.nextUpdate === undefined)
        return fail('the revocation list does not say until when it is current', fetchCrl(state))
      if (state.at <= crl.nextUpdate) return pass(`the next one comes by ${isoTime(crl.nextUpdate)}`)
      return fail(`the revocation list is stale: the next one came by ${isoTime(crl.nextUpdate)}`, fetchCrl(state))
    }),
    crlStep(
      'not-revoked',
      'Neither ASK or ASVK nor ARK is revoked',
      ['snp.crl.signature', 'snp.intermediate.well-formed'],
      (crl, state) => {
        const listed = [state.intermediate.value, state.parts.ark.value].find(
          (one) => one !== undefined && crl.revoked.has(one.serial),
        )
        if (listed === undefined) return pass('the list does not name them')
        return fail(
          `the ${state.role === 'vcek' ? 'ASK' : 'ASVK'} with serial 0x${listed.serial} is revoked by AMD`,
          {
            action: 'fetch the current ASK or ASVK and a leaf that it issued from AMD',
            by: 'relying-party',
          },
          { actual: `0x${listed.serial}` },
        )
      },
    ),
  ],
}
