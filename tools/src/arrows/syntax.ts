import { parseSync } from 'oxc-parser'
import { childrenOf, isNode, type Node } from './nodes.ts'
import { bindingsOf } from './scopes.ts'

/** One place where a file names another module. */
export interface ModuleUse {
  /** The specifier as written; undefined for `import(expression)`. */
  readonly specifier: string | undefined
  /** True where the compiler erases it: `import type`, `export type`, and `import('x').T` in a type. */
  readonly typeOnly: boolean
  readonly line: number
}

/** One mention of a name that the file does not declare, or of a member of one (`Date.now`). */
export interface NameUse {
  readonly name: string
  /** The member read from it: a name, `*` when it is computed, undefined when the name stands alone. */
  readonly member: string | undefined
  /** How it is used: `new Date(at)` and `x instanceof Date` are harmless where `Date` alone is not. */
  readonly as: 'value' | 'type' | 'new-without-arguments' | 'new-with-arguments' | 'instanceof'
  readonly line: number
}

/** What the checker needs to know of one source file. */
export interface FileSyntax {
  readonly modules: readonly ModuleUse[]
  readonly names: readonly NameUse[]
}

const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(['globalThis', 'self', 'window', 'global'])

/**
 * Reads the modules and names that a TypeScript file uses.
 * @throws Error when the file does not parse: an unread file must not pass for a clean one.
 */
export function readSyntax(path: string, source: string): FileSyntax {
  const { program, errors } = parseSync(path, source, {
    lang: path.endsWith('.tsx') ? 'tsx' : 'ts',
    sourceType: 'module',
    preserveParens: false,
  })
  if (errors.length > 0) throw new Error(`${path} does not parse: ${errors[0]?.message ?? 'unknown error'}`)
  const lineOf = lineCounter(source)
  const modules: ModuleUse[] = []
  const names: NameUse[] = []
  const scopes: ReadonlySet<string>[] = []
  const visit = (node: Node, parent: Node | undefined, key: string): void => {
    const own = bindingsOf(node)
    if (own !== undefined) scopes.push(own)
    const use = moduleUse(node)
    if (use !== undefined) modules.push({ ...use, line: lineOf(node.start) })
    const name = nameUse(node, parent, key)
    if (name !== undefined && !isDeclared(node, scopes)) names.push({ ...name, line: lineOf(node.start) })
    for (const { key: at, child } of childrenOf(node)) visit(child, node, at)
    if (own !== undefined) scopes.pop()
  }
  visit(program as unknown as Node, undefined, '')
  return { modules, names }
}

function isDeclared(node: Node, scopes: readonly ReadonlySet<string>[]): boolean {
  return typeof node.name === 'string' && scopes.some((scope) => scope.has(String(node.name)))
}

function moduleUse(node: Node): Omit<ModuleUse, 'line'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return { specifier: literal(node.source), typeOnly: node.importKind === 'type' }
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      if (!isNode(node.source)) return undefined
      return { specifier: literal(node.source), typeOnly: node.exportKind === 'type' }
    case 'ImportExpression':
      return { specifier: literal(node.source), typeOnly: false }
    case 'TSImportType':
      return { specifier: literal(node.source), typeOnly: true }
    default:
      return undefined
  }
}

function literal(node: unknown): string | undefined {
  return isNode(node) && node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}

function nameUse(node: Node, parent: Node | undefined, key: string): Omit<NameUse, 'line'> | undefined {
  if (node.type !== 'Identifier' || parent === undefined || typeof node.name !== 'string') return undefined
  if (isKey(parent, key)) return undefined
  const name = node.name
  if (parent.type === 'MemberExpression' && key === 'object') {
    const member = memberName(parent)
    // globalThis.fetch is fetch under another spelling.
    if (GLOBAL_OBJECTS.has(name) && member !== '*') return { name: member, member: undefined, as: 'value' }
    return { name, member, as: 'value' }
  }
  if (parent.type === 'NewExpression' && key === 'callee') {
    const some = Array.isArray(parent.arguments) && parent.arguments.length > 0
    return { name, member: undefined, as: some ? 'new-with-arguments' : 'new-without-arguments' }
  }
  if (parent.type === 'BinaryExpression' && parent.operator === 'instanceof' && key === 'right') {
    return { name, member: undefined, as: 'instanceof' }
  }
  const inType =
    parent.type.startsWith('TS') &&
    !['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression'].includes(parent.type)
  return { name, member: undefined, as: inType ? 'type' : 'value' }
}

/** Names that are keys or labels, and never reach for a variable. */
function isKey(parent: Node, key: string): boolean {
  if (parent.type === 'MemberExpression') return key === 'property' && parent.computed !== true
  if (key === 'key') return parent.computed !== true && parent.shorthand !== true
  if (key === 'imported' || key === 'exported') return true
  if (parent.type === 'TSQualifiedName') return key === 'right'
  return key === 'label'
}

function memberName(member: Node): string {
  const property = member.property
  if (!isNode(property)) return '*'
  if (member.computed !== true) return typeof property.name === 'string' ? property.name : '*'
  return literal(property) ?? '*'
}

function lineCounter(source: string): (offset: number) => number {
  const starts = [0]
  for (let i = 0; i < source.length; i++) if (source[i] === '\n') starts.push(i + 1)
  return (offset) => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low + 1
  }
}
