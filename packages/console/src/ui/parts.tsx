import type { Outcome } from '@sekisho/evidence'
import type { ComponentChildren, JSX } from 'preact'
import { useContext, useRef } from 'preact/hooks'
import { LanguageContext, useTexts } from '../text/language.ts'
import { useSpeech } from '../text/use-sentences.ts'
import { Speaking } from './said.tsx'

/** A mark with a word: what became of a check, or how a layer stands. Never colour alone. */
export function Mark({ tone, children }: { readonly tone: string; readonly children: ComponentChildren }): JSX.Element {
  return <span class={`mark mark-${tone}`}>{children}</span>
}

const SIGNS: Readonly<Record<Outcome, string>> = { pass: '✓', fail: '✕', unchecked: '○', 'not-applicable': '–' }

/** The sign of an outcome, and its word for whoever cannot see it. */
export function OutcomeSign({ outcome }: { readonly outcome: Outcome }): JSX.Element {
  const t = useTexts()
  return (
    <span class={`sign sign-${outcome}`} title={t.verdict.outcomes[outcome]}>
      <span aria-hidden="true">{SIGNS[outcome]}</span>
      <span class="unseen">{t.verdict.outcomes[outcome]}</span>
    </span>
  )
}

/** A moment in the reader's zone, with UTC on hover. */
export function Moment({
  iso,
  day,
  seconds,
}: {
  readonly iso: string
  readonly day?: true
  readonly seconds?: true
}): JSX.Element {
  const language = useContext(LanguageContext)
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return <span>{iso}</span>
  // British and American readers write dates differently: the browser's own locale, where it is of the page's language.
  const locale = navigator.languages.find((one) => one.startsWith(language)) ?? language
  const text = formatOf(locale, day === true ? undefined : seconds === true ? 'medium' : 'short').format(date)
  return (
    <time dateTime={date.toISOString()} title={`${date.toISOString().replace('T', ' ').replace('.000Z', '')} UTC`}>
      {text}
    </time>
  )
}

/** Making a format takes longer than using it, and long lists use few. */
function formatOf(locale: string, timeStyle: 'short' | 'medium' | undefined): Intl.DateTimeFormat {
  const key = `${locale} ${timeStyle}`
  const format =
    FORMATS.get(key) ??
    new Intl.DateTimeFormat(locale, { dateStyle: 'medium', ...(timeStyle === undefined ? {} : { timeStyle }) })
  FORMATS.set(key, format)
  return format
}

const FORMATS = new Map<string, Intl.DateTimeFormat>()

/** A button that lets the reader choose files. */
export function FileButton({
  label,
  hint,
  look,
  multiple = false,
  onFiles,
}: {
  readonly label: string
  readonly hint?: string
  readonly look: 'primary' | 'quiet'
  readonly multiple?: boolean
  readonly onFiles: (files: readonly File[]) => void
}): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  const changed = (event: JSX.TargetedEvent<HTMLInputElement>): void => {
    const files = [...(event.currentTarget.files ?? [])]
    // So that the same file can be chosen again.
    event.currentTarget.value = ''
    if (files.length > 0) onFiles(files)
  }
  return (
    <>
      <button type="button" class={`button ${look}`} title={hint} onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        class="unseen"
        tabIndex={-1}
        multiple={multiple}
        onChange={changed}
        aria-label={hint ?? label}
      />
    </>
  )
}

/** Text shortened in the middle, whole on hover. */
export function Digest({ hex }: { readonly hex: string }): JSX.Element {
  const t = useTexts()
  if (hex.length > 8 && /^0+$/.test(hex)) return <span class="faint">{t.verdict.zeros(hex.length / 2)}</span>
  return <code class="digest">{hex}</code>
}

const READING: readonly string[] = ['input']

/** What a decoder says of bytes; other texts are in the reader's language already. */
function FaultText({ text }: { text: string }): JSX.Element {
  const said = useSpeech().say(text)
  return <span {...(said === undefined ? {} : { title: text })}>{said ?? text}</span>
}

/** What went wrong, until it is dismissed. */
export function FaultBox({
  code,
  text,
  onDismiss,
}: {
  readonly code: string
  readonly text: string
  readonly onDismiss?: () => void
}): JSX.Element {
  const t = useTexts()
  return (
    <div class="fault" role="alert">
      <div>
        <strong>{t.fault.heading}</strong>
        <Speaking of={READING}>
          <p>
            <FaultText text={text} />
          </p>
        </Speaking>
        <p class="faint">
          {t.fault.code}: <code>{code}</code>
        </p>
      </div>
      {onDismiss === undefined ? null : (
        <button type="button" class="button quiet" onClick={onDismiss}>
          {t.fault.dismiss}
        </button>
      )}
    </div>
  )
}
