import { toHex } from '../core/bytes.ts'
import { compareOneOf } from '../core/compare.ts'
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
import type { Part } from '../core/part.ts'
import type { Finding, Remedy, Verdict } from '../core/verdict.ts'
import { isForOther } from './expectations.ts'
import { tdReportParts } from './hcl.ts'
import type { AzureState } from './state.ts'

const SOURCE = 'Azure confidential VMs, guest attestation design'

type Check = (state: AzureState) => Finding

function step(
  id: string,
  title: string,
  needs: readonly string[],
  check: Check,
  phase: 'authenticity' | 'appraisal' = 'authenticity',
): Step<AzureState> {
  return { id: `azure.${id}`, title, phase, source: SOURCE, needs, check }
}

const ASK: Remedy = mend('ask the guest for new evidence with all of its parts', 'workload-owner')

/** The first check of a part that came out so: it tells what to do better than the part as a whole. */
function first(
  verdict: Verdict,
  outcome: 'fail' | 'unchecked',
  phase?: 'authenticity',
): { readonly text: string; readonly remedy: Remedy } {
  for (const group of verdict.checks) {
    for (const { id, reason, remedy, waived, blockedBy, outcome: found, phase: own } of group.checks) {
      if (found === outcome && waived !== true && blockedBy === undefined && (phase === undefined || own === phase))
        return { text: `${id}: ${reason}`, remedy: remedy ?? ASK }
    }
  }
  return { text: verdict.summary, remedy: ASK }
}

/** Whether a part is genuine. */
function genuine(what: string, part: Part<Verdict>): Finding {
  const verdict = part.value
  if (verdict === undefined)
    return part.error === undefined
      ? notApplicable(`there is no ${what}`)
      : fail(`the ${what} cannot be read: ${part.error.message}`, ASK)
  const details = { expected: 'proven', actual: verdict.authenticity }
  if (verdict.authenticity === 'proven') return pass(`the ${what} is genuine`, details)
  const refuted = verdict.authenticity === 'refuted'
  const { text, remedy } = first(verdict, refuted ? 'fail' : 'unchecked', 'authenticity')
  if (refuted) return fail(`the ${what} is not genuine: ${text}`, remedy, details)
  return unchecked(`the ${what} is not proven to be genuine: ${text}`, remedy, details)
}

/** Whether a part is what the relying party wants. */
function accepted(what: string, part: Part<Verdict>): Finding {
  const verdict = part.value
  if (verdict === undefined) return notApplicable(`there is no ${what} that could be read`)
  const details = { expected: 'verified', actual: verdict.outcome }
  if (verdict.outcome === 'verified') return pass(`the ${what} is as you expect`, details)
  const rejected = verdict.outcome === 'rejected'
  const { text, remedy } = first(verdict, rejected ? 'fail' : 'unchecked')
  if (rejected) return fail(`the ${what} is rejected: ${text}`, remedy, details)
  return unchecked(`the ${what} is incomplete: ${text}`, remedy, details)
}

function acceptedHardware({ hardware, hcl, expect }: AzureState): Finding {
  if (!isForOther(hcl.hardware, expect)) return accepted('hardware report', hardware)
  const other = hcl.hardware === 'snp' ? 'TDX' : 'SEV-SNP'
  return fail(`what you expect of the hardware is for ${other}`, mend(`ask a VM under ${other}`))
}

/** A nonce or PCRs that nothing was compared with are not met, also where it was waived that a quote is there. */
function acceptedQuote({ vtpm, evidence, expect }: AzureState): Finding {
  const { nonce, reportData, vtpm: wishes = {} } = expect
  const isAskedFor = nonce !== undefined || reportData !== undefined || Object.keys(wishes).length > 0
  if (evidence.quote !== undefined || !isAskedFor) return accepted('quote of the vTPM', vtpm)
  return unchecked(
    'what you expect of the quote of the vTPM was compared with nothing: there is no quote',
    mend('have the guest quote its PCRs with your nonce; or expect no nonce, no report data and nothing of the vTPM'),
  )
}

function hardwarePresent({ hcl, hardware }: AzureState): Finding {
  if (hardware.value !== undefined || hardware.error !== undefined)
    return pass(hcl.hardware === 'snp' ? 'the HCL report has an SNP report' : 'a TD quote came along')
  return unchecked(
    'there is only a TDREPORT, which nobody but its own machine can check',
    mend('have the guest ask its host for a TD quote (metadata service, /acc/tdquote) and send it', 'workload-owner'),
  )
}

function tdReport({ hcl, facts, evidence }: AzureState): Finding {
  if (hcl.hardware !== 'tdx')
    return evidence.tdQuote === undefined
      ? notApplicable('the SNP report is itself in the HCL report')
      : fail('a TD quote came along with the HCL report of an SEV-SNP machine: nobody would judge it', ASK)
  const inside = tdReportParts(hcl.hardwareReport)
  const details = {
    expected: `${toHex(inside.reportData)} ${toHex(inside.mrTd)}`,
    actual: `${facts?.reportData} ${facts?.measurement}`,
  }
  if (details.expected === details.actual)
    return pass('the TD quote was made of the TDREPORT in the HCL report', details)
  return fail('the TD quote is of another TD than the HCL report: report data or MRTD differ', ASK, details)
}

