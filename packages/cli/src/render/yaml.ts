import type { Expectations } from '../tee/door.ts'

/**
 * Expectations as YAML: text in quotes, so that no reader takes a digest for a number. Only what
 * expectations are made of: text, numbers, booleans, lists and objects of these, also within each other. Names that are no
 * plain words are in quotes too: strangers choose those of claims and variables.
 */
export function toYaml(value: Expectations): string {
  return isEmpty(value) ? '{}\n' : `${membersOf(value, '').join('\n')}\n`
}

function membersOf(value: object, indent: string): readonly string[] {
  return Object.entries(value).flatMap(([name, member]) => memberOf(name, member, indent))
}

function memberOf(name: string, value: unknown, indent: string): readonly string[] {
  const start = `${indent}${PLAIN.test(name) && !WORDS.test(name) ? name : JSON.stringify(name)}:`
  if (typeof value !== 'object' || value === null) return [`${start} ${scalar(value)}`]
  if (isEmpty(value)) return [`${start} ${Array.isArray(value) ? '[]' : '{}'}`]
  return [start, ...(Array.isArray(value) ? itemsOf(value, `${indent}  `) : membersOf(value, `${indent}  `))]
}

const PLAIN = /^(?:[A-Za-z][\w-]*|0|[1-9]\d{0,8})$/
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n)$/i

function itemsOf(list: readonly unknown[], indent: string): readonly string[] {
  return list.flatMap((one) => itemOf(one, indent))
}

function itemOf(value: unknown, indent: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [`${indent}- ${scalar(value)}`]
  if (isEmpty(value)) return [`${indent}- ${Array.isArray(value) ? '[]' : '{}'}`]
  const lines = Array.isArray(value) ? itemsOf(value, `${indent}  `) : membersOf(value, `${indent}  `)
  return lines.map((line, index) => (index === 0 ? `${indent}- ${line.trimStart()}` : line))
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0
}

function scalar(value: unknown): string {
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : JSON.stringify(String(value))
}
