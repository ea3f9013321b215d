import { allZero, fromHex, toHex } from '../core/bytes.ts'
import {
  compareOneOf,
  debugFinding,
  FRESH_ELSEWHERE,
  freshnessFinding,
  type Register,
  registerFinding,
  userDataFinding,
} from '../core/compare.ts'
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
import { refetch } from '../dcap/chain-steps.ts'
import { decodeFlags, equalUnderMask, hasBit } from '../dcap/flags.ts'
import { valueOf } from '../dcap/part.ts'
import type { DcapState } from '../dcap/state.ts'
import { appraised, authentic, finding, QVL, waivable } from '../dcap/steps.ts'
import { moduleIdentityOf } from '../dcap/tcb-info.ts'
import { wishesFinding } from '../dcap/wishes.ts'
import type { TdxExpectations } from './expectations.ts'
import { RTMRS, TD_ATTRIBUTES, type TdReport } from './report.ts'

type State = DcapState<TdReport, TdxExpectations>

const ABI = 'Intel TDX Module 1.5 ABI Specification, section 3.4'

/** The step that compares the TDX module with its identity in the TCB info. */
export const MODULE: StepGroup<State> = {
  id: 'module',
  steps: [
    authentic(
      'module.identity',
      QVL,
      ['tcb-info.present', 'tcb-info.kind', 'tcb-info.signature'],
      ({ quote, collateral }) => {
        const { teeTcbSvn, mrSignerSeam, seamAttributes } = quote.body
        const info = valueOf(collateral.tcbInfo.content)
        const version = teeTcbSvn[1] as number
        const signer = info === undefined || version === 0 ? info?.module : moduleIdentityOf(info, version)
        if (signer === undefined)
          return fail(`the TCB info has no identity of TDX module version ${version}`, refetch('TCB info'), {
            actual: `${version}`,
          })
        const expected = toHex(signer.mrSigner)
        const actual = toHex(mrSignerSeam)
        if (actual !== expected)
          return finding(
            false,
            'the TDX module is signed by somebody else than Intel',
            REPLACE_EVIDENCE,
            expected,
            actual,
          )
        return finding(
          // All zero whatever the mask says: a module with any attribute is no production module.
          allZero(seamAttributes) && equalUnderMask(seamAttributes, signer.attributesMask, signer.attributes),
          'the attributes of the TDX module are not those of its identity',
          REPLACE_EVIDENCE,
          toHex(signer.attributes),
          toHex(seamAttributes),
        )
      },
    ),
  ],
}

/** Steps about how the TD was built. */
export const TD: StepGroup<State> = {
  id: 'td',
  steps: [
    appraised('td.debug', ABI, [], ({ quote, expect }) =>
      debugFinding(hasBit(quote.body.tdAttributes, TD_ATTRIBUTES.debug), 'TDATTRIBUTES.DEBUG', expect),
    ),
    appraised('td.tud', ABI, [], ({ quote }) => {
      // Bit 0 is DEBUG, which has a check and an option of its own.
      const bits = (quote.body.tdAttributes[0] as number) & 0xfe
      return finding(
        bits === 0,
        'bits of TDATTRIBUTES are set that make the TD untrusted (TUD)',
        mend('launch the TD without profiling and reserved TUD attributes', 'workload-owner'),
        '0',
        bits.toString(16),
      )
    }),
    appraised('td.sept-ve-disable', ABI, [], septFinding),
    appraised('td.service-td', ABI, [], serviceFinding),
    waivable('td.reserved-attributes', ABI, [], ({ quote }) => {
      const reserved = decodeFlags(quote.body.tdAttributes, TD_ATTRIBUTES).reserved.filter((bit) => bit > 7)
      if (reserved.length === 0) return pass(undefined, { actual: toHex(quote.body.tdAttributes) })
      return unchecked(
        `reserved bits of TDATTRIBUTES are set: ${reserved.join(', ')}`,
        mend('find out what they mean in a later specification, and waive this check if that is acceptable'),
      )
    }),
    appraised('td.attributes', ABI, [], ({ quote, expect }) =>
      wishesFinding(quote.body.tdAttributes, TD_ATTRIBUTES, expect.tdAttributes, 'tdAttributes'),
    ),
    appraised('td.xfam', ABI, [], ({ quote, expect }) => {
      const allowed = fromHex(expect.allowedXfam ?? '')
      if (allowed === undefined || allowed.length === 0) return notApplicable('you did not say')
      const { xfam } = quote.body
      return finding(
        xfam.every((byte, i) => (byte & ~(allowed[i] as number)) === 0),
        'XFAM has bits that you do not allow',
        mend('launch the TD with fewer of them, or allow more with `allowedXfam`', 'workload-owner'),
        `no bit beside ${toHex(allowed)}`,
        toHex(xfam),
      )
    }),
    appraised('td.tee-tcb-svn', ABI, [], ({ quote, expect }) => {
      const floor = fromHex(expect.minTeeTcbSvn ?? '')
      if (floor === undefined || floor.length === 0) return notApplicable('you did not say')
      const { teeTcbSvn } = quote.body
      return finding(
        teeTcbSvn.every((byte, i) => byte >= (floor[i] as number)),
        'TEE_TCB_SVN is below your lowest one',
        mend('update the TDX module on the host and relaunch the TD', 'platform-owner'),
        `each byte of ${toHex(floor)} or more`,
        toHex(teeTcbSvn),
      )
    }),
  ],
}

