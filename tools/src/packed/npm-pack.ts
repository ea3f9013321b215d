import { mustRun } from './run.ts'

/** What npm says of a tarball that it made, or would make. */
export interface Tarball {
  readonly name: string
  /** File name, without a folder. */
  readonly filename: string
  /** Bytes. */
  readonly size: number
}

/**
 * Packs folders, in one process: a start of npm costs as much as ten packages. What they run when they are packed is
 * not run.
 *
 * @param folders absolute paths, each of a package with another name
 * @param destination folder of the tarballs; without it they are only counted
 * @returns by the name of the package, all of them
 * @throws Error with the output of npm when it fails, names a package twice or leaves one out
 */
export function npmPack(folders: readonly string[], destination?: string): ReadonlyMap<string, Tarball> {
  const where = destination === undefined ? ['--dry-run'] : ['--pack-destination', destination]
  const printed = mustRun('npm', ['pack', '--json', '--ignore-scripts', ...where, ...folders], process.cwd())
  const tarballs = new Map(tarballsIn(JSON.parse(printed)).map((one) => [one.name, one]))
  if (tarballs.size !== folders.length) throw new Error(`npm pack of ${folders.join(', ')} answered ${printed}`)
  return tarballs
}

/** npm 10 and 11 print a list, npm 12 an object by package name. */
function tarballsIn(answer: unknown): readonly Tarball[] {
  return Object.values(Object(answer)).map((one) => {
    if (isTarball(one)) return one
    throw new Error(`npm pack --json gave no name, file and size: ${JSON.stringify(one)}`)
  })
}

function isTarball(one: unknown): one is Tarball {
  if (typeof one !== 'object' || one === null) return false
  if (!('name' in one && 'filename' in one && 'size' in one)) return false
  return typeof one.name === 'string' && typeof one.filename === 'string' && typeof one.size === 'number'
}
