import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { canonicalJson } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { CliError, EXIT, unreadable } from '../exit.ts'
import { Answer } from '../remote/answer.ts'
import { clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { emulatedMark, show, when } from '../remote/show.ts'
import type { Span, Tone } from '../render/paper.ts'
import { shellWord } from '../render/shell-word.ts'
import { SEKISHO } from '../self.ts'
import { verdictText } from './decision.ts'
import { emptyFolder, place } from './new-folder.ts'

const RESULTS: Readonly<Record<string, { readonly tone: Tone; readonly exitCode: number; readonly said: string }>> = {
  confirmed: { tone: 'good', exitCode: EXIT.ok, said: 'it holds as of its time' },
  differs: { tone: 'bad', exitCode: EXIT.rejected, said: 'it does not come out as it is recorded' },
  incomplete: { tone: 'open', exitCode: EXIT.incomplete, said: 'not everything could be compared' },
}
const TONES: Readonly<Record<string, Tone>> = { same: 'good', differs: 'bad', unknown: 'open' }

/** `sekisho decision reverify`: exit code 1 where anything differs from what is recorded, 2 where something is not kept. */
export async function decisionReverifyCommand(
  id: string,
  options: RemoteOptions & { readonly verbose?: true },
  around: Around,
): Promise<number> {
  const path = `/decisions/${named('decision', id)}/reverify`
  const client = await clientOf(options, around)
  const answer = await client.send('POST', client.in(path))
  const found = new Answer(answer)
  const result = RESULTS[found.text('result')]
  if (result === undefined)
    throw unreadable('the result of the checkpoint is not known here; is it of another version?')
  const tree =
    options.verbose === true && found.has('verdict') && options.json !== true
      ? await verdictText(found.object('verdict'), around)
      : undefined
  show(answer, options, around, (paper) => {
    const heading: Span = { text: found.text('result').toUpperCase(), tone: result.tone }
    paper.line(0, 2, heading, `  ${found.text('decision')}, ${when(found.text('at'))}: ${result.said}`)
    const judgedAt = found.optional('judgedAt')
    if (judgedAt !== undefined) paper.entry(2, 14, 'judged as of', when(judgedAt))
    for (const step of found.list('steps')) {
      const tone = TONES[step.text('outcome')]
      const outcome: Span = { text: step.text('outcome').padEnd(8), ...(tone === undefined ? {} : { tone }) }
      paper.entry(2, 14, step.text('step'), outcome, step.text('detail'))
    }
  })
  if (tree !== undefined) around.out(`\n${tree}`)
  return result.exitCode
}

/** One file of a piece of evidence, with what `verify` calls it. */
interface PieceFile {
  readonly name: string
  readonly bytes: Uint8Array | undefined
  readonly flag: string
}

/** `sekisho decision evidence`: everything that a decision rests on as files, and how to verify them anywhere. Exit code 2 where something is not kept. */
export async function decisionEvidenceCommand(
  id: string,
  folder: string,
  options: RemoteOptions,
  around: Around,
): Promise<number> {
  const path = `/decisions/${named('decision', id)}/evidence`
  const client = await clientOf(options, around)
  const answer = await client.get(client.in(path))
  const found = new Answer(answer)
  const pieces = found.list('pieces')
  if (pieces.length === 0)
    throw unreadable(`${id}: no evidence was judged for this decision, or what it rests on is not kept any more`)
  const files = pieces.map(filesOf)
  const names = pieces.map((piece) => piece.text('name'))
  if (new Set(names).size !== names.length) throw unreadable('two pieces of evidence have one name')
  await emptyFolder(folder)
  for (const { name, bytes } of files.flat()) if (bytes !== undefined) await place(folder, name, bytes)
  await place(folder, DECISION, Buffer.from(`${JSON.stringify(withoutBytes(found), undefined, 2)}\n`))
  const namesOf = (kept: boolean): readonly string[] =>
    files.flat().flatMap(({ name, bytes }) => ((bytes !== undefined) === kept ? [name] : []))
  const [written, missing] = [[...namesOf(true), DECISION], namesOf(false)]
  const told = { folder, files: written, notKept: missing }
  show(told, options, around, (paper) => {
    paper.line(0, 2, `${folder}: what decision ${id} rests on`, ...emulatedMark(found))
    for (const name of written) paper.line(2, 2, name)
    for (const name of missing) paper.line(2, 2, { text: `${name}: not kept, only its digest`, tone: 'open' })
    paper.heading('To verify it anywhere, as of its time')
    for (const one of files) paper.verbatim(2, commandOf(folder, one, found.text('judgedAt')))
    // A verdict on several pieces is put together of theirs.
    if (files.length === 1 && missing.length === 0)
      paper.line(
        2,
        2,
        `With --json and without its line end, what this prints has the SHA-256 ${found.text('verdictSha256')}, as the receipt of the decision says.`,
      )
    if (found.flag('emulated'))
      paper.line(
        2,
        2,
        `Its roots are emulated: add --trust-anchor FILE, with what \`${SEKISHO} emulate anchors\` prints.`,
      )
  })
  return missing.length === 0 ? EXIT.ok : EXIT.incomplete
}

const DECISION = 'decision.json'

function filesOf(piece: Answer): readonly PieceFile[] {
  const name = piece.text('name')
  if (!/^[a-z0-9-]{1,64}$/.test(name)) throw unreadable('a piece of evidence has a name that can be no file’s')
  const collateral = bytesOf(piece.object('collateral'), `endorsements of ${name}`)
  return [
    { name: `${name}.evidence`, bytes: bytesOf(piece.object('evidence'), `evidence of ${name}`), flag: '' },
    ...(piece.has('eventLog')
      ? [
          {
            name: `${name}.event-log`,
            bytes: bytesOf(piece.object('eventLog'), `event log of ${name}`),
            flag: '--event-log',
          },
        ]
      : []),
    // Evidence that brings everything itself has none.
    ...(collateral?.length === 0 ? [] : [{ name: `${name}.collateral`, bytes: collateral, flag: '--collateral' }]),
    {
      name: `${name}.expect.json`,
      bytes: Buffer.from(`${canonicalJson(piece.object('expect').raw)}\n`),
      flag: '--expect',
    },
  ]
}

/** @throws CliError for bytes that are not those that were recorded: nothing that is found of them says anything of the decision */
function bytesOf(kept: Answer, what: string): Uint8Array | undefined {
  const text = kept.optional('bytes')
  if (text === undefined) return undefined
  const bytes = Buffer.from(text, 'base64')
  const digest = createHash('sha256').update(bytes).digest('hex')
  if (digest === kept.text('sha256')) return bytes
  throw new CliError(
    EXIT.rejected,
    `the ${what}: the checkpoint gives bytes of the SHA-256 ${digest}; expected ${kept.text('sha256')}, as it is recorded`,
  )
}

function withoutBytes(found: Answer): object {
  const digest = (piece: Answer, name: string): object =>
    piece.has(name) ? { [name]: { sha256: piece.object(name).text('sha256') } } : {}
  return {
    ...found.raw,
    pieces: found.list('pieces').map((piece) => ({
      ...piece.raw,
      ...digest(piece, 'evidence'),
      ...digest(piece, 'eventLog'),
      ...digest(piece, 'collateral'),
    })),
  }
}

function commandOf(folder: string, files: readonly PieceFile[], judgedAt: string): string {
  const words = files.flatMap(({ name, bytes, flag }) =>
    bytes === undefined ? [] : [...(flag === '' ? [] : [flag]), operand(join(folder, name))],
  )
  return `${SEKISHO} verify ${[...words, '--at', judgedAt].map(shellWord).join(' ')}`
}

/** A path that no command takes for an option. */
function operand(path: string): string {
  return path.startsWith('-') ? `./${path}` : path
}
