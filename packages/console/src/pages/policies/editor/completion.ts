import type { Completion, CompletionContext, CompletionResult, CompletionSource } from '@codemirror/autocomplete'
import { snippetCompletion } from '@codemirror/autocomplete'
import type { Claim } from './schema.ts'

/** What the editor knows of the world that policies are about. */
export interface Vocabulary {
  readonly claims: readonly Claim[]
  /** Names of the namespace's reference sets. */
  readonly references: readonly string[]
}

/** A place to fill in, as snippets write it. */
function field(name: string): string {
  return `#{${name}}`
}

const KEYWORDS: readonly Completion[] = [
  snippetCompletion(
    `@id("${field('name')}")\npermit (principal, action, resource)\nwhen\n{\n  context.hardware &&\n  !context.debug &&\n  ${field('condition')}\n};`,
    { label: 'permit', detail: 'statement', type: 'keyword' },
  ),
  snippetCompletion(`@id("${field('name')}")\nforbid (principal, action, resource)\nwhen { ${field('condition')} };`, {
    label: 'forbid',
    detail: 'statement',
    type: 'keyword',
  }),
  ...['when', 'unless', 'has', 'in', 'like', 'if', 'then', 'else', 'true', 'false'].map((label) => ({
    label,
    type: 'keyword',
  })),
  ...['principal', 'action', 'resource', 'context'].map((label) => ({ label, type: 'variable' })),
  ...['contains', 'containsAll', 'containsAny', 'isEmpty', 'lessThan', 'datetime'].map((label) => ({
    label,
    type: 'function',
    apply: `${label}(`,
  })),
]

const ENTITIES: readonly Completion[] = [
  { label: 'Action::"release"', detail: 'a secret is asked for', type: 'constant' },
  { label: 'Action::"renew"', detail: 'a lease is renewed', type: 'constant' },
  { label: 'Secret::"repo/type/tag"', detail: 'one secret', type: 'class' },
  { label: 'Folder::"repo"', detail: 'every secret below', type: 'class' },
  { label: 'Workload::"id"', detail: 'one workload', type: 'class' },
]

const CONTEXT_PATH = /\bcontext\.((?:\w+\.)*)(\w*)$/
const HAS = /\bcontext(?:\.((?:\w+\.)*\w+))?\s+has\s+(\w*)$/
const ENTITY = /\bSekisho::([\w:]*)$/
const ACTION = /\bSekisho::Action::"([\w-]*)$/
const COMPARED = /\bcontext\.([\w.]+)\s*(?:==|!=|like)\s*"([^"\n]*)$/
const CONTAINED = /\bcontext\.([\w.]+)\.contains(?:All|Any)?\(\s*\[?\s*(?:"[^"\n]*"\s*,\s*)*"([^"\n]*)$/
const LISTED = /\[\s*(?:"[^"\n]*"\s*,\s*)*"([^"\n]*)$/
const LISTED_FOR = /^[^\]\n]*\]\.contains\(\s*context\.([\w.]+)/

/** Offers what can stand at a place of a policy. */
export function cedarCompletion(vocabulary: Vocabulary): CompletionSource {
  return (context) => {
    const line = context.state.doc.lineAt(context.pos)
    const before = line.text.slice(0, context.pos - line.from)
    return offered(before, line.text.slice(context.pos - line.from), context, vocabulary)
  }
}

function offered(
  before: string,
  behind: string,
  { pos, explicit }: CompletionContext,
  vocabulary: Vocabulary,
): CompletionResult | null {
  const strings = stringsAt(before, behind, vocabulary)
  if (strings !== undefined) return { from: pos - strings.typed.length, options: strings.options }
  // Inside of a comment or of a text of which nothing is known.
  if (before.includes('//') || (before.split('"').length - 1) % 2 === 1) return null
  const has = HAS.exec(before)
  if (has !== null) return membersAt(pos - (has[2] ?? '').length, has[1] ?? '', vocabulary)
  const path = CONTEXT_PATH.exec(before)
  if (path !== null) return membersAt(pos - (path[2] ?? '').length, (path[1] ?? '').replace(/\.$/, ''), vocabulary)
  const entity = ENTITY.exec(before)
  if (entity !== null) return { from: pos - (entity[1] ?? '').length, options: ENTITIES }
  const [word = ''] = /\w*$/.exec(before) ?? []
  if (word === '' && !explicit) return null
  return { from: pos - word.length, options: KEYWORDS, validFor: /^\w*$/ }
}

function membersAt(from: number, above: string, { claims }: Vocabulary): CompletionResult {
  const prefix = above === '' ? '' : `${above}.`
  const options = claims
    .filter(({ path }) => path.startsWith(prefix) && !path.slice(prefix.length).includes('.'))
    .map(({ path, type, optional, meaning }) => ({
      label: path.slice(prefix.length),
      detail: optional ? `${type}?` : type,
      type: 'property',
      ...(meaning === '' ? {} : { info: meaning }),
    }))
  return { from, options, validFor: /^\w*$/ }
}

interface Offered {
  readonly typed: string
  readonly options: readonly Completion[]
}

function stringsAt(before: string, behind: string, vocabulary: Vocabulary): Offered | undefined {
  const action = ACTION.exec(before)
  if (action !== null) return { typed: action[1] ?? '', options: valuesOf(['release', 'renew']) }
  const [, path = '', typed = ''] = COMPARED.exec(before) ?? CONTAINED.exec(before) ?? []
  if (path !== '') return { typed, options: valuesFor(path, vocabulary) }
  const listed = LISTED.exec(before)
  const [, member] = LISTED_FOR.exec(behind) ?? []
  if (listed !== null && member !== undefined) return { typed: listed[1] ?? '', options: valuesFor(member, vocabulary) }
  return undefined
}

function valuesFor(path: string, { claims, references }: Vocabulary): readonly Completion[] {
  if (path === 'references') return valuesOf(references)
  return valuesOf(claims.find((one) => one.path === path)?.values ?? [])
}

function valuesOf(values: readonly string[]): readonly Completion[] {
  return values.map((label) => ({ label, type: 'text' }))
}
