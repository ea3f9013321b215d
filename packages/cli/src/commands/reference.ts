import type { Around } from '../around.ts'
import { EXIT, unreadable } from '../exit.ts'
import { readInput } from '../input.ts'
import { readDocument } from '../options/document.ts'
import { isRecord } from '../options/record.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import type { Body } from '../remote/problem.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { reappraised, show, showRows, unmatchedValues, when } from '../remote/show.ts'
import { plain } from '../render/plain.ts'
import { toYaml } from '../render/yaml.ts'
import { SEKISHO } from '../self.ts'
import { referenceValues } from '../tee/reference-values.ts'
import { readEvidence } from './evidence-file.ts'

const MAX_FILE = 256 * 1024
const MAX_IMPORT = 1024 * 1024

/** `sekisho reference put` */
export async function referencePutCommand(
  name: string,
  file: string,
  options: RemoteOptions,
  around: Around,
): Promise<number> {
  named('reference', name)
  const set = await readDocument(file, around, MAX_FILE)
  if (!isRecord(set)) throw unreadable(`${file}: expected a set of reference values: { tee, values, owner }`)
  const told = await put(name, { json: set, file }, options, around)
  await warn(name, set, file, around)
  return told
}

/** What somebody should look at, of a set that the checkpoint took. */
async function warn(name: string, set: Readonly<Record<string, unknown>>, file: string, around: Around): Promise<void> {
  const { readReferenceSet, referenceWarnings } = await import('@sekisho/appraisal')
  const stored = readReferenceSet({ owner: name, provenance: { kind: 'manual' }, ...set, name })
  // That nothing matched it yet goes without saying.
  for (const { code, message, remedy } of referenceWarnings([stored], { at: around.now(), matched: new Set([name]) }))
    around.err(`${plain(`${file === '-' ? 'standard input' : file}: warning ${message} [${code}]; ${remedy}`)}\n`)
}

/** `sekisho reference from-evidence`: what this evidence measures, as a set. */
export async function referenceFromEvidenceCommand(
  name: string,
  file: string,
  options: RemoteOptions & { readonly owner?: string; readonly expires?: string; readonly print?: true },
  around: Around,
): Promise<number> {
  named('reference', name)
  const { tee, evidence } = await readEvidence(file, around)
  const values = await referenceValues(tee, evidence)
  const set = {
    tee,
    values,
    ...(options.owner === undefined ? {} : { owner: options.owner }),
    ...(options.expires === undefined ? {} : { expires: options.expires }),
  }
  if (options.print === true) {
    around.out(options.json === true ? `${JSON.stringify(set)}\n` : toYaml(set))
    return EXIT.ok
  }
  const json = { ...set, provenance: { kind: 'measurement', source: file } }
  return put(name, { json, typed: { owner: '--owner', expires: '--expires' } }, options, around)
}

async function put(name: string, body: Body, options: RemoteOptions, around: Around): Promise<number> {
  const path = `/references/${named('reference', name)}`
  const client = await clientOf(options, around)
  const answer = await client.send('PUT', client.in(path), body)
  const stored = new Answer(answer)
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `${name}: stored. ${reappraised(stored.number('live'), stored.number('revoked'))}`)
  })
}

/** `sekisho reference import`: what the file is, the checkpoint sees from its bytes. */
export async function referenceImportCommand(
  name: string,
  file: string,
  options: RemoteOptions & {
    readonly owner?: string
    readonly signer?: string
    readonly without?: readonly string[]
    readonly tdClass?: string
  },
  around: Around,
): Promise<number> {
  named('reference', name)
  const received = await readInput(file, around, MAX_IMPORT)
  const { bytes, until } =
    options.signer === undefined
      ? { bytes: received, until: undefined }
      : await withoutSignature(file, received, options.signer, around)
  const client = await clientOf(options, around)
  const query = new URLSearchParams({
    name,
    ...(options.owner === undefined ? {} : { owner: options.owner }),
    ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    ...(options.without === undefined ? {} : { without: options.without.join(',') }),
    ...(options.tdClass === undefined ? {} : { tdClass: options.tdClass }),
  })
  const answer = await client.send('POST', client.in(`/references/import?${query}`), { bytes, file })
  const told = new Answer(answer)
  return show(answer, options, around, (paper) => {
    const names = told.texts('names').join(', ')
    paper.line(0, 2, `${names}: stored. ${reappraised(told.number('live'), told.number('revoked'))}`)
    for (const path of told.has('passedOver') ? told.texts('passedOver') : []) paper.line(0, 2, `passed over: ${path}`)
    for (const one of told.has('staying') ? told.texts('staying') : [])
      paper.line(0, 2, `${one}: of an earlier import, in force still; \`${SEKISHO} reference delete ${one}\` ends it`)
  })
}

/** A signed CoRIM's content, and up to when it counts, once its signer is known to be one of the keys. @throws CliError when it is not */
async function withoutSignature(
  file: string,
  bytes: Uint8Array,
  keys: string,
  around: Around,
): Promise<{ readonly bytes: Uint8Array; readonly until: number | undefined }> {
  const { openCorimSync } = await import('@sekisho/evidence/corim')
  const text = new TextDecoder().decode(await readInput(keys, around, MAX_FILE))
  const { unsigned, until, error } = openCorimSync(bytes, { keys: text, at: around.now() })
  if (unsigned === undefined) throw unreadable(`${file}: ${error?.message ?? 'no CoRIM'}`)
  return { bytes: unsigned, until }
}

/** `sekisho reference list` */
export async function referenceListCommand(options: RemoteOptions, around: Around): Promise<number> {
  const client = await clientOf(options, around)
  const answer = await client.get(client.in('/references'))
  const sets = new Answer(answer).list('references')
  return showRows(
    answer,
    options,
    around,
    sets,
    [
      { title: 'NAME', value: (row) => row.text('name') },
      { title: 'TEE', value: (row) => row.text('tee') },
      { title: 'OWNER', value: (row) => row.text('owner') },
      { title: 'EXPIRES', value: (row) => when(row.optional('expires')) },
      {
        title: 'LAST MATCHED',
        value: (row) => (row.has('lastMatched') ? when(row.optional('lastMatched')) : 'never'),
        tone: (row) => (row.has('lastMatched') ? undefined : 'open'),
      },
    ],
    `There are no reference values yet; \`${SEKISHO} reference from-evidence\` makes a set from a workload’s evidence.`,
    unmatchedValues(sets),
  )
}

/** `sekisho reference show` */
export async function referenceShowCommand(name: string, options: RemoteOptions, around: Around): Promise<number> {
  const path = `/references/${named('reference', name)}`
  const client = await clientOf(options, around)
  const answer = await client.get(client.in(path))
  const { raw } = new Answer(answer)
  return show(answer, options, around, (paper) => paper.verbatim(0, toYaml(raw).trimEnd()))
}

/** `sekisho reference delete` */
export async function referenceDeleteCommand(name: string, options: RemoteOptions, around: Around): Promise<number> {
  const path = `/references/${named('reference', name)}`
  const client = await clientOf(options, around)
  const answer = await client.send('DELETE', client.in(path))
  const told = new Answer(answer)
  return show(answer, options, around, (paper) => {
    paper.line(0, 2, `${name}: deleted. ${reappraised(told.number('live'), told.number('revoked'))}`)
  })
}
