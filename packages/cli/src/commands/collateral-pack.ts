import type { BundleItem } from '@sekisho/collateral'
import type { Around } from '../around.ts'
import { EXIT } from '../exit.ts'
import { readCollateral } from '../options/collateral-files.ts'
import { itemsOf } from './collateral-items.ts'
import { writeOutput } from './output.ts'

/** Puts collateral of any form into one bundle. Each path is read on its own, so that chains do not mix. */
export async function collateralPackCommand(
  paths: readonly string[],
  options: { readonly output: string },
  around: Around,
): Promise<number> {
  const items: BundleItem[] = []
  for (const path of paths) {
    const found = await itemsOf(await readCollateral([path], around), path)
    items.push(...found.items)
    for (const one of found.leftOver) around.err(`sekisho: ${path}: left out: ${one}\n`)
  }
  const { mergeBundles, writeBundle } = await import('@sekisho/collateral')
  const bundle = mergeBundles({ items })
  await writeOutput(options.output, writeBundle(bundle), around)
  around.err(`${bundle.items.length} ${bundle.items.length === 1 ? 'item' : 'items'} written to ${options.output}\n`)
  return EXIT.ok
}
