import { HighlightStyle, StreamLanguage, type StringStream, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { tags } from '@lezer/highlight'

const EFFECTS: ReadonlySet<string> = new Set(['permit', 'forbid', 'when', 'unless'])
const WORDS: ReadonlySet<string> = new Set(['in', 'has', 'like', 'is', 'if', 'then', 'else'])
const VARIABLES: ReadonlySet<string> = new Set(['principal', 'action', 'resource', 'context'])

/** Cedar as the editor colours it; what a text means, the checkpoint says. */
const CEDAR: StreamLanguage<null> = StreamLanguage.define({
  name: 'cedar',
  startState: () => null,
  copyState: () => null,
  token: (stream) => tokenOf(stream),
  languageData: { commentTokens: { line: '//' }, closeBrackets: { brackets: ['(', '[', '{', '"'] } },
})

function tokenOf(stream: StringStream): string | null {
  if (stream.eatSpace()) return null
  if (stream.match('//')) {
    stream.skipToEnd()
    return 'comment'
  }
  if (stream.match(/^"(?:[^"\\]|\\.)*"?/)) return 'string'
  if (stream.match(/^@\w+/)) return 'meta'
  if (stream.match(/^-?\d+/)) return 'number'
  const word = stream.match(/^\w+/)
  if (word !== null && typeof word === 'object') return wordToken(word[0], stream.match('::', false) !== null)
  stream.next()
  return null
}

function wordToken(word: string, isName: boolean): string | null {
  if (EFFECTS.has(word)) return 'keyword'
  if (WORDS.has(word)) return 'operatorKeyword'
  if (VARIABLES.has(word)) return 'variableName'
  if (word === 'true' || word === 'false') return 'bool'
  return isName || /^[A-Z]/.test(word) ? 'typeName' : null
}

const STYLE = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--soft)', fontStyle: 'italic' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: [tags.number, tags.bool], color: 'var(--open)' },
  { tag: tags.keyword, color: 'var(--accent)', fontWeight: '650' },
  { tag: tags.operatorKeyword, color: 'var(--accent)' },
  { tag: tags.variableName, color: 'var(--calm)' },
  { tag: [tags.meta, tags.typeName], color: 'var(--emulated)' },
])

/** Cedar's words in colours. */
export function cedarLanguage(): Extension {
  return [CEDAR, syntaxHighlighting(STYLE)]
}
