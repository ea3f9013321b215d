import { canonicalJson } from '@sekisho/evidence'
import type { Recognised } from '@sekisho/evidence/recognise'
import type { Around } from '../around.ts'
import { EXIT, usageError } from '../exit.ts'
import { readInput } from '../input.ts'
import { isCorim } from '../options/corim-file.ts'
import { type FieldsView, renderFields } from '../render/fields.ts'
import type { TdLogView } from '../render/td-log.ts'
import { toYaml } from '../render/yaml.ts'
import type { Expectations, Field } from '../tee/door.ts'
import { doorOf } from '../tee/doors.ts'
import { skeletonOf } from './composite.ts'
import type { DecodedEndorsement } from './endorsement-fields.ts'
import { evidenceIn, holdsEvidence, inFile, namingFile, sha256 } from './evidence-file.ts'

/** Options of `sekisho inspect`. */
export interface InspectOptions {
  readonly json?: true
  readonly asExpectations?: true
  readonly verbose?: true
  /** Of a TDX quote: its measured-boot log, to be shown event by event. */
  readonly eventLog?: string
  /** Of CoRIMs alone: measurements that are left out, and the class of TDs. */
  readonly without?: readonly string[]
  readonly tdClass?: string
}

/** Decodes evidence, or a log alone, without verifying anything. */
export async function inspectCommand(file: string, options: InspectOptions, around: Around): Promise<number> {
  const bytes = await readInput(file, around)
  // Evidence may have the words of a CoRIM's signer in it.
  if (isCorim(bytes) && !holdsEvidence(bytes))
    return (await import('./inspect-corim.ts')).inspectCorim(file, bytes, options, around)
  assertNoCorimOptions(file, options)
  const { inspectLog, isTpmLog } = await import('./boot-log.ts')
  const isQuotes = options.eventLog !== undefined
  if (!isQuotes && isTpmLog(bytes)) return inspectLog(file, bytes, logOptions(file, options), around)
  const { inspectTdLog, isTdLog } = await import('./td-log.ts')
  if (!isQuotes && isTdLog(bytes)) return inspectTdLog(file, bytes, logOptions(file, options), around)
  if (!isQuotes && options.asExpectations !== true && !holdsEvidence(bytes)) {
    const decoded = (await import('./endorsement-fields.ts')).endorsementIn(file, bytes)
    if (decoded !== undefined) return showEndorsement(bytes, decoded, options, around)
  }
  const evidence = evidenceIn(file, bytes)
  const { recognised } = evidence
  if (isQuotes && (recognised?.tee !== 'tdx' || options.asExpectations === true))
    throw usageError('--event-log shows the log of a TDX quote event by event: expected one, without --as-expectations')
  if (recognised === undefined) return inspectSeveral(file, evidence.bytes, options, around)
  const door = await doorOf(recognised.tee)
  if (options.asExpectations === true) {
    showExpectations(
      inFile(file, () => door.skeleton(recognised.evidence)),
      recognised.form,
      options,
      around,
    )
    return EXIT.ok
  }
  const fields = inFile(file, () => door.fields(recognised.evidence))
  const eventLog = await logOf(recognised, options, around)
  if (options.json === true) around.out(`${canonicalJson({ ...decodedJson(recognised, fields), eventLog })}\n`)
  else {
    around.out(renderFields(viewOf(recognised, fields, options), around))
    if (eventLog !== undefined) around.out(`\n${(await import('../render/td-log.ts')).renderTdLog(eventLog, around)}`)
  }
  return EXIT.ok
}

function showEndorsement(
  bytes: Uint8Array,
  { form, fields }: DecodedEndorsement,
  { json, verbose }: InspectOptions,
  around: Around,
): number {
  const about = { form, length: bytes.length, sha256: sha256(bytes) }
  const recognised = {
    form: `${form}, which is no evidence`,
    evidence: bytes,
    wrappers: [],
    companions: [],
    unused: [],
  }
  const view = { recognised, sha256: about.sha256, fields, verbose: verbose === true }
  around.out(json === true ? `${canonicalJson({ ...about, fields })}\n` : renderFields(view, around))
  return EXIT.ok
}

async function logOf(
  { evidence }: Recognised,
  { eventLog }: InspectOptions,
  around: Around,
): Promise<TdLogView | undefined> {
  if (eventLog === undefined) return undefined
  return (await import('./td-log.ts')).tdLogView(eventLog, await readInput(eventLog, around), evidence)
}

function assertNoCorimOptions(file: string, { without, tdClass }: InspectOptions): void {
  if (without !== undefined || tdClass !== undefined)
    throw usageError(`${file}: --without and --td-class are for CoRIMs, and this is none`)
}

/** Those that count for a log alone. @throws CliError (usage) */
function logOptions(file: string, options: InspectOptions): InspectOptions {
  if (options.asExpectations === true)
    throw usageError(`${file}: a log alone is no evidence, of which expectations could be made: a quote is`)
  return options
}

/** Decodes several pieces of evidence one after the other, by the names that they have in a verdict. */
async function inspectSeveral(
  file: string,
  bytes: Uint8Array,
  options: InspectOptions,
  around: Around,
): Promise<number> {
  const { compositeParts } = await import('@sekisho/evidence/composite')
  const parts = inFile(file, () => compositeParts(bytes))
  if (options.asExpectations === true) {
    const skeleton = await skeletonOf(parts).catch((error: unknown) => {
      throw namingFile(file, error)
    })
    showExpectations(skeleton, `${parts.length} pieces of evidence`, options, around)
    return EXIT.ok
  }
  const found: { readonly name: string; readonly recognised: Recognised; readonly fields: readonly Field[] }[] = []
  for (const { name, recognised } of parts) {
    const door = await doorOf(recognised.tee)
    found.push({ name, recognised, fields: inFile(`${file} (${name})`, () => door.fields(recognised.evidence)) })
  }
  if (options.json === true) {
    const decoded = found.map(({ name, recognised, fields }) => ({ name, ...decodedJson(recognised, fields) }))
    around.out(`${canonicalJson({ parts: decoded })}\n`)
    return EXIT.ok
  }
  for (const { name, recognised, fields } of found)
    around.out(`part ${name}\n${renderFields(viewOf(recognised, fields, options), around)}\n`)
  return EXIT.ok
}

function showExpectations(skeleton: Expectations, what: string, options: InspectOptions, around: Around): void {
  around.out(
    options.json === true
      ? `${canonicalJson(skeleton)}\n`
      : `# values of ${what}, unverified: keep what you know to be right\n${toYaml(skeleton)}`,
  )
}

function viewOf(recognised: Recognised, fields: readonly Field[], { verbose }: InspectOptions): FieldsView {
  return { recognised, sha256: sha256(recognised.evidence), fields, verbose: verbose === true }
}

function decodedJson(
  { tee, form, wrappers, unused, evidence, companions }: Recognised,
  fields: readonly Field[],
): object {
  const travelled = companions.map(({ bytes, ...about }) => ({ ...about, length: bytes.length }))
  return {
    tee,
    form,
    length: evidence.length,
    sha256: sha256(evidence),
    wrappers,
    companions: travelled,
    unused,
    fields,
  }
}
