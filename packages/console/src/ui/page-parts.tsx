import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'

/** Heading of a page, a sentence on what it is for, and what can be done on it. */
export function PageHead({
  title,
  lead,
  children,
}: {
  readonly title: string
  readonly lead?: string
  readonly children?: ComponentChildren
}): JSX.Element {
  return (
    <header class="page-head">
      <div>
        <h1>{title}</h1>
        {lead === undefined ? null : <p class="faint">{lead}</p>}
      </div>
      {children === undefined ? null : <div class="row">{children}</div>}
    </header>
  )
}

/** What stands where there is nothing yet: what would be here, and how it comes. */
export function Empty({
  title,
  children,
}: {
  readonly title: string
  readonly children?: ComponentChildren
}): JSX.Element {
  return (
    <div class="empty">
      <p>
        <strong>{title}</strong>
      </p>
      {children}
    </div>
  )
}

/** A button that copies a text and says so. */
export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }): JSX.Element {
  const t = SHELL[useLanguage()]
  const [done, setDone] = useState(false)
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setDone(true),
      () => setDone(false),
    )
  }
  return (
    <button type="button" class="button small" onClick={copy} aria-live="polite">
      {done ? t.copied : (label ?? t.copy)}
    </button>
  )
}

/** A command or program that does the same as the page, to copy. */
export function Snippet({ kind, text }: { readonly kind: 'commandLine' | 'code'; readonly text: string }): JSX.Element {
  const t = SHELL[useLanguage()]
  return (
    <details class="snippet">
      <summary>{t[kind]}</summary>
      <pre>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} />
    </details>
  )
}

/** A dialog over the page: focus stays in it, Escape closes it. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  )
}

/** Asks before something that cannot be undone. */
export function Confirm({
  title,
  action,
  children,
  onYes,
  onNo,
}: {
  readonly title: string
  /** What the button that does it says: the act, not "yes". */
  readonly action: string
  readonly children: ComponentChildren
  readonly onYes: () => void
  readonly onNo: () => void
}): JSX.Element {
  const t = SHELL[useLanguage()]
  return (
    <Dialog title={title} onClose={onNo}>
      {children}
      <p class="row end">
        <button type="button" class="button" onClick={onNo}>
          {t.cancel}
        </button>
        <button type="button" class="button danger" onClick={onYes}>
          {action}
        </button>
      </p>
    </Dialog>
  )
}
