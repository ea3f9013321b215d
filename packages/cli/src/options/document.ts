import type { Around } from '../around.ts'
import { CliError, unreadable } from '../exit.ts'
import { readInput } from '../input.ts'
import { parseJson } from './json-text.ts'

/** Reads a file of UTF-8 text. @throws CliError (unreadable) */
export async function readText(path: string, around: Around, limit: number): Promise<string> {
  return textIn(await readInput(path, around, limit), path)
}

/** The text that bytes are. @throws CliError (unreadable) when they are not UTF-8 */
export function textIn(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw unreadable(`${path}: not UTF-8 text`, error)
  }
}

/**
 * Reads a file of YAML or JSON. In YAML an unquoted scalar is true, false, nothing, a whole number of at most nine
 * digits, or its text.
 *
 * @throws CliError (unreadable) for a file that cannot be read or parsed
 */
export async function readDocument(path: string, around: Around, limit: number): Promise<unknown> {
  return documentOf(await readInput(path, around, limit), path)
}

/** As {@link readDocument}, of bytes that were read. @throws CliError (unreadable) */
export async function documentOf(bytes: Uint8Array, path: string): Promise<unknown> {
  const text = textIn(bytes, path)
  if (!/^\s*[{[]/.test(text)) return parseYaml(text, path)
  try {
    return await parseJsonOnce(text, path)
  } catch (error) {
    // YAML may begin like this too: `{ id: INTEL-SA-00615 }`. What is neither is told as what it looks like.
    const isJson = error instanceof CliError && !(error.cause instanceof SyntaxError)
    if (isJson) throw error
    return await parseYaml(text, path).catch(() => {
      throw error
    })
  }
}

async function parseJsonOnce(text: string, path: string): Promise<unknown> {
  const content = parseJson(text, path)
  // JSON.parse takes the last of two members of one name; read as YAML they are an error.
  const { parseDocument } = await import('yaml')
  refuseFaults(parseDocument(text, READING).errors, path)
  return content
}

// Every scalar stays the text it was written as: YAML would turn digests such as 00e1… into numbers.
const READING = { schema: 'failsafe', uniqueKeys: true, prettyErrors: true } as const

function refuseFaults([fault]: readonly Error[], path: string): void {
  if (fault === undefined) return
  const deep = fault.message.includes('call stack')
  const said = (fault.message.split('\n')[0] ?? '').replace(/:$/, '')
  throw unreadable(`${path}: ${deep ? 'nested too deep' : `expected YAML or JSON: ${said}`}`, fault)
}

// Loaded only for YAML files: it is the largest thing this program has.
async function parseYaml(text: string, path: string): Promise<unknown> {
  // Keys that are more than a word take the reader exponential time, and mean nothing here.
  if (/(^|[\s[{,])\?(\s|$)/.test(text)) throw unreadable(`${path}: keys written with \`?\` are not read`)
  const { parseDocument, isScalar, visit } = await import('yaml')
  const document = parseDocument(text, READING)
  refuseFaults([...document.errors, ...document.warnings], path)
  visit(document, {
    Alias: () => {
      throw unreadable(`${path}: aliases are not read`)
    },
    Pair: (_, { key }) => {
      if (!isScalar(key)) throw unreadable(`${path}: the name of a member must be one word`)
    },
    Node: (_, { tag }) => {
      if (tag !== undefined) throw unreadable(`${path}: tags such as ${JSON.stringify(tag.slice(0, 32))} are not read`)
    },
  })
  visit(document, {
    Scalar: (key, node) => {
      if (key !== 'key' && node.type === 'PLAIN') node.value = plainScalar(node.value)
    },
  })
  return document.toJS()
}

/** What an unquoted scalar means: true, false, nothing, or a whole number of at most nine digits; else its text. */
function plainScalar(value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (value === 'true') return true
  if (value === 'false') return false
  if (value === '' || value === '~' || value === 'null') return null
  return /^(0|[1-9]\d{0,8})$/.test(value) ? Number(value) : value
}
