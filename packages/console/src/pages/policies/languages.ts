import type { Language } from '../../text/texts.ts'
import { en } from './en.ts'
import { ja } from './ja.ts'
import type { PoliciesTexts } from './texts.ts'

/** Texts of the page by language. */
export const POLICIES: Readonly<Record<Language, PoliciesTexts>> = { en, ja }
