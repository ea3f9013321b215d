import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { filesBelow, foldersIn, type Manifest, readManifest } from '../files.ts'
import { type FileSyntax, readSyntax } from './syntax.ts'

/** One TypeScript file of a package. */
export interface SourceFile extends FileSyntax {
  /** Path from the root of the workspace, with `/`. */
  readonly path: string
  /** `src` or `test`. */
  readonly part: 'src' | 'test'
  /** Path below the part, e.g. `snp/report.ts`. */
  readonly inside: string
}

/** One folder under `packages/`. */
export interface PackageTree {
  readonly folder: string
  readonly path: string
  readonly manifest: Manifest
  readonly files: readonly SourceFile[]
}

/** One breach of the plan. */
export interface Violation {
  readonly rule: string
  readonly file: string
  readonly line?: number
  readonly message: string
}

/** Reads every package of the workspace at `root`. @throws when a file does not parse. */
export function readPackages(root: string): PackageTree[] {
  return foldersIn(join(root, 'packages')).map((folder) => {
    const path = `packages/${folder}`
    const files = (['src', 'test'] as const).flatMap((part) =>
      ['.ts', '.tsx']
        .flatMap((ending) => filesBelow(join(root, path, part), ending))
        .map((inside) => readFile(root, `${path}/${part}/${inside}`, part, inside)),
    )
    return { folder, path, manifest: readManifest(join(root, path)), files }
  })
}

function readFile(root: string, path: string, part: 'src' | 'test', inside: string): SourceFile {
  return { path, part, inside, ...readSyntax(path, readFileSync(join(root, path), 'utf8')) }
}

/** Where a relative specifier in `file` leads, from the root; undefined for any other specifier. */
export function relativeTarget(file: SourceFile, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  return posix.normalize(posix.join(posix.dirname(file.path), specifier))
}

/** The package part of a bare specifier: `@sekisho/evidence/snp` is of `@sekisho/evidence`. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}
