import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Around } from '../around.ts'
import { EXIT, unreadable } from '../exit.ts'
import { folderInWords } from '../input.ts'
import { readDocument, readText } from '../options/document.ts'
import { clientOf } from '../remote/client.ts'
import { named } from '../remote/names.ts'
import type { RemoteOptions } from '../remote/profile.ts'
import { show } from '../remote/show.ts'
import { SEKISHO } from '../self.ts'
import { emptyFolder, place } from './new-folder.ts'
import { writeOutput } from './output.ts'

/** `sekisho log checkpoint`: the signed note and nothing else, to be kept for `log verify --since`. */
export async function logCheckpointCommand(
  options: RemoteOptions & { readonly output?: string },
  around: Around,
): Promise<number> {
  const client = await clientOf(options, around)
  const [note, key] = await Promise.all([client.raw('/log/checkpoint'), client.raw('/log/key')])
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  const told = { checkpoint: text(note), verifierKey: text(key).trim() }
  await writeOutput(
    options.output ?? '-',
    options.json === true ? `${JSON.stringify(told)}\n` : told.checkpoint,
    around,
  )
  return EXIT.ok
}

/** Name, id and key (C2SP signed-note). */
const VERIFIER_KEY = /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/

/** `sekisho log key`: for `log verify` and `log check-receipt`, which believe nothing else. */
export async function logKeyCommand(
  options: RemoteOptions & { readonly output?: string },
  around: Around,
): Promise<number> {
  const client = await clientOf(options, around)
  const verifierKey = new TextDecoder().decode(await client.raw('/log/key')).trim()
  // Whoever keeps it believes nothing else from then on.
  if (!VERIFIER_KEY.test(verifierKey))
    throw unreadable(`${client.server} answers with no key of a log: is it a checkpoint?`)
  const text = options.json === true ? `${JSON.stringify({ verifierKey })}\n` : `${verifierKey}\n`
  await writeOutput(options.output ?? '-', text, around)
  return EXIT.ok
}

/** `sekisho log export`: the files of C2SP tlog-tiles, the checkpoint last. */
export async function logExportCommand(folder: string, options: RemoteOptions, around: Around): Promise<number> {
  await emptyFolder(folder)
  const client = await clientOf(options, around)
  const { formatLogPath, logFiles } = await import('@sekisho/broker')
  const checkpoint = await client.raw('/log/checkpoint')
  const size = sizeOf(new TextDecoder().decode(checkpoint))
  for (const path of logFiles(size)) {
    const name = formatLogPath(path)
    await place(folder, name, await client.raw(`/log/${name}`))
  }
  await place(folder, 'checkpoint', checkpoint)
  return show({ folder, entries: size }, options, around, (paper) => {
    paper.line(0, 2, `${folder}: ${size} entries. \`${SEKISHO} log verify\` checks them anywhere.`)
  })
}

/** The second line of a checkpoint (C2SP tlog-checkpoint). */
function sizeOf(checkpoint: string): number {
  const size = Number(checkpoint.split('\n')[1])
  if (Number.isSafeInteger(size) && size >= 0) return size
  throw unreadable('the checkpoint of the log is none')
}

