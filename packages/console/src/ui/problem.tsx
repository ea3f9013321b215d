import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ApiError } from '../api/problem.ts'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'
import { Said, Speaking } from './said.tsx'

/** What went wrong with a request: in plain words, with the members that were wrong, and a way to try again. */
export function Problem({ error, onAgain }: { readonly error: unknown; readonly onAgain?: () => void }): JSX.Element {
  const t = SHELL[useLanguage()]
  const { code, detail, wrong } = wordsOf(error)
  const meaning = useMeaning(code)
  const plain = t.codes[code]
  const [only, second] = wrong
  // The detail says it already: in English, and of one member.
  const isSaid = plain === undefined && meaning === undefined && second === undefined && only?.line === undefined
  return (
    <div class="fault" role="alert">
      <div>
        <strong>{code === 'forbidden' ? t.forbidden : t.problem}</strong>
        <p>{plain ?? meaning ?? detail}</p>
        {plain !== undefined || meaning === undefined ? null : (
          <p class="small" lang="en">
            {detail}
          </p>
        )}
        {only === undefined || (isSaid && detail.endsWith(only.expected)) ? null : (
          <Speaking of={MEMBERS}>
            <ul class="plain small">
              {wrong.map(({ field, expected, line, column, hint }) => (
                <li key={`${field}${line}${column}${expected}`}>
                  <code>{line === undefined ? field : `${line}:${column ?? 1}`}</code> <Said text={expected} />
                  {hint === undefined ? null : (
                    <>
                      {' '}
                      (<Said text={hint} />)
                    </>
                  )}
                </li>
              ))}
            </ul>
          </Speaking>
        )}
        <p class="faint">
          <code>{code}</code>
        </p>
      </div>
      {onAgain === undefined ? null : (
        <button type="button" class="button quiet" onClick={onAgain}>
          {t.again}
        </button>
      )}
    </div>
  )
}

/** What is wrong in a request is a policy's text more often than anything else. */
const MEMBERS: readonly string[] = ['policy']

/** What a code means in Japanese, loaded when it is needed; undefined in English, where the detail says it. */
function useMeaning(code: string): string | undefined {
  const isJapanese = useLanguage() === 'ja'
  const [meanings, setMeanings] = useState<Readonly<Record<string, string>>>()
  useEffect(() => {
    let wanted = isJapanese
    if (wanted)
      import('../text/problems-ja.ts').then(
        ({ problems }) => {
          if (wanted) setMeanings(problems)
        },
        // Offline before it was kept: the detail stays, in English.
        () => undefined,
      )
    return () => {
      wanted = false
    }
  }, [isJapanese])
  return isJapanese && meanings !== undefined && Object.hasOwn(meanings, code) ? meanings[code] : undefined
}

function wordsOf(error: unknown): Pick<ApiError, 'code' | 'wrong'> & { readonly detail: string } {
  if (error instanceof ApiError) return { code: error.code, detail: error.message, wrong: error.wrong }
  return { code: 'page', detail: error instanceof Error ? error.message : String(error), wrong: [] }
}
