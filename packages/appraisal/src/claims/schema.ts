import { CLAIMS, type ClaimRow } from './table.ts'

/** A record of the context: its members, rows or records. */
type Shape = Map<string, ClaimRow | Shape>

/**
 * The schema that policies are checked against, in Cedar's own language: namespace `Sekisho`,
 * principals `Workload`, resources `Secret` in `Folder`s, actions `release` and `renew`.
 */
export const CEDAR_SCHEMA: string = `namespace Sekisho {
  entity Folder;
  entity Workload;
  entity Secret in [Folder];

  action release, renew appliesTo {
    principal: [Workload],
    resource: [Secret],
    context: ${recordText(shapeOf(CLAIMS), '    ')}
  };
}
`

function shapeOf(rows: readonly ClaimRow[]): Shape {
  const root: Shape = new Map()
  for (const row of rows) {
    const names = row.path.split('.')
    const last = names.pop() ?? ''
    let at = root
    for (const name of names) {
      const known = at.get(name)
      const next: Shape = known instanceof Map ? known : new Map()
      at.set(name, next)
      at = next
    }
    at.set(last, row)
  }
  return root
}

function recordText(shape: Shape, indent: string): string {
  const inner = `${indent}  `
  const members = [...shape].map(([name, one]) =>
    one instanceof Map
      ? `${inner}${name}: ${recordText(one, inner)},\n`
      : `${inner}${name}${one.optional === true ? '?' : ''}: ${one.type},\n`,
  )
  return `{\n${members.join('')}${indent}}`
}
