import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import { en } from './en.ts'
import { ja } from './ja.ts'
import type { Language, Texts } from './texts.ts'

/** The languages of the page, in the order of the menu. */
export const LANGUAGES: Readonly<Record<Language, Texts>> = { en, ja }

/** Gives components their texts. */
export const LanguageContext: import('preact').Context<Language> = createContext<Language>('en')

/** The reader's language, for texts of a page that is loaded when it is opened. */
export function useLanguage(): Language {
  return useContext(LanguageContext)
}

/** Texts of the workbench in the reader's language. */
export function useTexts(): Texts {
  return LANGUAGES[useLanguage()]
}

/** The language that a browser asks for first, of those that there are. */
export function preferredLanguage(wanted: readonly string[]): Language {
  const found = wanted.map((one) => one.slice(0, 2)).find((one) => one === 'ja' || one === 'en')
  return found === 'ja' ? 'ja' : 'en'
}
