import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import type { ExplainedBank } from './boot/explain.ts'
import { logFaults, type WindowsFinding } from './boot/windows.ts'
import type { LogState, TpmState } from './state.ts'

const PROFILE = 'TCG PC Client Platform Firmware Profile 1.06, section 10'
const WBCL = 'Windows SDK, wbcl.h'

const NEW_LOG: Remedy = mend(
  'send the whole event log of this boot (on Windows: of the last resume), or none',
  'workload-owner',
)

/** PCRs that nobody but firmware and boot loaders extend; others, as PCR 11 by systemd, may grow after the log ends. */
function isBootPcr(index: number): boolean {
  return index < 8 || (index > 11 && index < 15)
}

type Explain = (bank: ExplainedBank, log: LogState, state: TpmState) => Finding

function step(
  id: string,
  title: string,
  source: string,
  needs: readonly string[],
  check: (state: TpmState) => Finding,
): Step<TpmState> {
  return { id: `tpm.${id}`, title, phase: 'appraisal', source, needs, check }
}

/** A step about the log in the bank judged by. */
function explained(id: string, title: string, check: Explain): Step<TpmState> {
  return step(id, title, PROFILE, ['tpm.log.well-formed', 'tpm.pcr.digest'], (state) => {
    if (state.log === undefined) return notApplicable('there is no event log')
    if (state.log.explained === undefined)
      return notApplicable(`the log has no digests of the ${state.bank} bank, or the quote none of its values`)
    return check(state.log.explained, state.log, state)
  })
}

function wellFormed({ log, logError }: TpmState): Finding {
  if (logError !== undefined)
    return fail(`the event log cannot be read: ${logError.message}`, NEW_LOG, { expected: logError.expected })
  if (log === undefined) return notApplicable('there is no event log')
  return pass(`the log has ${log.measured.log.events.length} events`)
}

function replay({ replay, bank }: ExplainedBank, { proven }: LogState): Finding {
  const differing = replay?.differing ?? []
  const bad = differing.filter(isBootPcr)
  if (bad.length > 0)
    return fail(
      `the log does not replay to PCR ${bad.join(', ')} of the ${bank} bank: it was changed, or is of another boot`,
      NEW_LOG,
    )
  const grown =
    differing.length === 0 ? '' : `; PCR ${differing.join(', ')} went on after the log, which proves nothing of them`
  const actual = proven.join(', ') || 'none'
  return pass(`the log replays to the quoted PCR ${actual} of the ${bank} bank${grown}`, { actual })
}

function separators({ windowsLog }: ExplainedBank): Finding {
  if (windowsLog === undefined) return notApplicable('the log has no events of Windows')
  if (windowsLog.separatorTwice.length > 0)
    return fail(
      `PCR ${windowsLog.separatorTwice[0]} has a second separator: somebody tried to begin the log anew`,
      NEW_LOG,
    )
  return pass('each PCR of Windows has one separator at most')
}

function afterSeparator({ windowsLog }: ExplainedBank): Finding {
  if (windowsLog === undefined) return notApplicable('the log has no events of Windows')
  if (windowsLog.afterSeparator.length === 0) return pass('no event of Windows comes after the separator of its PCR')
  return fail(
    `events ${windowsLog.afterSeparator.slice(0, 8).join(', ')} come after the separator of their PCR, where a running system can write what it likes`,
    NEW_LOG,
  )
}

function eventDigests({ windowsLog, facts }: ExplainedBank): Finding {
  const bad = [...facts.secureBoot.unbound, ...(windowsLog?.unbound ?? [])]
  if (bad.length > 0)
    return fail(
      `the data of events ${bad.slice(0, 8).join(', ')} are not what was measured: they were changed`,
      NEW_LOG,
    )
  if (facts.secureBoot.contradiction)
    return fail('the log says both that secure boot is on and that it is off', NEW_LOG)
  return pass('the data of secure boot and Windows are what was measured')
}

