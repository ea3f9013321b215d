import { usageError } from '../exit.ts'
import { SEKISHO } from '../self.ts'

interface Form {
  readonly pattern: RegExp
  readonly expected: string
}

type Kind =
  | 'lease'
  | 'decision'
  | 'token'
  | 'reference'
  | 'advisory'
  | 'namespace'
  | 'tpmKey'
  | 'resultKey'
  | 'resource'

/** What an argument may name at a checkpoint, as its document writes it (`/api/v1/openapi.json`). */
const FORMS: Readonly<Record<Kind, Form>> = {
  lease: {
    pattern: /^lse_[0-9A-Za-z]{26}$/,
    expected: `the id of a lease, lse_ and 26 letters or digits, as \`${SEKISHO} lease list\` shows it`,
  },
  decision: {
    pattern: /^dec_[0-9A-Za-z]{26}$/,
    expected: `the id of a decision, dec_ and 26 letters or digits, as the refusal told it or \`${SEKISHO} decision list\` shows it`,
  },
  token: {
    pattern: /^[0-9a-f]{16}$/,
    expected: `the id of a token, 16 hexadecimal digits, as \`${SEKISHO} token list\` shows it`,
  },
  reference: {
    pattern: /^[a-z0-9][a-z0-9._-]{0,63}$/,
    expected: 'the name of a set, such as web: small letters, digits, `.`, `_` and `-`, at most 64',
  },
  advisory: {
    // A path that is all dots leads to another place.
    pattern: /^(?!\.{1,2}$)[A-Za-z0-9._:-]{1,64}$/,
    expected: `the id of an advisory, such as AMD-SB-3019, as \`${SEKISHO} advisory list\` shows it`,
  },
  namespace: {
    pattern: /^[a-z0-9][a-z0-9-]{0,62}$/,
    expected: 'the name of a namespace: small letters, digits and `-`, at most 63, the first no `-`',
  },
  tpmKey: {
    pattern: /^[0-9a-f]{68,132}$/,
    expected: `the name of a key in hexadecimal, as \`${SEKISHO} tpm list\` shows it`,
  },
  resultKey: {
    pattern: /^[A-Za-z0-9_-]{43}$/,
    expected: `the id of a key, 43 characters, as \`${SEKISHO} result-key list\` shows it`,
  },
  resource: {
    pattern: /^(?:[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}\/){2}[A-Za-z0-9_-][A-Za-z0-9_.-]{0,127}$/,
    expected: 'three parts, such as demo/database/password: letters, digits, _ - and .',
  },
}

/**
 * An argument that names something at a checkpoint. Only what has the form of such a name becomes part of a path: `..` would
 * lead to another place.
 *
 * @param before what stands before the value in the error, such as a flag
 * @throws CliError (usage) that says what was expected
 */
export function named(kind: Kind, text: string, before = ''): string {
  const { pattern, expected } = FORMS[kind]
  if (pattern.test(text)) return text
  throw usageError(`${before}${text === '' ? '""' : text}: expected ${expected}`)
}
