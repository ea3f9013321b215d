import type { Expectations } from '../tee/door.ts'

/**
 * Expectations as YAML: text in quotes, so that no reader takes a digest for a number. Only what
 * expectations are made of: text, numbers, booleans, lists and objects of these.
 */
export function toYaml(value: Expectations): string {
  return isEmpty(value) ? '{}\n' : `${membersOf(value, '').join('\n')}\n`
}

function membersOf(value: object, indent: string): readonly string[] {
  return Object.entries(value).flatMap(([name, member]) => memberOf(name, member, indent))
}

function memberOf(name: string, value: unknown, indent: string): readonly string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${indent}${name}: []`]
    return [`${indent}${name}:`, ...value.flatMap((one) => itemOf(one, indent))]
  }
  if (typeof value === 'object' && value !== null) {
    if (isEmpty(value)) return [`${indent}${name}: {}`]
    return [`${indent}${name}:`, ...membersOf(value, `${indent}  `)]
  }
  return [`${indent}${name}: ${scalar(value)}`]
}

function itemOf(value: unknown, indent: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [`${indent}  - ${scalar(value)}`]
  return membersOf(value, `${indent}    `).map((line, index) =>
    index === 0 ? `${indent}  - ${line.trimStart()}` : line,
  )
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0
}

function scalar(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(String(value))
}
