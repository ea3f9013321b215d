import type { Language } from '../../text/texts.ts'
import type { LeaseTexts } from './texts.ts'
import { EN } from './texts-en.ts'
import { JA } from './texts-ja.ts'

/** Texts of the page, by language. */
export const LEASES: Readonly<Record<Language, LeaseTexts>> = { en: EN, ja: JA }
