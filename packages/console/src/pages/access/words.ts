import type { Language } from '../../text/texts.ts'
import type { AccessTexts } from './texts.ts'
import { EN } from './texts-en.ts'
import { JA } from './texts-ja.ts'

/** Texts of the page, by language. */
export const ACCESS: Readonly<Record<Language, AccessTexts>> = { en: EN, ja: JA }
