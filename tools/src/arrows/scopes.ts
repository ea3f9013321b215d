import { isNode, type Node, nodesIn } from './nodes.ts'

/**
 * The names that a node declares for everything inside it, so that a variable called `module` is not
 * taken for the global of that name. `var` is left out: the linter forbids it.
 *
 * @returns undefined for nodes that declare nothing
 */
export function bindingsOf(node: Node): ReadonlySet<string> | undefined {
  const names = new Set([...nodesIn(node.params), ...nodesIn(node.parameters), ...nodesIn(node.param)].flatMap(namesIn))
  if (/Function|ClassExpression/.test(node.type)) for (const name of nodesIn(node.id).flatMap(namesIn)) names.add(name)
  for (const statement of statementsOf(node)) for (const name of declaredBy(statement)) names.add(name)
  return names.size === 0 ? undefined : names
}

function statementsOf(node: Node): Node[] {
  if (node.type === 'SwitchStatement') return nodesIn(node.cases).flatMap((each) => nodesIn(each.consequent))
  if (node.type.startsWith('For')) return [...nodesIn(node.init), ...nodesIn(node.left)]
  return ['Program', 'BlockStatement', 'StaticBlock'].includes(node.type) ? nodesIn(node.body) : []
}

function declaredBy(statement: Node): string[] {
  switch (statement.type) {
    case 'VariableDeclaration':
      return nodesIn(statement.declarations).flatMap((each) => nodesIn(each.id).flatMap(namesIn))
    case 'ImportDeclaration':
      return nodesIn(statement.specifiers).flatMap((each) => nodesIn(each.local).flatMap(namesIn))
    case 'ExportNamedDeclaration':
      return nodesIn(statement.declaration).flatMap(declaredBy)
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
      return nodesIn(statement.id).flatMap(namesIn)
    default:
      return []
  }
}

/** The names in a binding pattern. */
function namesIn(pattern: Node): string[] {
  switch (pattern.type) {
    case 'Identifier':
      return typeof pattern.name === 'string' ? [pattern.name] : []
    case 'ObjectPattern':
      return nodesIn(pattern.properties).flatMap(namesIn)
    case 'ArrayPattern':
      return nodesIn(pattern.elements).flatMap(namesIn)
    default: {
      const inner = [pattern.value, pattern.left, pattern.argument, pattern.parameter].find(isNode)
      return inner === undefined ? [] : namesIn(inner)
    }
  }
}
