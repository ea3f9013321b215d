import type { ComponentChildren, JSX } from 'preact'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'
import './records.css'
import type { Paged } from './paged.ts'
import { Mark } from './parts.tsx'

/** A column of a list. */
export interface Column<T> {
  readonly title: string
  cell(row: T): ComponentChildren
  /** `head`: what the row is called. `figure`: digits below digits. `acts`: buttons, with a title for screen readers only. */
  readonly look?: 'head' | 'figure' | 'acts'
}

/** A list of things: a table where there is room, and below that a card for each. */
export function Records<T>({
  label,
  columns,
  rows,
  keyOf,
}: {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly keyOf: (row: T) => string
}): JSX.Element {
  return (
    <table class="table records">
      <caption class="unseen">{label}</caption>
      <thead>
        <tr>
          {columns.map(({ title, look }) => (
            <th key={title} scope="col">
              {look === 'acts' ? <span class="unseen">{title}</span> : title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)}>
            {columns.map((column) => (
              <Cell key={column.title} column={column} row={row} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Cell<T>({ column, row }: { readonly column: Column<T>; readonly row: T }): JSX.Element {
  const { title, look, cell } = column
  if (look === 'head') return <th scope="row">{cell(row)}</th>
  if (look === 'acts') return <td class="narrow-cell">{cell(row)}</td>
  return (
    <td data-label={title} {...(look === 'figure' ? { class: 'figure' } : {})}>
      {/* One box, so that a card puts it beside its title. */}
      <div>{cell(row)}</div>
    </td>
  )
}

/** Under a list that goes on: the rest of it, and that it is being fetched. */
export function MoreOf<T>({ of }: { readonly of: Paged<T> }): JSX.Element {
  const t = SHELL[useLanguage()]
  const { value, busy } = of.list
  return (
    <>
      {value?.next === undefined ? null : (
        <p>
          <button type="button" class="button" disabled={busy} onClick={of.more}>
            {t.more}
          </button>
        </p>
      )}
      <p class="busy" role="status">
        {busy && value !== undefined ? t.loading : ''}
      </p>
    </>
  )
}

/** What was just done, told to everybody; empty for nothing. */
export function Notice({ text }: { readonly text: string | undefined }): JSX.Element {
  return (
    <p class="notice" role="status">
      {text ?? ''}
    </p>
  )
}

/** That no hardware vouches for something. */
export function EmulatedMark(): JSX.Element {
  return <Mark tone="emulated">EMULATED</Mark>
}

/** Parts of one page, each with an address of its own. */
export function SubMenu({
  label,
  parts,
}: {
  readonly label: string
  readonly parts: readonly { readonly name: string; readonly href: string; readonly here: boolean }[]
}): JSX.Element {
  return (
    <nav aria-label={label}>
      <ul class="sub-menu">
        {parts.map(({ name, href, here }) => (
          <li key={href}>
            <a href={href} aria-current={here ? 'true' : undefined}>
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