/** `sekisho log verify`: exit code 1 when an entry was altered, removed, added or moved. */
export async function logVerifyCommand(
  folder: string,
  options: { readonly key: string; readonly since?: string; readonly json?: true },
  around: Around,
): Promise<number> {
  const key = (await readText(options.key, around, 4096)).trim()
  const earlier = options.since === undefined ? [] : [await readText(options.since, around, 64 * 1024)]
  await readdir(folder).catch(async (error: unknown) => {
    throw await folderInWords(folder, error, 'what `log export` wrote')
  })
  const { folderReader, verifyLogExport } = await import('@sekisho/broker')
  const files = options.since === undefined ? options.key : `${options.key}, ${options.since}`
  const verdict = await blaming(files, () =>
    verifyLogExport(folderReader(folder), key, {
      earlier,
      onProgress: (entries, of) => {
        if (around.liveProgress) around.err(`\rsekisho: ${entries} of ${of} entries`)
      },
    }),
  )
  if (around.liveProgress) around.err('\r\u001b[K')
  const strange = verdict.valid ? await strangersIn(folder, verdict.size) : []
  const told = strange.length === 0 ? verdict : { ...verdict, unsigned: strange }
  show(told, options, around, (paper) => {
    if (verdict.valid) {
      paper.line(0, 2, { text: 'CONSISTENT', tone: 'good' }, `  ${verdict.origin}, ${verdict.size} entries`)
      paper.entry(2, 6, 'root', verdict.root)
      for (const name of strange)
        paper.line(
          2,
          2,
          { text: 'unsigned', tone: 'open' },
          `  ${name}: no file of this log; the checkpoint says nothing of it`,
        )
      return
    }
    paper.line(0, 2, { text: 'TAMPERED', tone: 'bad' }, `  ${verdict.problem}`)
    if (verdict.index !== undefined) paper.entry(2, 14, 'first entry', String(verdict.index))
  })
  return verdict.valid ? EXIT.ok : EXIT.rejected
}

/** Names are for people to look at: a folder of something else is plain from fewer. */
const MOST_STRANGERS = 100

/** Files in a folder that are none of a log of `size` entries, and were not looked at; sorted, 100 at most. */
async function strangersIn(folder: string, size: number): Promise<readonly string[]> {
  const { formatLogPath, logFiles } = await import('@sekisho/broker')
  const expected = new Set(['checkpoint'])
  for (const path of logFiles(size)) expected.add(formatLogPath(path))
  const strange: string[] = []
  const below = async (path: string): Promise<void> => {
    for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
      if (strange.length === MOST_STRANGERS) return
      const name = path === '' ? entry.name : `${path}/${entry.name}`
      // Links are not followed: they are named.
      if (entry.isDirectory()) await below(name)
      else if (!expected.has(name)) strange.push(name)
    }
  }
  try {
    await below('')
  } catch (error) {
    throw await folderInWords(folder, error, 'what `log export` wrote')
  }
  return strange.sort()
}

/** `sekisho log receipt` */
export async function logReceiptCommand(
  id: string,
  options: RemoteOptions & { readonly output?: string },
  around: Around,
): Promise<number> {
  const path = `/decisions/${named('decision', id)}/receipt`
  const client = await clientOf(options, around)
  const answer = await client.get(client.in(path))
  await writeOutput(
    options.output ?? '-',
    `${JSON.stringify(answer, undefined, options.json === true ? 0 : 2)}\n`,
    around,
  )
  return EXIT.ok
}

/** `sekisho log check-receipt`: exit code 1 when the receipt proves nothing. */
export async function logCheckReceiptCommand(
  file: string,
  options: { readonly key: string; readonly json?: true },
  around: Around,
): Promise<number> {
  const receipt = await readDocument(file, around, 1024 * 1024)
  const key = (await readText(options.key, around, 4096)).trim()
  const { verifyReceipt } = await import('@sekisho/broker')
  const verdict = await blaming(options.key, async () => verifyReceipt(receipt, key))
  show(verdict, options, around, (paper) => {
    if (!verdict.valid) {
      paper.line(0, 2, { text: 'NO PROOF', tone: 'bad' }, `  ${verdict.problem}`)
      return
    }
    const { entry, index, size, origin, emulated } = verdict
    const mark = emulated ? [{ text: ' EMULATED', tone: 'bad' } as const] : []
    paper.line(0, 2, { text: 'PROVEN', tone: 'good' }, ...mark, `  entry ${index} of ${size} of ${origin}`)
    for (const [name, value] of Object.entries(entry)) paper.entry(2, 18, name, String(value))
  })
  return verdict.valid ? EXIT.ok : EXIT.rejected
}

/** A key that is none is a fault of the file that it was read from. */
async function blaming<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof TypeError) throw unreadable(`${file}: ${error.message}`, error)
    throw error
  }
}
