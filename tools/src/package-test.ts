/**
 * `npm run package-test`: every publishable package as its users get it. With `-- metadata` only what can be said without
 * installing and running it, which the tests do too.
 */
import { ROOT } from './files.ts'
import { metadataFaults, useInstalled, withPacked } from './packed/check.ts'

await withPacked(ROOT, async (ours, folder) => {
  const faults = ours.map((each) => metadataFaults(ROOT, each)).filter((fault) => fault !== undefined)
  for (const { name } of ours) console.log(`${name}: packed`)
  if (faults.length > 0) {
    console.error(faults.join('\n\n'))
    process.exitCode = 1
    return
  }
  console.log('publint and are-the-types-wrong have nothing to say')
  if (process.argv[2] === 'metadata') return
  for (const line of await useInstalled(ROOT, ours, folder)) console.log(line)
})
