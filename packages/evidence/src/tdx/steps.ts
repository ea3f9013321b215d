import { allZero, fromHex, toHex } from '../core/bytes.ts'
import {
  compareOneOf,
  debugFinding,
  freshnessFinding,
  type Register,
  registerFinding,
  userDataFinding,
} from '../core/compare.ts'
import { fail, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { hasBit } from '../dcap/flags.ts'
import type { DcapState } from '../dcap/state.ts'
import { wishesFinding } from '../dcap/wishes.ts'
import type { TdxExpectations } from './expectations.ts'
import { decodeTdAttributes, TD_ATTRIBUTES, type TdReport } from './report.ts'

type State = DcapState<TdReport, TdxExpectations>

const ABI = 'Intel TDX Module 1.5 ABI Specification, section 3.4'

function step(id: string, title: string, check: (state: State) => Finding): Step<State> {
  return { id: `tdx.${id}`, title, phase: 'appraisal', source: ABI, check }
}

function waivable(id: string, title: string, check: (state: State) => Finding): Step<State> {
  return { ...step(id, title, check), waivable: true }
}

/** Steps about how the TD was built. */
export const TD: StepGroup<State> = {
  id: 'tdx.td',
  title: 'Trust domain',
  steps: [
    step('td.debug', 'The TD is not in debug mode', ({ quote, expect }) =>
      debugFinding(hasBit(quote.body.tdAttributes, TD_ATTRIBUTES.debug), 'TDATTRIBUTES.DEBUG', expect),
    ),
    step('td.tud', 'No attribute makes the TD untrusted', untrustedFinding),
    step('td.sept-ve-disable', 'The host cannot inject exceptions on private memory', septFinding),
    step('td.service-td', 'No service TD is bound but one that you accept', serviceFinding),
    waivable('td.reserved-attributes', 'No attribute is set whose meaning is unknown', reservedFinding),
    step('td.attributes', 'The attributes are as you wish', ({ quote, expect }) =>
      wishesFinding(decodeTdAttributes(quote.body.tdAttributes), expect.tdAttributes, 'tdAttributes'),
    ),
    step('td.xfam', 'The TD uses no state component but those that you allow', xfamFinding),
    step('td.tee-tcb-svn', 'The TDX module is not below your lowest SVNs', svnFinding),
  ],
}

function untrustedFinding({ quote }: State): Finding {
  // Bit 0 is DEBUG, which has a check and an option of its own.
  const bits = (quote.body.tdAttributes[0] as number) & 0xfe
  const details = { expected: '00', actual: bits.toString(16).padStart(2, '0') }
  if (bits === 0) return pass('none of the other TUD bits is set', details)
  return fail(
    'bits of TDATTRIBUTES are set that make the TD untrusted (TUD)',
    { action: 'launch the TD without profiling and reserved TUD attributes', by: 'workload-owner' },
    details,
  )
}

function septFinding({ quote, expect }: State): Finding {
  if (hasBit(quote.body.tdAttributes, TD_ATTRIBUTES.septVeDisable)) return pass('SEPT_VE_DISABLE is on')
  if (expect.allowSeptVeDisableOff === true)
    return pass('SEPT_VE_DISABLE is off, and you allowed it with `allowSeptVeDisableOff`')
  return fail('SEPT_VE_DISABLE is off: the host may inject #VE when the TD touches its private memory', {
    action:
      'launch the TD with SEPT_VE_DISABLE; if a paravisor that handles #VE runs below the guest (Azure, OpenHCL), pass `allowSeptVeDisableOff`',
    by: 'workload-owner',
  })
}

function serviceFinding({ quote, expect }: State): Finding {
  const { mrServiceTd } = quote.body
  if (mrServiceTd === undefined) return notApplicable('TDX 1.0 reports no service TD')
  if (allZero(mrServiceTd)) return pass('no service TD is bound')
  return compareOneOf(
    {
      what: 'the bound service TD (MRSERVICETD), which can read or change this TD,',
      actual: toHex(mrServiceTd),
      option: 'mrServiceTd',
    },
    expect.mrServiceTd ?? [NO_SERVICE_TD],
  )
}

const NO_SERVICE_TD: string = '0'.repeat(96)

function reservedFinding({ quote }: State): Finding {
  const reserved = decodeTdAttributes(quote.body.tdAttributes).reserved.filter((bit) => bit > 7)
  if (reserved.length === 0) return pass('none is')
  return unchecked(`reserved bits of TDATTRIBUTES are set: ${reserved.join(', ')}`, {
    action: 'find out what they mean in a later specification, and waive this check if that is acceptable',
    by: 'relying-party',
  })
}

function xfamFinding({ quote, expect }: State): Finding {
  const allowed = expect.allowedXfam === undefined ? undefined : fromHex(expect.allowedXfam)
  if (allowed === undefined) return notApplicable('you did not say')
  const { xfam } = quote.body
  const details = { expected: `no bit beside ${toHex(allowed)}`, actual: toHex(xfam) }
  if (xfam.every((byte, i) => (byte & ~(allowed[i] as number)) === 0)) return pass('it does not', details)
  return fail(
    'XFAM has bits that you do not allow',
    {
      action: `launch the TD with an XFAM within ${toHex(allowed)}, or allow more with \`allowedXfam\``,
      by: 'workload-owner',
    },
    details,
  )
}

function svnFinding({ quote, expect }: State): Finding {
  const floor = expect.minTeeTcbSvn === undefined ? undefined : fromHex(expect.minTeeTcbSvn)
  if (floor === undefined) return notApplicable('you did not say')
  const { teeTcbSvn } = quote.body
  const details = { expected: `each byte of ${toHex(floor)} or more`, actual: toHex(teeTcbSvn) }
  if (teeTcbSvn.every((byte, i) => byte >= (floor[i] as number))) return pass('none is below', details)
  return fail(
    'TEE_TCB_SVN is below your lowest one',
    { action: 'update the TDX module on the host and relaunch the TD', by: 'platform-owner' },
    details,
  )
}

type HexField = 'mrSeam' | 'mrOwner' | 'mrOwnerConfig'

// Whoever launches the TD chooses the owner's fields; MRSEAM is judged by the module identity.
function fieldStep(id: string, title: string, field: HexField, always: boolean): Step<State> {
  return waivable(`expect.${id}`, title, ({ quote, expect }) =>
    compareOneOf(
      { what: field, actual: toHex(quote.body[field]), option: field },
      expect[field],
      !always || allZero(quote.body[field]),
    ),
  )
}

const RTMRS = ['rtmr0', 'rtmr1', 'rtmr2', 'rtmr3'] as const

function rtmrStep(index: number): Step<State> {
  const name = RTMRS[index] as (typeof RTMRS)[number]
  return waivable(
    `expect.${name}`,
    `What was measured after launch is what you expect (${name.toUpperCase()})`,
    ({ quote, expect }) => {
      // What lies below matters by being pinned, not by its value: that has a check of its own.
      const below = (['measurement', ...RTMRS.slice(0, index)] as const).map(
        (one): Register => ({ name: one, actual: '', accepted: expect[one] }),
      )
      const value = quote.body[name]
      return registerFinding({ name, actual: toHex(value), accepted: expect[name] }, below, allZero(value))
    },
  )
}

/** Steps about what the relying party expects. */
export const EXPECTED: StepGroup<State> = {
  id: 'tdx.expect',
  title: 'What you expect',
  steps: [
    waivable('expect.measurement', 'The firmware is what you expect (MRTD)', ({ quote, expect }) =>
      compareOneOf(
        { what: 'the launch measurement (MRTD)', actual: toHex(quote.body.mrTd), option: 'measurement' },
        expect.measurement,
      ),
    ),
    ...RTMRS.map((_, index) => rtmrStep(index)),
    waivable('expect.host-data', 'The launch-time configuration is what you expect (MRCONFIGID)', ({ quote, expect }) =>
      compareOneOf(
        { what: 'the configuration (MRCONFIGID)', actual: toHex(quote.body.mrConfigId), option: 'hostData' },
        expect.hostData,
        allZero(quote.body.mrConfigId),
      ),
    ),
    fieldStep('owner', 'The owner is whom you expect (MROWNER)', 'mrOwner', true),
    fieldStep('owner-config', "The owner's configuration is what you expect (MROWNERCONFIG)", 'mrOwnerConfig', true),
    fieldStep('seam', 'The TDX module is one that you name (MRSEAM)', 'mrSeam', false),
    waivable('expect.report-data', 'The report data is what you expect', ({ quote, expect }) =>
      userDataFinding(toHex(quote.body.reportData), expect),
    ),
    waivable('expect.freshness', 'The evidence was made for this exchange', ({ quote, expect }) =>
      freshnessFinding(toHex(quote.body.reportData), expect),
    ),
  ],
}
