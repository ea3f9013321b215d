/**
 * `npm run vectors [-- FOLDER]`: fetches the genuine evidence that this project is tested with from
 * the public repositories that hold it, by commit, and keeps only bytes of the recorded digest.
 * The folder (default `vectors`) is laid out as the tests expect; point SEKISHO_VECTORS at it.
 *
 * `npm run vectors -- --describe FOLDER` writes the manifest anew from a folder of cases.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ROOT } from './files.ts'
import { buildVectors } from './vectors/build.ts'
import { describeVectors } from './vectors/describe.ts'
import { UnreachableError } from './vectors/download.ts'
import type { VectorsManifest } from './vectors/manifest.ts'

const MANIFEST = join(ROOT, 'tools/vectors-manifest.json')

const [first, second] = process.argv.slice(2)
if (first === '--describe') describe(resolve(second ?? '../shared/vectors'))
else {
  try {
    await fetchAll(resolve(first ?? 'vectors'))
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error
    console.error(error.message)
    process.exitCode = 1
  }
}

function describe(folder: string): void {
  const { version, sources, cases } = describeVectors(folder)
  const lines = (rows: readonly unknown[]): string => rows.map((row) => `\n  ${JSON.stringify(row)}`).join(',')
  writeFileSync(MANIFEST, `{ "version": ${version}, "sources": [${lines(sources)}\n], "cases": [${lines(cases)}\n] }\n`)
  console.log(`described ${cases.length} cases of ${sources.length} public files`)
}

async function fetchAll(folder: string): Promise<void> {
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8')) as VectorsManifest
  const built = await buildVectors(manifest, folder, {
    report: ({ name, outcome, missing }) => {
      console.log(`${outcome.padEnd(9)}${name}`)
      for (const each of missing) console.log(`         ${each}`)
    },
  })
  const count = (outcome: string): number => built.filter((each) => each.outcome === outcome).length
  console.log(
    `${count('complete')} complete, ${count('partial')} partial, ${count('failed')} failed; SEKISHO_VECTORS=${folder}`,
  )
  if (count('failed') > 0) process.exitCode = 1
}
