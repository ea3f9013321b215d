import type { Verdict } from '@sekisho/evidence'
import type { ComponentChildren, JSX } from 'preact'
import { useLanguage, useTexts } from '../text/language.ts'
import { idsOf, SpeechContext, sentencesOf, useSentences, useSpeech } from '../text/use-sentences.ts'

/** What stands inside tells sentences of a verdict, or of checks with such ids, in the reader's language. */
export function Speaking({
  of,
  children,
}: {
  readonly of: Verdict | readonly string[]
  readonly children: ComponentChildren
}): JSX.Element {
  const speech = useSentences('checks' in of ? idsOf(of) : of)
  return <SpeechContext.Provider value={speech}>{children}</SpeechContext.Provider>
}

/** A sentence as the verdict has it in English, or its translation, with the English on hover: logs have that one. */
export function Said({ text, stop = '' }: { readonly text: string; readonly stop?: '.' | '' }): JSX.Element {
  const language = useLanguage()
  const said = useSpeech().say(text)
  if (said !== undefined) return <span title={text}>{said}</span>
  return language === 'en' ? (
    <>
      {text}
      {stop}
    </>
  ) : (
    <span lang="en">
      {text}
      {stop}
    </span>
  )
}

/** A value of a check: in code, unless it is words that are told in the reader's language. */
export function SaidValue({ value }: { readonly value: string }): JSX.Element {
  const said = useSpeech().say(value)
  return said === undefined || said === value ? <code>{value}</code> : <span title={value}>{said}</span>
}

/** That some sentences are shown in English; nothing where none is. */
export function EnglishNote({ of }: { readonly of: Verdict | readonly string[] }): JSX.Element | null {
  const { english } = useTexts().verdict
  const { say, isReady } = useSpeech()
  if (english === '' || !isReady) return null
  const texts = 'checks' in of ? sentencesOf(of) : of
  return texts.every((text) => say(text) !== undefined) ? null : <p class="faint small">{english}</p>
}
