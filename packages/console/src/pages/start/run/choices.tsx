import type { JSX } from 'preact'
import { useLanguage } from '../../../text/language.ts'
import { START } from '../texts.ts'
import { type Facts, FORBID, POLICY, type StepId } from './model.ts'

const FLAWS = ['debug', 'measurement'] as const
const MAX_SECRET = 200

/** What the reader may choose before a step is done, and the text that it sends where that is worth reading. */
export function Choices({
  id,
  facts,
  disabled,
  onChoose,
}: {
  readonly id: StepId
  readonly facts: Facts
  readonly disabled: boolean
  readonly onChoose: (some: Partial<Pick<Facts, 'secret' | 'flaw'>>) => void
}): JSX.Element | null {
  const t = START[useLanguage()].run
  if (id === 'secret')
    return (
      <p class="form run-secret">
        <label for="run-secret">{t.secretLabel}</label>
        <input
          id="run-secret"
          type="text"
          autocomplete="off"
          spellcheck={false}
          maxLength={MAX_SECRET}
          disabled={disabled}
          value={facts.secret}
          onInput={(event) => onChoose({ secret: event.currentTarget.value })}
        />
      </p>
    )
  if (id === 'policy' || id === 'line')
    return (
      <pre class="block">
        <code>{id === 'policy' ? POLICY : FORBID}</code>
      </pre>
    )
  if (id !== 'refused') return null
  return (
    <fieldset class="flaws" disabled={disabled}>
      <legend class="unseen">{t.flawLabel}</legend>
      {FLAWS.map((flaw) => (
        <label key={flaw} class="flaw">
          <input type="radio" name="flaw" checked={facts.flaw === flaw} onChange={() => onChoose({ flaw })} />
          {t.flaws[flaw]}
        </label>
      ))}
    </fieldset>
  )
}
