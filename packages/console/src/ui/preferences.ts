import { isRecord, parseJson } from '../engine/json.ts'
import { preferredLanguage } from '../text/language.ts'
import type { Language, Theme } from '../text/texts.ts'

/** How the reader wants the page; no secret and nothing of any evidence. */
export interface Preferences {
  readonly language: Language
  readonly theme: Theme
  keep(wishes: { readonly language: Language; readonly theme: Theme }): void
}

const KEY = 'sekisho-preferences'

/** The preferences of the last visit, or what the browser asks for. */
export function readPreferences(): Preferences {
  const kept = parseJson(stored() ?? '')
  const { language, theme } = isRecord(kept) ? kept : {}
  return {
    language: language === 'en' || language === 'ja' ? language : preferredLanguage(navigator.languages),
    theme: theme === 'light' || theme === 'dark' ? theme : 'auto',
    keep(wishes) {
      try {
        localStorage.setItem(KEY, JSON.stringify(wishes))
      } catch {
        // A browser that keeps nothing asks again next time.
        return
      }
    },
  }
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY)
  } catch {
    return null
  }
}
