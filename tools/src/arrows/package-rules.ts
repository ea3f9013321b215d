import { builtinModules } from 'node:module'
import { PACKAGE_RULES, type PackageRule } from './table.ts'
import { type PackageTree, packageOf, relativeTarget, type SourceFile, type Violation } from './tree.ts'

/** Makes evidence for the tests of every package. Its kit may break anything, and is for tests only. */
const EMULATOR = '@sekisho/emulator'
const TEST_KIT = '@sekisho/emulator/kit'

/** Holds the imports and the manifest of each package to the table of arrows. */
export function checkPackages(packages: readonly PackageTree[]): Violation[] {
  const folderOf = new Map(packages.map((tree) => [tree.manifest.name, tree.folder]))
  return packages.flatMap((tree) => {
    const rule = PACKAGE_RULES[tree.folder]
    if (rule === undefined) {
      return [
        { rule: 'unknown-package', file: tree.path, message: `packages/${tree.folder} is not in the table of arrows` },
      ]
    }
    return [
      ...checkManifest(tree, rule, folderOf),
      ...tree.files.flatMap((file) => checkFile(tree, rule, file, folderOf)),
    ]
  })
}

type FolderOf = ReadonlyMap<string, string>

function checkManifest(tree: PackageTree, rule: PackageRule, folderOf: FolderOf): Violation[] {
  const file = `${tree.path}/package.json`
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = tree.manifest
  const shipped = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })
  const found: Violation[] = []
  for (const name of shipped) {
    if (isOurs(name)) {
      if (!mayImport(rule, folderOf.get(name)))
        found.push({ rule: 'arrow', file, message: `must not depend on ${name}` })
    } else if (rule.foreign === false) {
      found.push({ rule: 'no-dependencies', file, message: `must have no dependencies, and has ${name}` })
    }
  }
  for (const name of Object.keys(devDependencies ?? {})) {
    const allowed = !isOurs(name) || name === EMULATOR || mayImport(rule, folderOf.get(name), 'test')
    if (!allowed) found.push({ rule: 'arrow', file, message: `must not depend on ${name}, not even in tests` })
  }
  return found
}

function checkFile(tree: PackageTree, rule: PackageRule, file: SourceFile, folderOf: FolderOf): Violation[] {
  const found: Violation[] = []
  for (const { specifier, line } of file.modules) {
    const message =
      specifier === undefined
        ? 'import() of an expression: no checker can follow it'
        : importFault(tree, rule, file, specifier, folderOf)
    if (message !== undefined) found.push({ rule: 'arrow', file: file.path, line, message })
  }
  return found
}

function importFault(
  tree: PackageTree,
  rule: PackageRule,
  file: SourceFile,
  specifier: string,
  folderOf: FolderOf,
): string | undefined {
  const target = relativeTarget(file, specifier)
  if (target !== undefined) return relativeFault(tree, file, target)
  if (specifier.startsWith('#') || specifier.startsWith('node:') || builtinModules.includes(specifier)) return undefined
  const name = packageOf(specifier)
  if (name === tree.manifest.name) {
    return file.part === 'src' ? `imports its own package by name (${specifier}); use a relative path` : undefined
  }
  if (!isOurs(name)) return file.part === 'src' ? undeclaredFault(tree, name) : undefined
  if (specifier === TEST_KIT && file.part === 'src') return 'sources must not import the test kit'
  if (name === EMULATOR && file.part === 'test') return undefined
  const folder = folderOf.get(name)
  if (!mayImport(rule, folder, file.part)) return `packages/${tree.folder} must not import ${name}`
  const part = folder === undefined ? undefined : rule.partly?.[folder]
  if (part !== undefined && !file.inside.startsWith(`${part}/`)) return `only src/${part}/ may import ${name}`
  return file.part === 'src' ? undeclaredFault(tree, name) : undefined
}

function relativeFault(tree: PackageTree, file: SourceFile, target: string): string | undefined {
  if (!target.startsWith(`${tree.path}/`)) return `leaves its package by a relative path (${target})`
  if (file.part === 'src' && target.startsWith(`${tree.path}/test/`)) return 'sources must not import tests'
  return undefined
}

function undeclaredFault(tree: PackageTree, name: string): string | undefined {
  const { dependencies, optionalDependencies, peerDependencies } = tree.manifest
  const declared = { ...dependencies, ...optionalDependencies, ...peerDependencies }
  return name in declared ? undefined : `imports ${name}, which its package.json does not name as a dependency`
}

function isOurs(name: string): boolean {
  return name === 'sekisho' || name.startsWith('@sekisho/')
}

function mayImport(rule: PackageRule, folder: string | undefined, part: 'src' | 'test' = 'src'): boolean {
  if (folder === undefined) return false
  return rule.may === 'any' || rule.may.includes(folder) || (part === 'test' && rule.tests?.includes(folder) === true)
}
