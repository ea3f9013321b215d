import type { Language } from '../../text/texts.ts'
import { en } from './texts-en.ts'
import { ja } from './texts-ja.ts'
import type { StartTexts } from './texts-model.ts'

/** By language. */
export const START: Readonly<Record<Language, StartTexts>> = { en, ja }
