/**
 * `node tools/dist/src/make-examples.js FOLDER`: writes the examples with new keys, which are
 * forgotten when the process ends.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { makeExamples } from './examples/examples.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('usage: node tools/dist/src/make-examples.js FOLDER')
  process.exit(64)
}
for (const [path, content] of makeExamples()) {
  const target = join(folder, path)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, content)
}
