import type { ComponentChildren, JSX } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'
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

/** A button that copies a text and says so; nothing where the browser lets no page copy (one that was not served securely). */
export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }): JSX.Element | null {
  const t = SHELL[useLanguage()]
  const [done, setDone] = useState(false)
  if (!isSecureContext) return null
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

/**
 * A dialog over the page: focus stays in it, and goes back to where it was; Escape closes it.
 *
 * @param stay Escape does not close it: what it shows cannot be shown again
 */
export function Dialog({
  title,
  onClose,
  stay = false,
  children,
}: {
  readonly title: string
  readonly onClose: () => void
  readonly stay?: boolean
  readonly children: ComponentChildren
}): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  // Before it is painted: keys that are pressed at once are for the dialog.
  useLayoutEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      // Taken out of the page, a dialog does not give the focus back by itself; what opened it may be gone too. While the
      // dialog is still there nothing outside of it takes the focus.
      queueMicrotask(() => {
        const back = before instanceof HTMLElement && before.isConnected ? before : document.getElementById('content')
        back?.focus()
      })
    }
  }, [])
  // Browsers let a second Escape through whatever the page says.
  const closed = (): void => (stay ? dialog.current?.showModal() : onClose())
  const cancelled = (event: Event): void => {
    if (stay) event.preventDefault()
  }
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={closed} onCancel={cancelled}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  )
}

/** Asks before something that cannot be undone. */
export function Confirm({
  title,
  action,
  busy = false,
  children,
  onYes,
  onNo,
}: {
  readonly title: string
  /** What the button that does it says: the act, not "yes". */
  readonly action: string
  /** It is being done, or something has to be known first. */
  readonly busy?: boolean
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
        <button type="button" class="button danger" disabled={busy} onClick={onYes}>
          {action}
        </button>
      </p>
    </Dialog>
  )
}
