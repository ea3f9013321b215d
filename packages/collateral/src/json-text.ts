/** Bounds on a JSON text. */
export interface JsonLimits {
  readonly maxDepth: number
  /** Bound on the number of values and member names. */
  readonly maxTokens: number
}

/** A JSON object with, for each of its own members, the exact text of the value. */
export interface JsonObject {
  readonly value: Readonly<Record<string, unknown>>
  readonly members: ReadonlyMap<string, string>
}

/**
 * Reads a text that holds one JSON object. Stricter than JSON.parse: no member name may occur twice in any
 * object, and depth and size are bounded. Signed documents are cut out of it with their exact text.
 *
 * @throws SyntaxError saying at which character what is wrong
 */
export function readJsonObject(text: string, limits: JsonLimits): JsonObject {
  const members = scan(text, limits)
  const value = parseText(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('not a JSON object')
  return { value: value as Readonly<Record<string, unknown>>, members }
}

/** Reads JSON. @throws SyntaxError in words of its own: engines word it differently */
export function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new SyntaxError('not JSON', { cause })
  }
}

interface Open {
  /** Names seen so far; undefined for an array. */
  readonly names: Set<string> | undefined
}

// Walks tokens without recursion. Grammar is left to JSON.parse, which runs after: here only strings, braces and names count.
function scan(text: string, { maxDepth, maxTokens }: JsonLimits): ReadonlyMap<string, string> {
  const members = new Map<string, string>()
  const open: Open[] = []
  let tokens = 0
  let at = 0
  let member: { readonly name: string; readonly start: number } | undefined
  const closeMember = (end: number): void => {
    if (member !== undefined) members.set(member.name, text.slice(member.start, end).trim())
    member = undefined
  }
  while (at < text.length) {
    const sign = text.charAt(at)
    if (++tokens > maxTokens) throw new SyntaxError(`more than ${maxTokens} JSON tokens`)
    if (sign === '"') {
      const end = endOfString(text, at)
      const colon = skipBlank(text, end)
      const names = open.at(-1)?.names
      if (names !== undefined && text.charAt(colon) === ':') {
        const name: unknown = JSON.parse(text.slice(at, end))
        if (typeof name !== 'string' || names.has(name))
          throw new SyntaxError(`a member name occurs twice at character ${at}`)
        names.add(name)
        if (open.length === 1) member = { name, start: colon + 1 }
        at = colon + 1
      } else at = end
    } else if (sign === '{' || sign === '[') {
      if (open.length === maxDepth) throw new SyntaxError(`JSON nested deeper than ${maxDepth} at character ${at}`)
      open.push({ names: sign === '{' ? new Set() : undefined })
      at++
    } else if (sign === '}' || sign === ']') {
      if (open.length === 1) closeMember(at)
      open.pop()
      at++
    } else {
      if (sign === ',' && open.length === 1) closeMember(at)
      at = sign === ',' ? at + 1 : skipPlain(text, at)
    }
  }
  return members
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const sign = text.charCodeAt(at)
    if (sign === 0x5c) at++
    else if (sign === 0x22) return at + 1
  }
  throw new SyntaxError(`a string without end at character ${start}`)
}

function skipBlank(text: string, from: number): number {
  let at = from
  while (at < text.length && ' \t\r\n'.includes(text.charAt(at))) at++
  return at
}

function skipPlain(text: string, from: number): number {
  let at = from + 1
  while (at < text.length && !'"{}[],'.includes(text.charAt(at))) at++
  return at
}
