import { compareOneOf, debugFinding, hardwareFinding } from '../core/compare.ts'
import { fail, mend, notApplicable, pass, type StepGroup, unchecked } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding } from '../core/verdict.ts'
import { instanceIdOf, ZERO_PCR } from './document.ts'
import type { NitroState } from './state.ts'
import { appraisal, waivable } from './step.ts'

const PCRS = "AWS Nitro Enclaves, where to get an enclave's measurements"
const DOCUMENT = 'AWS Nitro Enclaves, attestation process, section 2'
/** Clocks of hypervisor and verifier may differ by this much, in milliseconds. */
const SKEW = 60_000

/** Register that measures what was launched: PCR0 of an enclave; of an instance PCR4, its boot loader or unified kernel image. */
export function launchRegister({ document }: Pick<NitroState, 'document'>): number {
  return document.device === 'nsm' ? 0 : 4
}

/**
 * Registers whose values tell what code or settings came after the launch: of an enclave those that
 * its workload extends (5 to 7, 9 to 31), of an instance those above the firmware's. 3, 4 and 8 of an
 * enclave name its role, instance and signer, and change no code.
 */
export function isRuntimeRegister({ document }: Pick<NitroState, 'document'>, index: number): boolean {
  return document.device === 'nsm' ? index > 4 && index !== 8 : index === 5 || (index > 6 && index < 16) || index > 22
}

function measurement(state: NitroState): Finding {
  const index = launchRegister(state)
  const actual = state.pcrs.get(index)
  if (actual === undefined) return noRegister(index)
  return compareOneOf(
    { what: `the launch measurement (PCR${index})`, actual, option: 'measurement' },
    state.expect.measurement,
  )
}

function noRegister(index: number): Finding {
  return fail(`the document has no PCR${index}`, mend(`ask for a document with PCR${index}`, 'workload-owner'))
}

function signer(state: NitroState): Finding {
  const { expect } = state
  if (expect.signer === undefined) return notApplicable('any signer will do')
  // Whoever runs the instance extends PCR8 there, to the value of anybody's signer too.
  if (state.document.device !== 'nsm')
    return fail(
      'a NitroTPM names no signer: what runs on its instance extends PCR8',
      mend('ask an enclave, or leave `signer` out'),
    )
  const actual = state.pcrs.get(8)
  if (actual === undefined) return noRegister(8)
  return compareOneOf(
    { what: 'the signer of the image (PCR8, zero if unsigned)', actual, option: 'signer' },
    expect.signer,
  )
}

function namedRegisters(state: NitroState): Finding {
  const wanted = state.expect.pcrs
  if (wanted === undefined) return notApplicable('none was named')
  for (const [index, accepted] of Object.entries(wanted)) {
    const actual = state.pcrs.get(Number(index))
    if (actual === undefined) return noRegister(Number(index))
    const finding = compareOneOf({ what: `PCR${index}`, actual, option: 'pcrs' }, accepted)
    if (finding.outcome !== 'pass') return finding
  }
  return pass('so are all', {
    actual: Object.keys(wanted)
      .map((index) => `PCR${index}`)
      .join(', '),
  })
}

function runtimeRegisters(state: NitroState): Finding {
  const open: number[] = []
  for (const [index, value] of state.pcrs) {
    if (isRuntimeRegister(state, index) && value !== ZERO_PCR && state.expect.pcrs?.[String(index)] === undefined)
      open.push(index)
  }
  if (open.length === 0) return pass('each is zero or was compared')
  const names = open
    .sort((a, b) => a - b)
    .map((index) => `PCR${index}`)
    .join(', ')
  return unchecked(
    `${names}: extended after the launch, and compared with nothing`,
    mend('say with `pcrs` which values you accept'),
  )
}

function shown(value: string | null | undefined): string {
  return value === undefined ? 'absent' : value === null ? 'null' : value === '' ? 'an empty byte string' : value
}

