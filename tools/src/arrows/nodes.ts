import { visitorKeys } from 'oxc-parser'

/** A node of the ESTree that the parser gives; members are known by the node's type only. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly [key: string]: unknown
}

/** Whether a value is a node of the tree. */
export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** The children of a node with the member each stands in, in source order. */
export function childrenOf(node: Node): { key: string; child: Node }[] {
  return (visitorKeys[node.type] ?? []).flatMap((key) => nodesIn(node[key]).map((child) => ({ key, child })))
}

/** The nodes in a member that may be a node, a list of nodes, or empty. */
export function nodesIn(member: unknown): Node[] {
  return (Array.isArray(member) ? member : [member]).filter(isNode)
}
