import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CaseResult, JsonValue } from '../src/conformance/case.ts'
import { snpCases } from '../src/conformance/snp/cases.ts'

const VECTORS = process.env.SEKISHO_VECTORS ?? fileURLToPath(new URL('../../../../../shared/vectors', import.meta.url))
const SNP = join(VECTORS, 'amd-sev-snp')
const skip = existsSync(SNP) ? false : `needs the SNP vectors in ${VECTORS} (SEKISHO_VECTORS)`

async function caseFolders(folder: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) found.push(...(await caseFolders(join(folder, entry.name))))
    else if (entry.name === 'case.json') found.push(folder)
  }
  return found.sort()
}

function explain(result: CaseResult): string {
  const different = result.comparisons
    .filter((one) => !one.equal)
    .map((one) => `${one.path}: expected ${JSON.stringify(one.expected)}, found ${JSON.stringify(one.actual)}`)
  return [result.message ?? '', ...different].join('\n')
}

describe('every SNP vector', { skip }, async () => {
  if (skip !== false) return
  let compared = 0
  const folders = await caseFolders(SNP)
  for (const folder of folders) {
    const name = relative(SNP, folder)
    it(name, async () => {
      const content: JsonValue = JSON.parse(await readFile(join(folder, 'case.json'), 'utf8'))
      const result = await snpCases.run(folder, name, content)
      compared += result.comparisons.length
      assert.equal(result.outcome, 'pass', explain(result))
    })
  }
  it('there are 91, and they list values', () => assert.equal(folders.length, 91))
  after(() => assert.ok(compared > 5000, `only ${compared} values were compared`))
})

describe('every SNP mutation', { skip }, async () => {
  if (skip !== false) return
  const content: JsonValue = JSON.parse(await readFile(join(SNP, 'mutations.json'), 'utf8'))
  const results = await snpCases.runMutations(SNP, 'mutations.json', content)
  for (const result of results) it(result.name, () => assert.equal(result.outcome, 'pass', explain(result)))
  it('there are 73', () => assert.equal(results.length, 73))
})
