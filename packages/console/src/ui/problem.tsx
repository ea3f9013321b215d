import type { JSX } from 'preact'
import { ApiError } from '../api/problem.ts'
import { useLanguage } from '../text/language.ts'
import { SHELL } from '../text/shell.ts'

/** What went wrong with a request: in plain words, with the members that were wrong, and a way to try again. */
export function Problem({ error, onAgain }: { readonly error: unknown; readonly onAgain?: () => void }): JSX.Element {
  const t = SHELL[useLanguage()]
  const { code, detail, wrong } = wordsOf(error)
  const plain = t.codes[code]
  return (
    <div class="fault" role="alert">
      <div>
        <strong>{code === 'forbidden' ? t.forbidden : t.problem}</strong>
        <p>{plain ?? detail}</p>
        {wrong.length === 0 ? null : (
          <ul class="plain small">
            {wrong.map(({ field, expected, line, column, hint }) => (
              <li key={`${field}${line}${column}${expected}`}>
                <code>{line === undefined ? field : `${line}:${column ?? 1}`}</code> {expected}
                {hint === undefined ? '' : ` (${hint})`}
              </li>
            ))}
          </ul>
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

function wordsOf(error: unknown): Pick<ApiError, 'code' | 'wrong'> & { readonly detail: string } {
  if (error instanceof ApiError) return { code: error.code, detail: error.message, wrong: error.wrong }
  return { code: 'page', detail: error instanceof Error ? error.message : String(error), wrong: [] }
}
