import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { filesBelow, ROOT, readManifest } from '../src/files.ts'

describe('docs/dependencies.md', () => {
  const listed = [...readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8').matchAll(/^\| `([^`]+)` \|/gm)].map(
    ([, name]) => name,
  )
  const used = filesBelow(ROOT, 'package.json')
    .filter((path) => /(^|\/)package\.json$/.test(path))
    .flatMap((path) => dependenciesOf(dirname(join(ROOT, path))))
    .filter((name) => name !== 'sekisho' && !name.startsWith('@sekisho/'))

  it('sees the dependencies of this workspace', () => {
    assert.ok(used.includes('typescript'))
  })

  it('gives a reason for every dependency of every package.json', () => {
    assert.deepEqual(
      [...new Set(used)].filter((name) => !listed.includes(name)),
      [],
    )
  })

  it('names nothing that is no longer used, and nothing twice', () => {
    assert.deepEqual(
      listed.filter((name, index) => name === undefined || !used.includes(name) || listed.indexOf(name) !== index),
      [],
    )
  })

  it('every version is exact', () => {
    for (const path of filesBelow(ROOT, 'package.json')) {
      const { dependencies, devDependencies, optionalDependencies } = readManifest(dirname(join(ROOT, path)))
      for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })) {
        assert.match(range, /^\d+\.\d+\.\d+$/, `${path}: ${name} ${range}`)
      }
    }
  })
})

function dependenciesOf(folder: string): string[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = readManifest(folder)
  return Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies, ...peerDependencies })
}
