import { canonicalJson } from '@sekisho/evidence'
import { bootLogKind } from '@sekisho/evidence/recognise'
import {
  type BootFacts,
  type BootFile,
  type BootProgram,
  type ExplainedBank,
  type ExplainedBootLog,
  explainBootLog,
  explainEvent,
} from '@sekisho/evidence/tpm'
import type { Around } from '../around.ts'
import { EXIT } from '../exit.ts'
import type { LoggedBoot } from '../render/boot.ts'
import { ALONE, type LogBankView, type LogView, renderLog } from '../render/log.ts'
import type { Field } from '../tee/door.ts'
import { holdsEvidence, namingFile, sha256 } from './evidence-file.ts'

/** Options of `sekisho inspect` as far as logs go. */
interface LogOptions {
  readonly json?: true
  readonly verbose?: true
}

/** Whether a file is a TPM's measured-boot log, raw, and nothing else that is known. */
export function isTpmLog(bytes: Uint8Array): boolean {
  return bootLogKind(bytes) === 'tpm' && !holdsEvidence(bytes)
}

/** Reads a log without values to compare it with. @throws CliError (unreadable) that names the file */
export async function readLog(file: string, bytes: Uint8Array): Promise<ExplainedBootLog> {
  try {
    return await explainBootLog(bytes)
  } catch (error) {
    throw namingFile(file, error)
  }
}

/** Shows what a log alone says, and that this proves nothing. */
export async function inspectLog(
  file: string,
  bytes: Uint8Array,
  options: LogOptions,
  around: Around,
): Promise<number> {
  const log = await readLog(file, bytes)
  const view = viewOf(log, bytes, options.verbose === true)
  if (options.json === true) around.out(`${canonicalJson(jsonOf(log, view))}\n`)
  else around.out(renderLog(view, around))
  return EXIT.ok
}

function viewOf({ measured, banks }: ExplainedBootLog, bytes: Uint8Array, all: boolean): LogView {
  const names = banks.map(({ bank }) => bank)
  return {
    format: measured.log.format,
    bytes: bytes.length,
    sha256: sha256(bytes),
    events: measured.log.events.length,
    startupLocality: measured.startupLocality,
    banks: banks.map(bankOf),
    shown: all ? names : [strongestOf(names)].filter((name) => name !== undefined),
  }
}

function bankOf(explained: ExplainedBank): LogBankView {
  const { bank, fault, log } = explained
  const pcrs = [...log.replays]
    .sort(([a], [b]) => a - b)
    .map(([index, { result }]) => [String(index), Buffer.from(result ?? []).toString('hex')])
  return { bank, fault, facts: bootOf(explained), pcrs: Object.fromEntries(pcrs) }
}

function bootOf({ facts, windows }: ExplainedBank): LoggedBoot & Pick<BootFacts, 'files'> {
  const { secureBoot, ...others } = facts
  return {
    ...others,
    ...(secureBoot.enabled === undefined ? {} : { secureBoot: secureBoot.enabled }),
    secureBootKeys: secureBoot.keys,
    ...(windows === undefined ? {} : { windows }),
  }
}

// What TPMs quote by habit, then the longest digests.
const ORDER: readonly string[] = ['sha256', 'sha512', 'sha384', 'sha1']

function strongestOf(banks: readonly string[]): string | undefined {
  return ORDER.find((bank) => banks.includes(bank))
}

function jsonOf(log: ExplainedBootLog, { shown: _, banks, bytes, ...view }: LogView): object {
  return {
    kind: 'tpm-event-log',
    proves: ALONE,
    ...view,
    length: bytes,
    banks: banks.map(({ fault, ...bank }, at) => ({
      ...bank,
      ...(fault === undefined ? {} : { fault }),
      events: log.banks[at]?.log.events.map((event) => {
        const { number, register, typeName, digest, bound, text } = explainEvent(event)
        return { number, ...(register === undefined ? {} : { register }), type: typeName, digest, bound, text }
      }),
    })),
  }
}