function secureBoot(state: TpmState): Finding {
  const { expect } = state
  if (expect.secureBoot === undefined) return notApplicable('you did not say')
  const enabled = state.log?.explained?.facts.secureBoot.enabled
  const details = { expected: onOff(expect.secureBoot), actual: enabled === undefined ? 'not proven' : onOff(enabled) }
  if (enabled === expect.secureBoot) return pass(`secure boot is ${onOff(enabled)}`, details)
  if (enabled === undefined)
    return unproven('secure boot', 'PCR 7 is not quoted, does not replay, or the log does not tell', details)
  return fail(
    `secure boot is ${onOff(enabled)}`,
    mend(`switch secure boot ${onOff(expect.secureBoot)} and boot again`, 'platform-owner'),
    details,
  )
}

function onOff(on: boolean): string {
  return on ? 'on' : 'off'
}

function unproven(
  what: string,
  because: string,
  details: { readonly expected: string; readonly actual: string },
): Finding {
  return unchecked(
    `${what} is not proven: ${because}`,
    mend('send the event log of this boot, with a quote of PCR 0 to 14', 'workload-owner'),
    details,
  )
}

function windows(
  id: string,
  what: string,
  wanted: (state: TpmState) => boolean | undefined,
  found: (bank: ExplainedBank) => WindowsFinding | undefined,
): Step<TpmState> {
  return step(`expect.${id}`, `${what} is as you expect`, WBCL, LOG_HOLDS, (state) => {
    const expected = wanted(state)
    if (expected === undefined) return notApplicable('you did not say')
    const finding = state.log?.explained === undefined ? undefined : found(state.log.explained)
    const details = { expected: onOff(expected), actual: finding?.state ?? 'not in the log' }
    if (finding?.state === onOff(expected)) return pass(`${what} is ${finding.state}: ${finding.because}`, details)
    if (finding === undefined || finding.state === 'unproven')
      return unproven(
        what,
        finding?.because ?? 'there is no log of Windows whose PCR 12 replays and is quoted',
        details,
      )
    return fail(
      `${what} is ${finding.state}: ${finding.because}`,
      mend(`switch it ${onOff(expected)} and boot again`, 'platform-owner'),
      details,
    )
  })
}

const LOG_HOLDS: readonly string[] = [
  'tpm.log.well-formed',
  'tpm.log.replay',
  'tpm.log.separators',
  'tpm.log.after-separator',
  'tpm.log.event-digests',
]

function debugging({ windows, windowsLog }: ExplainedBank): WindowsFinding | undefined {
  if (windows === undefined || windowsLog === undefined) return undefined
  const all = [windows.bootDebugging, windows.kernelDebugging, windows.testSigning]
  const faults = logFaults(windowsLog)
  if (faults !== undefined) return { state: 'unproven', because: faults }
  return (
    all.find(({ state }) => state !== 'off') ?? {
      state: 'off',
      because: 'boot debugging, kernel debugging and test signing are 0',
    }
  )
}

/** The event log, and what it proves. */
export const LOG_STEPS: StepGroup<TpmState> = {
  id: 'tpm.log',
  title: 'Event log',
  steps: [
    step('log.well-formed', 'The event log can be read', PROFILE, [], wellFormed),
    explained('log.replay', 'The log replays to the quoted PCRs', replay),
    explained('log.separators', 'No separator was forged', separators),
    explained('log.after-separator', 'No event was added after the boot', afterSeparator),
    explained('log.event-digests', 'Settings in the log are those measured', eventDigests),
    step('expect.secure-boot', 'Secure boot is as you expect', PROFILE, LOG_HOLDS, secureBoot),
    windows(
      'vbs',
      'virtualization-based security',
      ({ expect }) => expect.vbs,
      ({ windows }) => windows?.vbs,
    ),
    windows(
      'hvci',
      'code integrity by the hypervisor',
      ({ expect }) => expect.hvci,
      ({ windows }) => windows?.hvci,
    ),
    windows(
      'elam',
      'early-launch anti-malware',
      ({ expect }) => expect.elam,
      ({ windows }) => windows?.elam,
    ),
    windows(
      'no-debugging',
      'debugging',
      ({ expect }) => (expect.noDebugging === undefined ? undefined : !expect.noDebugging),
      debugging,
    ),
  ],
}
