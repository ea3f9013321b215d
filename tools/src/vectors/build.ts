import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { download, PUBLIC_HOST, UnreachableError } from './download.ts'
import { findItem, readings } from './find.ts'
import type { CaseEntry, Item, Source, VectorsManifest } from './manifest.ts'

/** What became of one case. */
export interface BuiltCase {
  readonly name: string
  /** `complete` when every item was found; `partial` when the evidence was, and something beside it was not. */
  readonly outcome: 'complete' | 'partial' | 'failed'
  /** Items that no source holds, and sources that could not be had. */
  readonly missing: readonly string[]
}

/**
 * Fetches every case of the manifest into `folder`, one folder each, written whole or not at all.
 * @throws UnreachableError without a network
 */
export async function buildVectors(
  manifest: VectorsManifest,
  folder: string,
  options: { readonly host?: string; readonly report?: (built: BuiltCase) => void } = {},
): Promise<BuiltCase[]> {
  const fetched = new Map<number, Promise<Buffer[] | Error>>()
  const viewsOf = (index: number): Promise<Buffer[] | Error> => {
    const known = fetched.get(index) ?? fetchReadings(manifest.sources[index], options.host ?? PUBLIC_HOST)
    fetched.set(index, known)
    return known
  }
  const results: BuiltCase[] = []
  for (const entry of manifest.cases) {
    const built = await buildCase(entry, manifest, viewsOf, folder)
    options.report?.(built)
    results.push(built)
  }
  return results
}

async function fetchReadings(source: Source | undefined, host: string): Promise<Buffer[] | Error> {
  if (source === undefined) return new Error('the manifest names a source that it does not list')
  try {
    return readings(await download(source, host))
  } catch (error) {
    if (error instanceof UnreachableError) throw error
    return error instanceof Error ? error : new Error(String(error))
  }
}

async function buildCase(
  entry: CaseEntry,
  manifest: VectorsManifest,
  viewsOf: (index: number) => Promise<Buffer[] | Error>,
  folder: string,
): Promise<BuiltCase> {
  const answers = await Promise.all(entry.sources.map(viewsOf))
  const missing = answers.filter((answer): answer is Error => answer instanceof Error).map((error) => error.message)
  const views = answers.filter((answer): answer is Buffer[] => !(answer instanceof Error)).flat()
  const files = new Map<string, Uint8Array>()
  const collateral: Record<string, string> = {}
  for (const item of entry.items) {
    const bytes = findItem(views, item)
    if (bytes === undefined) missing.push(`${item.into}: in none of the recorded files (SHA-256 ${item.sha256})`)
    else place(item, bytes, files, collateral)
  }
  const whole = entry.items.length > 0 && missing.length === 0
  const wanted = entry.items.some((item) => item.into === 'evidence.bin') ? files.has('evidence.bin') : files.size > 0
  if (!wanted) return { name: entry.name, outcome: 'failed', missing }
  if (Object.keys(collateral).length > 0) files.set('collateral.json', json(collateral))
  files.set('case.json', json(caseJson(entry, manifest)))
  writeWhole(join(folder, entry.name), files)
  return { name: entry.name, outcome: whole ? 'complete' : 'partial', missing }
}

function place(item: Item, bytes: Buffer, files: Map<string, Uint8Array>, collateral: Record<string, string>): void {
  const [file = '', member] = item.into.split('#')
  if (member === undefined) files.set(file, bytes)
  else collateral[member] = bytes.toString(item.as === 'hex' ? 'hex' : 'utf8')
}

function caseJson({ tee, version, evaluateAt, expect, sources }: CaseEntry, manifest: VectorsManifest): object {
  return { tee, version, source: sources.map((index) => manifest.sources[index]), evaluateAt, expect }
}

function json(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, undefined, 1)}\n`)
}

/** Writes beside the target and renames, so that a case is there in full or not at all. */
function writeWhole(target: string, files: ReadonlyMap<string, Uint8Array>): void {
  const fresh = `${target}.new-${process.pid}`
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(fresh, name)), { recursive: true })
    writeFileSync(join(fresh, name), bytes)
  }
  rmSync(target, { recursive: true, force: true })
  renameSync(fresh, target)
}
