import type { Verdict } from '@sekisho/evidence'
import { createContext } from 'preact'
import { useContext, useEffect, useState } from 'preact/hooks'
import { useLanguage } from './language.ts'
import type { Sentences } from './sentences.ts'

/** Ids of the groups of a verdict and its parts. */
export function idsOf(verdict: Verdict): readonly string[] {
  return [...verdict.checks.map(({ id }) => id), ...(verdict.parts ?? []).flatMap((part) => idsOf(part.verdict))]
}

/** Every sentence of a verdict; `expected` and `actual` are values and not among them. */
export function sentencesOf(verdict: Verdict): readonly string[] {
  return [
    verdict.summary,
    ...verdict.checks.flatMap(({ checks }) => checks.flatMap(({ reason, remedy }) => [reason, remedy?.action ?? ''])),
    ...verdict.assumed.flatMap(({ statement, because }) => [statement, because]),
    ...verdict.notes.map(({ text }) => text),
    ...(verdict.parts ?? []).flatMap((part) => sentencesOf(part.verdict)),
  ].filter((text) => text !== '')
}

const loaded = new Map<string, Sentences>()

/** How a part of the page tells sentences of the verdict. */
export interface Speech {
  /** The sentence in the reader's language; undefined where it is told as it is, in English. */
  say(english: string): string | undefined
  /** False until it is known what can be told. */
  readonly isReady: boolean
}

const ENGLISH: Speech = { say: () => undefined, isReady: false }

/** Gives sentences of a verdict to the components that show them. */
export const SpeechContext: import('preact').Context<Speech> = createContext<Speech>(ENGLISH)

/** The speech of the verdict that a component stands in. */
export function useSpeech(): Speech {
  return useContext(SpeechContext)
}

/**
 * Sentences in the reader's language.
 *
 * @param ids of checks whose sentences will be told, so that their kinds are loaded
 */
export function useSentences(ids: readonly string[]): Speech {
  const isJapanese = useLanguage() === 'ja'
  const key = [...new Set(ids.map((id) => id.split('.', 1)[0]))].sort().join()
  const [failed, setFailed] = useState('')
  const [, setTurn] = useState(0)
  useEffect(() => {
    let wanted = isJapanese && !loaded.has(key)
    if (!wanted) return undefined
    sentencesFor(ids).then(
      (sentences) => {
        loaded.set(key, sentences)
        if (wanted) setTurn((before) => before + 1)
      },
      // Offline before they were kept: the sentences stay English.
      () => {
        if (wanted) setFailed(key)
      },
    )
    return () => {
      wanted = false
    }
  }, [key, isJapanese])
  if (!isJapanese) return ENGLISH
  const sentences = loaded.get(key)
  return { say: (english) => sentences?.say(english), isReady: sentences !== undefined || failed === key }
}

async function sentencesFor(ids: readonly string[]): Promise<Sentences> {
  const { japaneseSentences, kindsOf } = await import('./sentence-files.ts')
  return japaneseSentences(kindsOf(ids))
}
