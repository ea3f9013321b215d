import { type PackageTree, relativeTarget, type Violation } from './tree.ts'

/** Import cycles between the source files of each package. Types count: files that need each other are one file. */
export function checkCycles(packages: readonly PackageTree[]): Violation[] {
  return packages.flatMap((tree) => cyclesIn(importGraph(tree)))
}

type Graph = ReadonlyMap<string, readonly string[]>

function importGraph(tree: PackageTree): Graph {
  const paths = new Set(tree.files.map((file) => file.path))
  return new Map(
    tree.files.map((file) => {
      const targets = file.modules.map((use) => relativeTarget(file, use.specifier ?? ''))
      return [file.path, targets.filter((target): target is string => target !== undefined && paths.has(target))]
    }),
  )
}

/** Depth-first search; each edge back onto the path being walked closes one cycle. */
function cyclesIn(graph: Graph): Violation[] {
  const found: Violation[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): void => {
    const start = path.indexOf(file)
    if (start >= 0) {
      found.push({ rule: 'cycle', file, message: `import cycle: ${[...path.slice(start), file].join(' -> ')}` })
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const target of graph.get(file) ?? []) visit(target)
    path.pop()
    done.add(file)
  }
  for (const file of graph.keys()) visit(file)
  return found
}
