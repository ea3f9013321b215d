import { jsonFault } from './json-error.ts'
import { unquotedPercent } from './literals.ts'

/** More text than that stands around no evidence that somebody copied. */
const LONGEST_AROUND = 65_536
const LONGEST = 4_000_000
/** A run of digits that may be evidence, between marks; shorter ones are digests, names and keys. */
const RUN = /(?<![^\s"'`=:>([,])(?:\\x)?[\w+/-]{200,}={0,2}(?![^\s"'`<)\],;.&\\])/g
const TOKEN = /(?<![\w-])eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g
/** The end of a line of digits that go on in the next one. */
const WRAP = /(?<=[\w+/=-]{40})[ \t]{0,8}\r?\n[ \t]{0,40}(?!--)(?=[\w+/-]+={0,2}[ \t]{0,8}(?:\r?\n|$|[<'"`]))/g
/** What is wrong with these is said of themselves. */
const JSON_OR_STRING = /^\s*(?:[{"']|\[\s*["'{[])/
/** Prose or a name: a report whose first digit is mistyped has none. */
const WORD = /[A-Za-z]{3}/

/**
 * The one thing in a text that may be evidence: a block of PEM, an object of JSON, a token or a run of digits, in what
 * `curl -v` and `openssl x509 -text` print, a line of a log, a command, Markdown, XML or YAML.
 *
 * @returns undefined where there is none, or several: nobody says which one is meant
 */
export function surroundedIn(text: string): string | undefined {
  if (text.length > LONGEST || JSON_OR_STRING.test(text)) return undefined
  return objectIn(text) ?? blockIn(text) ?? lone(text, TOKEN) ?? lone(unquotedPercent(text).replace(WRAP, ''), RUN)
}

function blockIn(text: string): string | undefined {
  const start = text.search(/^-----BEGIN /m)
  return start > 0 && start <= LONGEST_AROUND && WORD.test(text.slice(0, start)) ? text.slice(start) : undefined
}

function objectIn(text: string): string | undefined {
  const start = text.search(/[{[]\s*["{[]/)
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']')) + 1
  if (start <= 0 || end <= start || start + (text.length - end) > LONGEST_AROUND) return undefined
  const json = text.slice(start, end)
  return jsonFault(json) === undefined ? json : undefined
}

function lone(text: string, form: RegExp): string | undefined {
  const [first, second] = text.matchAll(form)
  if (first === undefined || second !== undefined) return undefined
  const [found] = first
  const around = text.slice(0, first.index) + text.slice(first.index + found.length)
  if (around.length > LONGEST_AROUND || !WORD.test(around)) return undefined
  // Of digits in several lines or with blanks between them this would be a part.
  return form === TOKEN || !PIECE.test(around) ? found.replace(/^\\x/, '') : undefined
}

/** Digits that may be the rest: in hexadecimal or base64, longer than names, digests and report data. */
const PIECE = /[\w+/=-]{132,}/
