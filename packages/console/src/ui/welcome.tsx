import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useTexts } from '../text/language.ts'
import type { ExampleName } from '../text/texts.ts'
import { FileButton } from './parts.tsx'

const EXAMPLES: readonly ExampleName[] = ['snp-genoa', 'tdx', 'tdx-out-of-date', 'tdx-debug', 'sgx']

/** What stands there when nothing is open. */
export function Welcome(ways: Ways): JSX.Element {
  const t = useTexts()
  return (
    <div class="welcome">
      <h1>{t.welcome.heading}</h1>
      <p class="lead">{t.welcome.lead}</p>
      <Ways {...ways} />
      <section class="small">
        <p>
          <strong>{t.welcome.kindsLabel}</strong> {t.welcome.kinds}
        </p>
        <p>{t.welcome.together}</p>
      </section>
    </div>
  )
}

/** What is done with what the reader brings. */
interface Ways {
  readonly onFiles: (files: readonly File[]) => void
  readonly onText: (text: string) => void
  readonly onExample: (name: ExampleName) => void
}

/** The ways to bring evidence: files, text, or an example. */
export function Ways({ onFiles, onText, onExample }: Ways): JSX.Element {
  const t = useTexts()
  const [text, setText] = useState<string>()
  return (
    <>
      <section class="drop" aria-label={t.welcome.drop}>
        {text === undefined ? (
          <>
            <Gate />
            <p class="drop-title">{t.welcome.drop}</p>
            <p class="faint">{t.welcome.dropHint}</p>
            <p class="row centre">
              <FileButton look="primary" label={t.welcome.pick} multiple onFiles={onFiles} />
              <button type="button" class="button" onClick={() => setText('')}>
                {t.welcome.paste}
              </button>
            </p>
          </>
        ) : (
          <form
            class="paste"
            onSubmit={(event) => {
              event.preventDefault()
              if (text.trim() !== '') onText(text)
            }}
          >
            <label for="paste">{t.welcome.pasteLabel}</label>
            <textarea
              id="paste"
              rows={8}
              spellcheck={false}
              value={text}
              ref={(area) => area?.focus()}
              onInput={(event) => setText(event.currentTarget.value)}
            />
            <p class="row">
              <button type="submit" class="button primary" disabled={text.trim() === ''}>
                {t.welcome.pasteOpen}
              </button>
              <button type="button" class="button" onClick={() => setText(undefined)}>
                {t.welcome.cancel}
              </button>
            </p>
          </form>
        )}
      </section>
      <p class="promise">{t.local}</p>
      <section aria-labelledby="examples">
        <h2 id="examples">{t.welcome.examples}</h2>
        <p class="faint">{t.welcome.examplesHint}</p>
        <ul class="cards">
          {EXAMPLES.map((name) => (
            <li key={name}>
              <button type="button" class="card" onClick={() => onExample(name)}>
                <strong>{t.examples[name].name}</strong>
                <span>{t.examples[name].note}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
    </>
  )
}

/** The gate of a checkpoint. */
export function Gate(): JSX.Element {
  return (
    <svg class="gate" viewBox="0 0 48 48" width="48" height="48" aria-hidden="true">
      <path
        d="M5 12h38M9 19h30M14 12v28M34 12v28M24 12v7"
        fill="none"
        stroke="currentColor"
        stroke-width="3"
        stroke-linecap="round"
      />
    </svg>
  )
}
