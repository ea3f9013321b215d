import { builtinModules } from 'node:module'
import type { NameUse } from './syntax.ts'
import {
  IMPURE_GLOBALS,
  NODE_DOORS,
  NODE_GLOBALS,
  PACKAGE_RULES,
  ROOF_FOLDERS,
  SHARED_FOLDERS,
  TEE_ARROWS,
  TEE_FOLDERS,
} from './table.ts'
import { type PackageTree, relativeTarget, type SourceFile, type Violation } from './tree.ts'

/** Node modules and Node globals in packages that run in browsers too. */
export function checkIsomorphic(packages: readonly PackageTree[]): Violation[] {
  return packages
    .filter((tree) => PACKAGE_RULES[tree.folder]?.isomorphic === true)
    .flatMap((tree) => [...sources(tree).flatMap(nodeUses), ...checkConditions(tree)])
}

function nodeUses(file: SourceFile): Violation[] {
  const found: Violation[] = []
  for (const { specifier, typeOnly, line } of file.modules) {
    if (specifier === undefined) continue
    if (isNodeModule(specifier) && !NODE_DOORS.includes(file.path)) {
      found.push({
        rule: 'node-module',
        file: file.path,
        line,
        message: `imports ${specifier}; browsers have no such module`,
      })
    }
    // Only the package's own `imports` map chooses this file, under the condition "node".
    if (!typeOnly && NODE_DOORS.includes(relativeTarget(file, specifier) ?? '')) {
      found.push({
        rule: 'node-module',
        file: file.path,
        line,
        message: 'imports a file for Node.js by path; import it by its name in `imports`, as #crypto',
      })
    }
  }
  if (NODE_DOORS.includes(file.path)) return found
  for (const { name, line } of file.names) {
    if (NODE_GLOBALS.includes(name)) {
      found.push({ rule: 'node-global', file: file.path, line, message: `uses ${name}, which browsers do not have` })
    }
  }
  return found
}

function isNodeModule(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

/** The `imports` map must lead to the Node file under the conditions `types` and `node` only. */
function checkConditions(tree: PackageTree): Violation[] {
  const file = `${tree.path}/package.json`
  const compiledDoors = NODE_DOORS.map((door) => door.replace(`${tree.path}/`, './dist/').replace(/\.ts$/, ''))
  const found: Violation[] = []
  for (const [name, targets] of Object.entries(tree.manifest.imports ?? {})) {
    const conditions = typeof targets === 'string' ? { default: targets } : targets
    for (const [condition, target] of Object.entries(conditions)) {
      const leadsToNode = compiledDoors.some((door) => target.startsWith(`${door}.`))
      if (leadsToNode && condition !== 'node' && condition !== 'types') {
        found.push({
          rule: 'node-module',
          file,
          message: `${name} leads to a file for Node.js under the condition "${condition}"`,
        })
      }
    }
    const order = Object.keys(conditions)
    const node = order.indexOf('node')
    for (const other of ['browser', 'workerd', 'bun', 'deno']) {
      // The first condition that matches wins, and these runtimes also set "node" at times.
      if (node >= 0 && (order.indexOf(other) < 0 || order.indexOf(other) > node)) {
        found.push({ rule: 'node-module', file, message: `${name} must name "${other}" before "node"` })
      }
    }
  }
  return found
}

/** What `evidence` promises: a function of its arguments, and one TEE without the others. */
export function checkEvidence(packages: readonly PackageTree[]): Violation[] {
  const tree = packages.find((each) => each.folder === 'evidence')
  if (tree === undefined) return []
  return sources(tree).flatMap((file) => [...impureUses(file), ...folderUses(tree, file)])
}

function impureUses(file: SourceFile): Violation[] {
  return file.names.flatMap((use) => {
    const what = impurity(use)
    return what === undefined
      ? []
      : [
          {
            rule: 'purity',
            file: file.path,
            line: use.line,
            message: `uses ${what}; evidence has no clock, chance, network or console`,
          },
        ]
  })
}

function impurity({ name, member, as }: NameUse): string | undefined {
  if (as === 'type') return undefined
  if (IMPURE_GLOBALS.includes(name)) return name
  if (name === 'Math')
    return member === undefined || member === '*' || member === 'random' ? `Math.${member ?? '*'}` : undefined
  if (name === 'globalThis' && member !== undefined) return 'a computed member of globalThis'
  if (name !== 'Date') return undefined
  if (as === 'new-with-arguments' || as === 'instanceof') return undefined
  if (as === 'new-without-arguments') return 'new Date()'
  return member === 'UTC' || member === 'parse' ? undefined : `Date${member === undefined ? '' : `.${member}`}`
}

function folderUses(tree: PackageTree, file: SourceFile): Violation[] {
  const from = folderOf(file.inside)
  if (from === undefined || ROOF_FOLDERS.includes(from)) return []
  if (!TEE_FOLDERS.includes(from) && !SHARED_FOLDERS.includes(from)) {
    return [
      {
        rule: 'tee',
        file: file.path,
        message: `src/${from} is neither a TEE nor a shared folder in the table of arrows`,
      },
    ]
  }
  const found: Violation[] = []
  for (const { specifier, line } of file.modules) {
    const target = relativeTarget(file, specifier ?? '')
    if (target === undefined || !target.startsWith(`${tree.path}/src/`)) continue
    const to = folderOf(target.slice(`${tree.path}/src/`.length))
    const message = folderFault(from, to)
    if (message !== undefined) found.push({ rule: 'tee', file: file.path, line, message })
  }
  return found
}

function folderFault(from: string, to: string | undefined): string | undefined {
  if (to === undefined) return `src/${from} imports a file of src/ itself, which pulls in every TEE`
  if (ROOF_FOLDERS.includes(to)) return `src/${from} imports src/${to}, which pulls in every TEE`
  if (from === to || !TEE_FOLDERS.includes(to) || TEE_ARROWS[from]?.includes(to) === true) return undefined
  return TEE_FOLDERS.includes(from)
    ? `src/${from} imports src/${to}: importing one TEE must pull in no other`
    : `src/${from} is shared by all TEEs and imports src/${to}`
}

function folderOf(inside: string): string | undefined {
  const slash = inside.indexOf('/')
  return slash < 0 ? undefined : inside.slice(0, slash)
}

function sources(tree: PackageTree): readonly SourceFile[] {
  return tree.files.filter((file) => file.part === 'src')
}
