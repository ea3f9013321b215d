import type { Language } from '../../text/texts.ts'
import { en } from './en.ts'
import { ja } from './ja.ts'
import type { ReferencesTexts } from './texts.ts'

/** Texts of the page by language. */
export const REFERENCES: Readonly<Record<Language, ReferencesTexts>> = { en, ja }
