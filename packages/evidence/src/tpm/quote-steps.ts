import { equalBytes, toHex } from '../core/bytes.ts'
import { compareOneOf } from '../core/compare.ts'
import { fail, notApplicable, pass, REPLACE_EVIDENCE, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { idText } from '../tpm-structures/algorithms.ts'
import { ATTEST, quotedPcrs, TPM_GENERATED } from '../tpm-structures/attest.ts'
import { PCR_COUNT } from './boot/measured-log.ts'
import { instanceFinding } from './instance.ts'
import type { TpmState } from './state.ts'

const QUOTE = 'TCG TPM 2.0 Library, part 3, section 18.4'

function signature({ signature, signed, ak }: TpmState): Finding {
  if (ak === undefined)
    return unchecked('there is no attestation key to check the signature with', {
      action: 'pass the key (`akPublic`) or its certificate',
      by: 'platform-owner',
    })
  const scheme = ak.area?.scheme
  // TPM2_Quote: a key that has a scheme signs with no other (TPM_RC_SCHEME).
  if (scheme !== undefined && (scheme.name !== signed.scheme || scheme.hash !== signed.hash))
    return fail('no TPM signs so with this key: its public area names another scheme', REPLACE_EVIDENCE, {
      expected: `${scheme.name} with ${scheme.hash}`,
      actual: `${signed.scheme} with ${signed.hash}`,
    })
  if (signature?.result === true) return pass('the attestation key signed the quote')
  return fail(
    'the attestation key did not sign this quote: it is forged, was changed, or is of another TPM',
    REPLACE_EVIDENCE,
  )
}

function magic({ attest }: TpmState): Finding {
  const details = { expected: TPM_GENERATED.toString(16), actual: attest.magic.toString(16).padStart(8, '0') }
  if (attest.magic === TPM_GENERATED) return pass('the statement was made inside of a TPM', details)
  return fail(
    'the statement was not made inside of a TPM: its key signs whatever it is given',
    REPLACE_EVIDENCE,
    details,
  )
}

function type({ attest }: TpmState): Finding {
  const details = { expected: idText(ATTEST.quote), actual: idText(attest.type) }
  if (attest.type === ATTEST.quote) return pass('the statement is a quote', details)
  return fail(
    'the statement is about something else than PCRs',
    { action: 'ask for a TPM2_Quote', by: 'workload-owner' },
    details,
  )
}

/** The quoted PCRs in words, e.g. `sha256:0,1,7`. */
export function selectionText({ attest }: Pick<TpmState, 'attest'>): string {
  const lists = (attest.quote?.selections ?? [])
    .filter(({ pcrs }) => pcrs.length > 0)
    .map(({ bank, pcrs }) => `${bank}:${pcrs.join(',')}`)
  return lists.length === 0 ? 'no PCR' : lists.join(' ')
}

function selection(state: TpmState): Finding {
  const actual = selectionText(state)
  if (actual !== 'no PCR') return pass(`the quote covers ${actual}`, { actual })
  return fail(
    'the quote covers no PCR, and so says nothing about the machine',
    { action: 'ask for a quote of PCRs 0 to 15 of the SHA-256 bank', by: 'workload-owner' },
    { actual },
  )
}

function required(state: TpmState): Finding {
  const { expect, bank, attest } = state
  const wanted = [...new Set([...(expect.requiredPcrs ?? []), ...Object.keys(expect.pcrs ?? {}).map(Number)])]
  if (wanted.length === 0) return notApplicable('you named no PCR')
  const covered = quotedPcrs(attest.quote, bank)
  const missing = wanted.filter((index) => !covered.includes(index)).sort((a, b) => a - b)
  const details = { expected: `${bank}:${wanted.sort((a, b) => a - b).join(',')}`, actual: selectionText(state) }
  if (missing.length === 0) return pass('the quote covers every PCR that you named', details)
  return fail(
    `the quote does not cover PCR ${missing.join(', ')} of the ${bank} bank, whatever values came with it`,
    { action: `ask for a quote of ${details.expected}`, by: 'workload-owner' },
    details,
  )
}

function digest({ pcrs, pcrDigest, missing, attest }: TpmState): Finding {
  if (pcrs === undefined) return notApplicable('no PCR values came with the quote: only their digest is known')
  const expected = toHex(attest.quote?.pcrDigest ?? new Uint8Array(0))
  if (pcrDigest?.result === undefined) {
    return fail(
      missing.length > 0
        ? `the quote covers PCRs whose values did not come with it: ${missing.slice(0, 8).join(', ')}`
        : 'the digest of the PCRs is by a hash that cannot be computed here',
      { action: 'send the values of all PCRs that the quote covers', by: 'workload-owner' },
      { expected },
    )
  }
  const details = { expected, actual: toHex(pcrDigest.result) }
  if (attest.quote !== undefined && equalBytes(pcrDigest.result, attest.quote.pcrDigest))
    return pass('the PCR values that came with the quote are those it was made of', details)
  return fail(
    'the PCR values that came with the quote are not those it was made of',
    { action: 'send the values that the PCRs had when the quote was made', by: 'workload-owner' },
    details,
  )
}

function authentic(
  id: string,
  title: string,
  check: (state: TpmState) => Finding,
  needs: readonly string[] = [],
): Step<TpmState> {
  return { id: `tpm.${id}`, title, phase: 'authenticity', source: QUOTE, needs, check }
}

/** The quote itself. */
export const QUOTE_STEPS: StepGroup<TpmState> = {
  id: 'tpm.quote',
  title: 'Quote',
  steps: [
    authentic('quote.signature', 'The attestation key signed the quote', signature),
    authentic('quote.magic', 'A TPM made the statement', magic),
    authentic('quote.type', 'The statement is a quote', type),
    authentic('quote.selection', 'The quote covers PCRs', selection, ['tpm.quote.type']),
    {
      id: 'tpm.expect.selection',
      title: 'The quote covers the PCRs that you ask for',
      phase: 'appraisal',
      source: QUOTE,
      needs: ['tpm.quote.type'],
      check: required,
    },
    authentic('pcr.digest', 'The PCR values are those of the quote', digest, ['tpm.quote.type']),
  ],
}

/** Values of the quoted PCRs of the bank judged by, once their digest fits. */
export function quotedValues(state: TpmState): Readonly<Record<string, string>> | undefined {
  const { pcrs, bank, attest, pcrDigest } = state
  const values = pcrs?.[bank]
  if (values === undefined || pcrDigest?.result === undefined || attest.quote === undefined) return undefined
  if (!equalBytes(pcrDigest.result, attest.quote.pcrDigest)) return undefined
  const covered = quotedPcrs(attest.quote, bank)
  const found: Record<string, string> = {}
  for (const index of covered) {
    const value = values[String(index)]
    if (value !== undefined) found[String(index)] = value
  }
  return found
}

function nonce({ hex, expect }: Moment): Finding {
  const wanted = expect.nonce ?? expect.reportData
  return compareOneOf(
    {
      what: "the quote's qualifying data",
      actual: hex.extraData === '' ? 'empty' : hex.extraData,
      option: expect.nonce === undefined ? 'reportData' : 'nonce',
    },
    wanted === undefined ? undefined : [wanted],
  )
}

function freshness({ hex, expect }: Moment): Finding {
  const wanted = expect.nonce ?? (expect.reportDataIsFresh === true ? expect.reportData : undefined)
  if (wanted === undefined) {
    return unchecked('nothing shows when this quote was made: it may be a replay', {
      action: 'choose a nonce, have the TPM quote with it as qualifying data, and pass it as `nonce`',
      by: 'relying-party',
    })
  }
  const details = { expected: wanted, actual: hex.extraData === '' ? 'empty' : hex.extraData }
  if (hex.extraData === wanted) return pass('the quote answers this exchange', details)
  return fail(
    'the quote was made for another exchange, or is replayed',
    { action: `have the TPM quote with ${wanted} as qualifying data, whole and without padding`, by: 'workload-owner' },
    details,
  )
}

function measurement({ hex, expect }: TpmState): Finding {
  if (expect.measurement === undefined && namedIndices(expect).length > 0)
    return notApplicable('you named PCRs, which are compared one by one')
  return compareOneOf(
    { what: 'the digest over all quoted PCRs', actual: hex.pcrDigest, option: 'measurement' },
    expect.measurement,
  )
}

/** PCRs that have accepted values; an empty list of them is none. */
function namedIndices({ pcrs = {} }: TpmState['expect']): readonly number[] {
  return Object.keys(pcrs).map(Number)
}

function namedPcrs(state: TpmState): Finding {
  const { pcrs = {} } = state.expect
  if (namedIndices(state.expect).length === 0) return notApplicable('you named no PCR')
  const values = quotedValues(state)
  for (const [index, accepted] of Object.entries(pcrs)) {
    const actual = values?.[index]
    if (actual === undefined)
      return fail(`PCR ${index} is not in the quote, or its value did not come with it`, {
        action: `ask for a quote with PCR ${index} and its value`,
        by: 'workload-owner',
      })
    const finding = compareOneOf({ what: `PCR ${index}`, actual, option: 'pcrs' }, accepted)
    if (finding.outcome !== 'pass') return finding
  }
  const actual = Object.keys(pcrs).join(', ')
  return pass(`the PCRs you named are as you expect: ${actual}`, { actual })
}

/** PCRs that firmware extends before anything else of the machine runs; those above start at zero for whatever booted. */
const FIRMWARE_PCRS = 8

// A value above the firmware's PCRs is made by whatever booted, which can repeat any sequence of extends there: it counts
// only with PCR 4 or 7 below, as the others do not tell what booted. A digest over PCRs does not tell over which: PCR 8
// to 15 may have been given the values of PCR 0 to 7.
function basePcrs(state: TpmState): Finding {
  const { expect, attest } = state
  if (expect.measurement !== undefined && !isUnmistakable(state))
    return unchecked(
      `the digest is one that you accept, and does not tell over which PCRs: this one is over ${selectionText(state)}`,
      { action: 'name all PCRs that the digest is over with `requiredPcrs`', by: 'relying-party' },
      { actual: selectionText(state) },
    )
  const compared =
    expect.measurement === undefined
      ? namedIndices(expect)
      : (attest.quote?.selections ?? []).flatMap(({ pcrs }) => pcrs)
  if (compared.length === 0) return notApplicable('you named no PCR')
  const above = compared.filter((index) => index >= FIRMWARE_PCRS)
  // The program that the firmware started, and by whose signature.
  if (above.length > 0 && !compared.some((index) => index === 4 || index === 7))
    return unchecked(
      `PCR ${above.join(', ')}: whatever booted writes there, and neither PCR 4 nor PCR 7 below is pinned`,
      { action: 'pin what booted as well, at least PCR 4 or 7', by: 'relying-party' },
    )
  return expect.measurement === undefined
    ? pass('what you named begins with PCRs of the firmware', { actual: compared.join(', ') })
    : pass('the digest can be of no other PCRs than those it was accepted for', { actual: selectionText(state) })
}

function isUnmistakable({ attest, expect, bank }: TpmState): boolean {
  const wanted = new Set([...(expect.requiredPcrs ?? []), ...namedIndices(expect)])
  return (attest.quote?.selections ?? []).every(
    (one) =>
      one.pcrs.length === PCR_COUNT ||
      one.pcrs.every((index) => index < FIRMWARE_PCRS) ||
      (one.bank === bank && one.pcrs.length === wanted.size && one.pcrs.every((index) => wanted.has(index))),
  )
}

// PCR 16 and 23 can be reset by anybody, 17 to 22 belong to a dynamic launch, which is rare.
function openPcrs(state: TpmState): Finding {
  if (state.expect.measurement !== undefined) return notApplicable('you compared the digest over all quoted PCRs')
  const values = quotedValues(state)
  if (values === undefined) return notApplicable('no values of quoted PCRs are known')
  const open: string[] = []
  for (const [index, value] of Object.entries(values)) {
    if (Number(index) < 16 && /[^0]/.test(value) && state.expect.pcrs?.[index] === undefined) open.push(index)
  }
  if (open.length === 0) return pass('every PCR that boot extends and the quote covers is zero or was compared')
  return unchecked(`PCR ${open.join(', ')}: quoted, and compared with nothing`, {
    action:
      'say with `pcrs` which values you accept, or waive this check if what they measure does not matter to you, or the log proves what does',
    by: 'relying-party',
  })
}

function firmware({ attest, expect }: TpmState): Finding {
  if (expect.firmwareVersions === undefined) return notApplicable('you did not say')
  return compareOneOf(
    {
      what: 'the firmware version of the TPM',
      actual: attest.firmwareVersion.toString(16).padStart(16, '0'),
      option: 'firmwareVersions',
    },
    expect.firmwareVersions,
  )
}

function resets({ attest, expect }: Moment): Finding {
  if (expect.resetCounts === undefined) return notApplicable('you did not say')
  return compareOneOf(
    { what: 'the count of resets', actual: String(attest.clockInfo.resetCount), option: 'resetCounts' },
    expect.resetCounts.map(String),
  )
}

// A certificate beside a key that the caller vouches for was signed by nobody.
function instance({ chain, anchor, akIsAnchor, expect }: TpmState): Finding {
  const facts = chain?.facts
  const isTold = anchor?.vendor === 'Google' && !akIsAnchor && facts !== undefined && 'instance' in facts
  return instanceFinding(isTold ? facts.instance : undefined, expect.instance)
}

function clock({ attest, expect }: TpmState): Finding {
  if (attest.clockInfo.safe) return pass('the clock has not gone back', { actual: 'safe' })
  if (expect.requireSafeClock !== true) return notApplicable('the clock may have gone back, and you compare no clocks')
  return fail('the clock may have gone back', {
    action: 'wait until the TPM has stored its clock, and quote again',
    by: 'workload-owner',
  })
}

function wish<S>(id: string, title: string, check: (state: S) => Finding, waivable: boolean): Step<S> {
  const made: Step<S> = {
    id: `tpm.expect.${id}`,
    title,
    phase: 'appraisal',
    source: QUOTE,
    needs: ['tpm.quote.type'],
    check,
  }
  return waivable ? { ...made, waivable: true } : made
}

/** What differs from one quote of a boot to the next, as far as steps read it. */
export interface Moment {
  readonly attest: Pick<TpmState['attest'], 'clockInfo'>
  readonly hex: Pick<TpmState['hex'], 'extraData'>
  readonly expect: TpmState['expect']
}

const NONCE: Step<Moment> = wish('report-data', 'The qualifying data are as expected', nonce, true)
const FRESHNESS: Step<Moment> = wish('freshness', 'The quote was made for this exchange', freshness, true)
const RESETS: Step<Moment> = wish('resets', 'The machine was reset as often as you know', resets, false)

/** What the relying party expects of the quote. */
export const EXPECT_STEPS: StepGroup<TpmState> = {
  id: 'tpm.expect',
  title: 'What you expect',
  steps: [
    wish('measurement', 'The machine booted accepted code', measurement, true),
    wish('pcrs', 'The PCRs you named are as you expect', namedPcrs, false),
    wish('base-pcrs', 'What is compared stands on what the firmware measured', basePcrs, true),
    wish('open-pcrs', 'No quoted PCR stays uncompared', openPcrs, true),
    NONCE,
    FRESHNESS,
    wish('firmware', "The TPM's firmware is an accepted one", firmware, false),
    RESETS,
    wish('instance', 'The instance of a cloud is an accepted one', instance, false),
    wish('clock', 'The clock of the TPM can be relied on', clock, false),
  ],
}

/** Of these, those that are judged anew for each quote of a boot. What they need is known to hold. */
export const MOMENT_STEPS: readonly [StepGroup<Moment>] = [
  { id: EXPECT_STEPS.id, steps: [NONCE, FRESHNESS, RESETS].map(({ needs: _, ...step }) => step) },
]