function binding({ hcl, digest, facts }: AzureState): Finding {
  const actual =
    facts?.reportData ?? (hcl.hardware === 'tdx' ? toHex(tdReportParts(hcl.hardwareReport).reportData) : '')
  const expected = toHex(digest.result ?? new Uint8Array(0)).padEnd(128, '0')
  if (actual === expected)
    return pass(`the hardware report holds the ${hcl.hash} digest of the runtime claims`, { expected, actual })
  return fail(
    'the runtime claims are not those that the hardware report was made for: they were changed, or are of another machine',
    REPLACE_EVIDENCE,
    { expected, actual },
  )
}

// A guest below the paravisor can ask for a report of its own, with report data of its own choice.
function paravisor({ hcl, facts }: AzureState): Finding {
  if (hcl.hardware !== 'snp') return notApplicable('a TD quote is asked for by the paravisor alone')
  const vmpl = facts?.vmpl
  if (vmpl === undefined) return notApplicable('there is no hardware report that can be read')
  const details = { expected: 'VMPL 0', actual: `VMPL ${vmpl}` }
  if (vmpl === 0) return pass('the paravisor asked for the hardware report', details)
  return fail(
    'the hardware report was asked for by somebody else than the paravisor, who can name any attestation key',
    REPLACE_EVIDENCE,
    details,
  )
}

function claims({ claims }: AzureState): Finding {
  if (claims.error !== undefined)
    return fail(`the runtime claims cannot be read: ${claims.error.message}`, ASK, { expected: claims.error.expected })
  return pass(
    'the runtime claims name one attestation key of the vTPM',
    claims.value && { actual: claims.value.ak.kid },
  )
}

function quotePresent({ evidence }: AzureState): Finding {
  if (evidence.quote !== undefined) return pass('there is a quote of the vTPM')
  return unchecked(
    'there is no quote of the vTPM: a recorded HCL report stays valid, and nothing tells what was booted',
    mend('have the guest quote its PCRs with your nonce', 'workload-owner'),
  )
}

function quoteSignature({ evidence, signature }: AzureState): Finding {
  if (evidence.quote === undefined) return notApplicable('there is no quote')
  if (signature?.result === true) return pass('the attestation key of the runtime claims signed the quote')
  return fail(
    'the attestation key of the runtime claims did not sign this quote: it was changed, or is of another machine',
    REPLACE_EVIDENCE,
  )
}

function userData({ claims, expect }: AzureState): Finding {
  const actual = claims.value?.userData
  if (expect.userData === undefined) {
    return actual === undefined || /^0*$/.test(actual)
      ? notApplicable('the guest put nothing into its HCL report')
      : unchecked(
          'what the guest put into its HCL report was compared with nothing',
          mend(`if ${actual} is what you expect, say so with \`userData\``),
          { actual },
        )
  }
  return compareOneOf(
    { what: 'what the guest put into its HCL report (user-data)', actual: actual ?? 'absent', option: 'userData' },
    [expect.userData.padEnd(128, '0')],
  )
}

function vmId({ claims, expect }: AzureState): Finding {
  if (expect.vmIds === undefined) return notApplicable('you did not say')
  const id = claims.value?.vmConfiguration['vmUniqueId']
  return compareOneOf(
    { what: 'the VM (vmUniqueId)', actual: typeof id === 'string' ? id.toLowerCase() : 'absent', option: 'vmIds' },
    expect.vmIds.map((one) => one.toLowerCase()),
  )
}

const BOUND: readonly string[] = ['azure.binding', 'azure.claims']

/** Azure's order: the hardware report, what it binds, the key in there, the quote by that key. */
export const AZURE_STEPS: readonly StepGroup<AzureState>[] = [
  {
    id: 'azure.hardware',
    title: 'Hardware report and what it binds',
    steps: [
      step('hardware.present', 'There is a hardware report that can be verified from afar', [], hardwarePresent),
      step('binding', 'The hardware report binds the runtime claims', [], (state) =>
        state.hardware.error !== undefined || state.hardware.value?.authenticity === 'refuted'
          ? notApplicable('the hardware report is not genuine, so that it binds nothing')
          : binding(state),
      ),
      step('part.hardware', 'The hardware report is genuine', [], ({ hardware }) =>
        genuine('hardware report', hardware),
      ),
      // Whether the quote is proven or not yet: evidence that contradicts itself is refused.
      step('td-report', 'The TD quote is of this HCL report', ['azure.hardware.present'], (state) =>
        state.hardware.error !== undefined || state.hardware.value?.authenticity === 'refuted'
          ? notApplicable('the TD quote is not genuine: nothing can be compared with it')
          : tdReport(state),
      ),
      step('paravisor', 'The paravisor asked for the hardware report', [], paravisor),
      step('claims', 'The runtime claims can be read', ['azure.binding'], claims),
    ],
  },
  {
    id: 'azure.vtpm',
    title: 'vTPM',
    steps: [
      { ...step('quote.present', 'There is a quote of the vTPM', [], quotePresent), waivable: true },
      step('quote.signature', 'The bound attestation key signed the quote', BOUND, quoteSignature),
      step('part.vtpm', 'The quote of the vTPM is genuine', ['azure.quote.signature'], ({ vtpm }) =>
        genuine('quote of the vTPM', vtpm),
      ),
    ],
  },
  {
    id: 'azure.expect',
    title: 'What you expect',
    steps: [
      step('accept.hardware', 'The hardware report is as you expect', [], acceptedHardware, 'appraisal'),
      step('accept.vtpm', 'The quote of the vTPM is as you expect', [], acceptedQuote, 'appraisal'),
      { ...step('expect.user-data', "The guest's data are as expected", BOUND, userData, 'appraisal'), waivable: true },
      step('expect.vm-id', 'The VM is an accepted one', BOUND, vmId, 'appraisal'),
    ],
  },
]
