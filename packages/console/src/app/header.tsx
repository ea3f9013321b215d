import type { JSX } from 'preact'
import { LANGUAGES, useLanguage, useTexts } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'
import type { Language, Theme } from '../text/texts.ts'
import { Gate } from '../ui/welcome.tsx'
import { useSession } from './session.tsx'

/** Name of the program, and what holds for every page: language, appearance, who is signed in. */
export function Header({
  language,
  onLanguage,
  theme,
  onTheme,
}: {
  readonly language: Language
  readonly onLanguage: (language: Language) => void
  readonly theme: Theme
  readonly onTheme: (theme: Theme) => void
}): JSX.Element {
  const t = useTexts()
  return (
    <header class="top">
      <button type="button" class="skip" onClick={() => document.getElementById('content')?.focus()}>
        {t.skip}
      </button>
      <p class="brand">
        <Gate />
        <span>
          <strong>Sekisho</strong> <span class="faint wide-only">{t.tagline}</span>
        </span>
      </p>
      <div class="row">
        <SignedIn />
        <select
          aria-label={t.language}
          value={language}
          onChange={(event) => onLanguage(event.currentTarget.value === 'ja' ? 'ja' : 'en')}
        >
          {Object.entries(LANGUAGES).map(([id, { name }]) => (
            <option key={id} value={id} lang={id}>
              {name}
            </option>
          ))}
        </select>
        <select
          aria-label={t.theme}
          value={theme}
          onChange={(event) => {
            const { value } = event.currentTarget
            onTheme(value === 'light' || value === 'dark' ? value : 'auto')
          }}
        >
          {Object.entries(t.themes).map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </div>
    </header>
  )
}

function SignedIn(): JSX.Element | null {
  const t = SHELL[useLanguage()]
  const { standing, leave } = useSession()
  if (typeof standing === 'string') return null
  return (
    <>
      <span class="faint small wide-only" title={t.signedInAs(standing.actor)}>
        <code>{standing.actor}</code>
      </span>
      <button type="button" class="button small" onClick={() => void leave()}>
        {t.signOut}
      </button>
    </>
  )
}