function septFinding({ quote, expect }: State): Finding {
  const isOn = hasBit(quote.body.tdAttributes, TD_ATTRIBUTES.septVeDisable)
  const details = { expected: 'SEPT_VE_DISABLE on', actual: `SEPT_VE_DISABLE ${isOn ? 'on' : 'off'}` }
  if (isOn) return pass(undefined, details)
  if (expect.allowSeptVeDisableOff === true)
    return pass('SEPT_VE_DISABLE is off, and you allowed it with `allowSeptVeDisableOff`', details)
  return fail(
    'SEPT_VE_DISABLE is off: the host may inject #VE when the TD touches its private memory',
    mend(
      'launch the TD with SEPT_VE_DISABLE; if a paravisor that handles #VE runs below the guest (Azure, OpenHCL), pass `allowSeptVeDisableOff`',
      'workload-owner',
    ),
    details,
  )
}

function serviceFinding({ quote, expect }: State): Finding {
  const { mrServiceTd, initialServiceTdHash, currentServiceTdHash } = quote.body
  if (mrServiceTd === undefined) return notApplicable('TDX 1.0 reports no service TD')
  const accepted = expect.mrServiceTd ?? ['0'.repeat(96)]
  // An extended report names the service TD at launch and now as well: each has to be one that is accepted.
  const bound = [mrServiceTd, initialServiceTdHash, currentServiceTdHash]
  const found = bound
    .filter((hash): hash is Uint8Array => hash !== undefined && !allZero(hash))
    .map((hash) => compareOneOf({ what: SERVICE_TD, actual: toHex(hash), option: 'mrServiceTd' }, accepted))
  return found.find(({ outcome }) => outcome !== 'pass') ?? found[0] ?? pass(undefined, { actual: toHex(mrServiceTd) })
}

const SERVICE_TD = 'the bound service TD (MRSERVICETD), which can read or change this TD,'
type Identifier = 'mrTd' | 'mrConfigId' | 'mrSeam' | 'mrOwner' | 'mrOwnerConfig'
type Option = 'measurement' | 'hostData' | 'mrSeam' | 'mrOwner' | 'mrOwnerConfig'

// Whoever launches the TD chooses all but MRSEAM, which the module identity judges: uncompared they are a gap, unless zero.
function fieldStep(id: string, field: Identifier, option: Option): Step<State> {
  return waivable(`expect.${id}`, ABI, [], ({ quote, expect }) => {
    const value = quote.body[field]
    const compared = { what: field.toUpperCase(), actual: toHex(value), option }
    return compareOneOf(compared, expect[option], field === 'mrSeam' || (field !== 'mrTd' && allZero(value)))
  })
}

function rtmrStep(name: (typeof RTMRS)[number], index: number): Step<State> {
  return waivable(`expect.${name}`, ABI, [], ({ quote, expect }) => {
    // What lies below matters by being pinned, not by its value: that has a check of its own.
    const below = (['measurement', ...RTMRS.slice(0, index)] as const).map(
      (one): Register => ({ name: one, actual: '', accepted: expect[one] }),
    )
    const value = quote.body[name]
    return registerFinding({ name, actual: toHex(value), accepted: expect[name] }, below, allZero(value))
  })
}

/** Steps about what the relying party expects. */
export const EXPECTED: StepGroup<State> = {
  id: 'expect',
  steps: [
    fieldStep('measurement', 'mrTd', 'measurement'),
    ...RTMRS.map(rtmrStep),
    fieldStep('host-data', 'mrConfigId', 'hostData'),
    fieldStep('owner', 'mrOwner', 'mrOwner'),
    fieldStep('owner-config', 'mrOwnerConfig', 'mrOwnerConfig'),
    fieldStep('seam', 'mrSeam', 'mrSeam'),
    waivable('expect.report-data', ABI, [], ({ quote, expect }) =>
      userDataFinding(toHex(quote.body.reportData), expect),
    ),
    waivable('expect.freshness', ABI, [], ({ quote, expect, ofBoot }) =>
      ofBoot ? FRESH_ELSEWHERE : freshnessFinding(toHex(quote.body.reportData), expect),
    ),
  ],
}