function isBlank(value: string | null | undefined): boolean {
  return value === undefined || value === null || value === ''
}

/** Compares a value that may be null with the one expected: null, absent and empty are three different things. */
function sameOptional(
  what: string,
  option: string,
  actual: string | null | undefined,
  expected: string | undefined,
): Finding {
  return compareOneOf(
    { what, actual: shown(actual), option },
    expected === undefined ? undefined : [shown(expected)],
    isBlank(actual),
  )
}

function userData({ userData, expect }: NitroState): Finding {
  return sameOptional('the user data', 'reportData', userData, expect.reportData)
}

function publicKey({ publicKey, expect }: NitroState): Finding {
  if (expect.publicKey === undefined)
    return notApplicable('any key will do: this verdict vouches for the one in the claims')
  return sameOptional('the public key', 'publicKey', publicKey, expect.publicKey)
}

function freshness(state: NitroState): Finding {
  const { expect, nonce, userData } = state
  if (expect.nonce !== undefined)
    return sameOptional('the nonce (another one means a replay)', 'nonce', nonce, expect.nonce)
  // That nothing is in the document says of no exchange that it is this one.
  if (expect.reportDataIsFresh === true && expect.reportData !== undefined && expect.reportData !== '') {
    return sameOptional('the user data of this exchange', 'reportData', userData, expect.reportData)
  }
  if (expect.maxAgeSeconds !== undefined) return age(state, expect.maxAgeSeconds)
  return unchecked(
    'nothing shows when this document was asked for: it may be a replay',
    mend('have the enclave put a nonce of yours into the document, and pass it as `nonce`; or pass `maxAgeSeconds`'),
  )
}

function age({ at, document }: NitroState, seconds: number): Finding {
  const details = { expected: `at most ${seconds} seconds before ${isoTime(at)}`, actual: isoTime(document.timestamp) }
  const late = at - document.timestamp
  if (late >= -SKEW && late <= seconds * 1000) return pass('the document is young enough', details)
  return fail(
    late < 0 ? 'the document is from the future' : 'the document is too old',
    mend('have the enclave ask for a new document, and set the clocks', 'workload-owner'),
    details,
  )
}

function instance({ document, expect }: NitroState): Finding {
  if (expect.instanceIds === undefined) return notApplicable('any instance will do')
  return compareOneOf(
    { what: 'the instance (module_id)', actual: instanceIdOf(document.moduleId) ?? 'unknown', option: 'instanceIds' },
    expect.instanceIds,
  )
}

/** What the relying party wants of the enclave or instance. */
export const APPRAISAL_STEPS: StepGroup<NitroState> = {
  id: 'nitro.appraisal',
  title: 'Expectations',
  steps: [
    {
      ...appraisal('hardware', 'A hardware vendor stands behind the chain', DOCUMENT, ({ anchor, expect }) =>
        anchor === undefined ? notApplicable('the chain ends at no trusted root') : hardwareFinding(anchor, expect),
      ),
      needs: ['nitro.root.pinned'],
    },
    appraisal('debug', 'Debug mode is off', PCRS, ({ debug, document, expect }) =>
      document.device === 'nsm'
        ? debugFinding(debug, 'PCR0, PCR1 and PCR2 are zero', expect)
        : notApplicable('no register of an instance shows debugging'),
    ),
    waivable('measurement', 'What was launched is accepted', PCRS, measurement),
    waivable('signer', 'The image was signed by an accepted key', PCRS, signer),
    waivable('pcrs', 'The registers named are as expected', PCRS, namedRegisters),
    waivable('runtime-pcrs', 'What was extended after the launch is accepted', PCRS, runtimeRegisters),
    waivable('user-data', 'The user data is as expected', DOCUMENT, userData),
    waivable('public-key', 'The public key is as expected', DOCUMENT, publicKey),
    waivable('freshness', 'The document was made for this exchange', DOCUMENT, freshness),
    waivable('instance', 'The instance is an accepted one', DOCUMENT, instance),
  ],
}
