/**
 * `npm run pack -- FOLDER [PACKAGE…]`: the tarballs that are published, all of them or those of the named packages. Prints
 * the path of each. What `npm pack` makes in a package's own folder works too; it lacks the bundles that start fast.
 */
import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { publishable, ROOT } from './files.ts'
import { packOurs } from './packed/pack.ts'

const [folder, ...names] = process.argv.slice(2)
const known = publishable(ROOT).map(({ name }) => name)
const stranger = names.find((name) => !known.includes(name))
if (folder === undefined || stranger !== undefined) {
  console.error(
    stranger === undefined ? 'npm run pack -- FOLDER [PACKAGE…]' : `no package ${stranger}: ${known.join(', ')}`,
  )
  process.exit(64)
}
const target = resolve(folder)
mkdirSync(target, { recursive: true })
for (const { tarball } of await packOurs(ROOT, target, names.length === 0 ? undefined : names)) console.log(tarball)
