import { isRecord, parseJson } from '../engine/json.ts'

/** One expectation that a person can switch on and edit. */
export interface Row {
  readonly name: string
  readonly on: boolean
  /** How `text` is read: text itself, one text a line, or JSON. */
  readonly form: 'text' | 'lines' | 'json'
  readonly text: string
}

/** What the editor says, or what in it cannot be read. */
export type Expected =
  | { readonly expect: Readonly<Record<string, unknown>> }
  | { readonly bad: string; readonly isObject: boolean }

/** Rows for the values of a skeleton; `on` where the reader has said that they are what is wanted. */
export function rowsOf(values: Readonly<Record<string, unknown>>, on: boolean): readonly Row[] {
  return Object.entries(values).map(([name, value]) => {
    if (typeof value === 'string') return { name, on, form: 'text', text: value }
    if (Array.isArray(value) && value.every((one) => typeof one === 'string'))
      return { name, on, form: 'lines', text: value.join('\n') }
    return { name, on, form: 'json', text: JSON.stringify(value, undefined, 2) }
  })
}

/** The expectations of all rows that are on, and of the free text after them. */
export function expectedOf(rows: readonly Row[], more: string, allowEmulated: boolean): Expected {
  const expect: Record<string, unknown> = {}
  for (const row of rows.filter(({ on }) => on)) {
    const value = valueOf(row)
    if (value === undefined) return { bad: row.name, isObject: false }
    expect[row.name] = value
  }
  if (allowEmulated) expect['allowEmulated'] = true
  if (more.trim() === '') return { expect }
  const further = parseJson(more)
  if (!isRecord(further)) return { bad: 'JSON', isObject: true }
  return { expect: { ...expect, ...further } }
}

function valueOf({ form, text }: Row): unknown {
  if (form === 'text') return text.trim()
  if (form === 'json') return parseJson(text)
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
}
