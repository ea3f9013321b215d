import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { type CliError, unreadable } from '../exit.ts'
import { folderInWords, inWords } from '../input.ts'
import { textIn } from '../options/document.ts'
import type { CaseResult, CaseRunner, JsonValue, MutationRunner } from './case.ts'
import { parseCaseJson } from './case-files.ts'
import { textMember } from './json.ts'
import { isLaunchList, runLaunchList } from './launch/list.ts'
import { notRun } from './run.ts'

const MAX_DEPTH = 12
const MAX_CASE_FILE = 50_000_000
/** Longest JSON file that is looked into for a list of launch measurements. */
const MAX_LIST = 5_000_000

/** A `case.json`, `mutations.json` or list of launch measurements, and the folder it was looked for below. */
export interface CaseFile {
  readonly path: string
  readonly below: string
}

/** Every case file in or below a folder, in the order of their paths. @throws CliError when the folder cannot be read */
export async function findCases(folder: string): Promise<readonly CaseFile[]> {
  const paths = await walk(folder, 0)
  return paths.sort().map((path) => ({ path, below: folder }))
}

async function walk(folder: string, depth: number): Promise<string[]> {
  // Also the end of links that lead in circles.
  if (depth > MAX_DEPTH) throw unreadable(`${folder}: more than ${MAX_DEPTH} folders deep`)
  try {
    const below: string[] = []
    const cases: string[] = []
    const others: string[] = []
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory() || (entry.isSymbolicLink() && (await leadsToFolder(path))))
        below.push(...(await walk(path, depth + 1)))
      else if (entry.name === 'case.json' || entry.name === 'mutations.json') cases.push(path)
      else if (entry.name.endsWith('.json')) others.push(path)
    }
    return [...below, ...(cases.length > 0 ? cases : await launchLists(others))]
  } catch (error) {
    throw await folderInWords(folder, error, 'cases, each a case.json in a folder of its own')
  }
}

// A link that leads nowhere is no folder: where it has the name of a case, that case says so.
async function leadsToFolder(link: string): Promise<boolean> {
  const found = await stat(link).catch(() => undefined)
  return found?.isDirectory() === true
}

// Lists of launch measurements stand alone, under any name: what they are is said inside.
async function launchLists(paths: readonly string[]): Promise<readonly string[]> {
  const lists: string[] = []
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && found.size <= MAX_LIST && isLaunchList(await readJson(path).catch(() => null)))
      lists.push(path)
  }
  return lists
}

/** The result of a case whose own file cannot be read: it fails. */
export function unreadCase(file: CaseFile, error: CliError): CaseResult {
  return notRun(relative(dirname(file.below), file.path), 'none', error)
}

/**
 * Runs the case or the mutations of one file. A kind of evidence that no runner takes gives `unsupported`.
 *
 * @throws CliError (unreadable) when the file itself cannot be read
 */
export async function readCase(file: CaseFile, runners: readonly CaseRunner[]): Promise<readonly CaseResult[]> {
  const content = await readJson(file.path)
  const folder = dirname(file.path)
  const name = relative(dirname(file.below), folder) || basename(folder)
  if (basename(file.path) === 'mutations.json') return runMutations(file, name, content, runners)
  if (basename(file.path) !== 'case.json') {
    const label = relative(dirname(file.below), file.path)
    return guardedAll(label, async () => {
      const results = await runLaunchList(folder, label, content)
      if (results.length === 0) throw new Error('the list has no entries')
      return results
    })
  }
  // Event logs on their own are of no TEE: their cases name a kind instead.
  const tee = textMember(content, 'tee') || (textMember(content, 'kind') ?? '')
  const runner = runners.find((one) => one.tees.includes(tee))
  if (runner === undefined) return [unknownKind(name, tee)]
  return [await guarded(name, tee, () => runner.run(folder, name, content))]
}

async function runMutations(
  file: CaseFile,
  name: string,
  content: JsonValue,
  runners: readonly CaseRunner[],
): Promise<readonly CaseResult[]> {
  const folder = dirname(file.path)
  const label = `${name}/mutations.json`
  for (const runner of runners) {
    if (!hasMutations(runner)) continue
    const results = await guardedAll(label, () => runner.runMutations(folder, label, content))
    if (results.length > 0) return results
  }
  return [unknownKind(label, 'of these mutations')]
}

async function guardedAll(label: string, run: () => Promise<readonly CaseResult[]>): Promise<readonly CaseResult[]> {
  try {
    return await run()
  } catch (error) {
    return [notRun(label, 'none', error)]
  }
}

function hasMutations(runner: CaseRunner): runner is MutationRunner {
  return 'runMutations' in runner
}

/** A case whose files are missing or unreadable must not end the run of the others, nor pass. */
async function guarded(name: string, tee: string, run: () => Promise<CaseResult>): Promise<CaseResult> {
  try {
    return await run()
  } catch (error) {
    return notRun(name, tee, error)
  }
}

function unknownKind(name: string, tee: string): CaseResult {
  return {
    name,
    tee,
    outcome: 'unsupported',
    expectedVerdict: 'not read',
    actualVerdict: 'not read',
    comparisons: [],
    unimplemented: ['tee'],
    message: `evidence of the kind ${JSON.stringify(tee.slice(0, 64))} is not read by this version`,
  }
}

async function readJson(path: string): Promise<JsonValue> {
  try {
    const bytes = await readFile(path)
    if (bytes.length > MAX_CASE_FILE)
      throw unreadable(`${path}: ${bytes.length} bytes; at most ${MAX_CASE_FILE} are read`)
    return parseCaseJson(textIn(bytes, path), path)
  } catch (error) {
    throw inWords(path, error)
  }
}