/** What two logs say, as fields to compare: of the strongest bank that both have, and of all banks the replayed PCRs. */
export function comparableLogs(
  a: ExplainedBootLog,
  b: ExplainedBootLog,
): readonly [readonly Field[], readonly Field[]] {
  const others = b.banks.map(({ bank }) => bank)
  const both = strongestOf(a.banks.map(({ bank }) => bank).filter((bank) => others.includes(bank)))
  return [fieldsOf(a, both), fieldsOf(b, both)]
}

function fieldsOf({ measured, banks }: ExplainedBootLog, shown: string | undefined): readonly Field[] {
  const found: Field[] = [
    { path: 'log.format', value: measured.log.format },
    { path: 'log.banks', value: banks.map(({ bank }) => bank).join(', ') },
    { path: 'log.startupLocality', value: measured.startupLocality },
  ]
  for (const explained of banks) {
    const { pcrs } = bankOf(explained)
    for (const [index, value] of Object.entries(pcrs)) found.push({ path: `pcrs.${explained.bank}.${index}`, value })
  }
  const one = banks.find(({ bank }) => bank === shown)
  return one === undefined ? found : [...found, ...factsOf(one), ...eventsOf(one)]
}

// Of lists a field for each entry, by its place.
function factsOf(explained: ExplainedBank): readonly Field[] {
  const {
    secureBoot,
    secureBootKeys,
    programs,
    texts,
    textsLeftOut = 0,
    files,
    leftFirmware,
    windows,
  } = bootOf(explained)
  const found: Field[] = [
    { path: 'facts.secureBoot', value: secureBoot ?? 'not proven' },
    { path: 'facts.leftFirmware', value: leftFirmware },
    { path: 'facts.fault', value: explained.fault ?? 'none' },
  ]
  for (const [name, { certificates, hashes }] of Object.entries(secureBootKeys))
    found.push({ path: `facts.secureBootKeys.${name}`, value: [...certificates, `${hashes} hashes`].join(', ') })
  const measured = (path: string, { pcr, digest }: BootProgram | BootFile, claimed: string | undefined): void => {
    const meaning = claimed === undefined ? {} : { meaning: `says it is ${claimed} (not measured)` }
    found.push({ path, value: `PCR ${pcr} ${digest}`, ...meaning })
  }
  programs.forEach((one, at) => {
    measured(`facts.programs.${at}`, one, one.claimedPath)
  })
  files.forEach((one, at) => {
    measured(`facts.files.${at}`, one, one.claimedName)
  })
  texts.forEach(({ pcr, kind, text }, at) => {
    found.push({ path: `facts.texts.${at}`, value: `PCR ${pcr} ${kind}: ${text}` })
  })
  if (textsLeftOut > 0) found.push({ path: 'facts.textsLeftOut', value: textsLeftOut })
  for (const [name, finding] of Object.entries(windows ?? {})) {
    if (isFinding(finding))
      found.push({ path: `facts.windows.${name}`, value: finding.state, meaning: finding.because })
  }
  if (windows !== undefined) found.push({ path: 'facts.windows.bitlocker', value: windows.bitlocker.join(', ') })
  return found
}

function isFinding(value: unknown): value is { readonly state: string; readonly because: string } {
  return typeof value === 'object' && value !== null && 'state' in value && 'because' in value
}

// By their place in their PCR: one more event elsewhere moves none of them.
function eventsOf({ log }: ExplainedBank): readonly Field[] {
  const counts = new Map<string, number>()
  const found: Field[] = []
  for (const event of log.events) {
    const { register, digest, text } = explainEvent(event)
    if (register === undefined || !event.extends) continue
    const at = counts.get(register) ?? 0
    counts.set(register, at + 1)
    found.push({ path: `events.${register}.${at}`, value: digest, meaning: text })
  }
  return found
}
