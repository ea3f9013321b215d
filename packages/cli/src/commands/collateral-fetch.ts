import type { BundleItem, CollateralSource } from '@sekisho/collateral'
import { isCollateralError } from '@sekisho/collateral/requests'
import { canonicalJson } from '@sekisho/evidence'
import type { Around } from '../around.ts'
import { CliError, EXIT, unreadable } from '../exit.ts'
import { readAnchors } from '../options/anchors.ts'
import { plain } from '../render/plain.ts'
import { type Fetching, isFetchable, itemsFor } from '../tee/fetch.ts'
import { namingFile, readEvidenceFile } from './evidence-file.ts'
import { writeOutput } from './output.ts'
import { type NetworkFlags, sourceOf } from './source.ts'

/** Options of `sekisho collateral fetch`. */
export interface CollateralFetchOptions extends NetworkFlags {
  readonly output?: string
  readonly json?: true
  readonly trustAnchor?: readonly string[]
}

/**
 * Fetches what verifying the files needs; each platform is asked for once, since the source keeps answers. Where NVIDIA has
 * not got all, the rest is kept, and the exit code is that of an incomplete verdict.
 */
export async function collateralFetchCommand(
  files: readonly string[],
  options: CollateralFetchOptions,
  around: Around,
): Promise<number> {
  let notKept: string | undefined
  const anchors = await readAnchors(options.trustAnchor, around)
  const source = await sourceOf(options, anchors, around, ({ step, reason }) => {
    if (step === 'not-kept') notKept = reason
  })
  const items: BundleItem[] = []
  let isWhole = true
  const onMissing = (file: string, what: string): void => {
    isWhole = false
    around.err(`sekisho: ${plain(file)}: missing: ${plain(what)}\n`)
  }
  for (const file of files) {
    const fetching = { trustAnchors: anchors, onMissing: (what: string) => onMissing(file, what) }
    items.push(...(await fetchFor(file, source, fetching, around)))
  }
  // Without a file, what was fetched is nowhere.
  if (options.output === undefined && notKept !== undefined) throw new CliError(EXIT.unreadable, notKept)
  const { mergeBundles, writeBundle } = await import('@sekisho/collateral')
  const bundle = mergeBundles({ items })
  if (options.output !== undefined) await writeOutput(options.output, writeBundle(bundle), around)
  const summary = {
    items: bundle.items.length,
    evidence: files.length,
    ...(options.output === undefined ? {} : { output: options.output }),
  }
  // The bundle has standard output to itself.
  if (options.json === true) (options.output === '-' ? around.err : around.out)(`${canonicalJson(summary)}\n`)
  else
    around.err(
      `${summary.items} ${summary.items === 1 ? 'item' : 'items'} for ${summary.evidence} ${summary.evidence === 1 ? 'piece' : 'pieces'} of evidence${options.output === undefined ? ', kept in the cache' : `, written to ${options.output}`}\n`,
    )
  return isWhole ? EXIT.ok : EXIT.incomplete
}

async function fetchFor(
  file: string,
  source: CollateralSource,
  fetching: Fetching,
  around: Around,
): Promise<readonly BundleItem[]> {
  const read = await readEvidenceFile(file, around)
  const pieces = read.recognised === undefined ? read.parts.map((part) => part.recognised) : [read.recognised]
  const kinds = pieces.map(({ tee }) => tee).join(', ')
  // Of several, some may need nothing that a service has.
  if (!pieces.some(isFetchable))
    throw unreadable(`${file}: no endorsements can be fetched for evidence of the kind ${kinds}`)
  try {
    const items: BundleItem[] = []
    for (const piece of pieces.filter(isFetchable)) items.push(...(await itemsFor(piece, source, fetching)))
    return items
  } catch (error) {
    if (isCollateralError(error)) throw new CliError(EXIT.unreadable, `${file}: ${error.message}`, { cause: error })
    throw namingFile(file, error)
  }
}
