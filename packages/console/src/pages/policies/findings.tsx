import type { JSX } from 'preact'
import { useLanguage } from '../../text/language.ts'
import { Mark } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { EnglishNote, Said, Speaking } from '../../ui/said.tsx'
import type { Checked } from './check.ts'
import { POLICIES } from './languages.ts'

/** What the checkpoint says of the text: what makes it unusable, and what is probably not meant, each with its place. */
export function Findings({
  checked,
  text,
  onGo,
}: {
  readonly checked: Checked | undefined
  readonly text: string
  readonly onGo: (line: number, column: number) => void
}): JSX.Element {
  const { findings: t } = POLICIES[useLanguage()]
  const behind = checked === undefined || checked.text !== text
  return (
    <section class="panel" aria-labelledby="policy-findings" aria-busy={behind}>
      <div class="row between">
        <h2 id="policy-findings">{t.heading}</h2>
        {behind ? <span class="small faint">{t.checking}</span> : null}
      </div>
      <Told checked={checked} onGo={onGo} />
    </section>
  )
}

/** The same where there is nothing to go to, and the text is not being written. */
export function FindingsOf({ checked }: { readonly checked: Checked | undefined }): JSX.Element {
  const { findings: t } = POLICIES[useLanguage()]
  return (
    <section class="stack" aria-busy={checked === undefined}>
      <h3>{t.heading}</h3>
      {checked === undefined ? <p class="small faint">{t.checking}</p> : null}
      <Told checked={checked} onGo={undefined} />
    </section>
  )
}

type OnGo = ((line: number, column: number) => void) | undefined

function Told({ checked, onGo }: { readonly checked: Checked | undefined; readonly onGo: OnGo }): JSX.Element {
  const { findings: t } = POLICIES[useLanguage()]
  return (
    <>
      {checked?.error === undefined ? null : <Problem error={checked.error} />}
      <p role="status" class="small">
        {checked === undefined || checked.error !== undefined
          ? ''
          : checked.text.trim() === ''
            ? t.empty
            : checked.faults.length > 0
              ? t.faults(checked.faults.length)
              : checked.findings.length > 0
                ? t.warnings
                : t.fine}
      </p>
      <Speaking of={POLICY}>
        <EnglishNote
          of={[
            ...(checked?.faults ?? []).flatMap(({ message, hint }) => [message, ...(hint === undefined ? [] : [hint])]),
            ...(checked?.findings ?? []).flatMap(({ message, remedy }) => [message, remedy]),
          ]}
        />
        <ul class="plain findings">
          {(checked?.faults ?? []).map(({ line, column, message, hint }) => (
            <li key={`${line}:${column} ${message}`}>
              <p class="row">
                <Go line={line} column={column} onGo={onGo} />
                <Mark tone="rejected">{t.error}</Mark>
              </p>
              <p>
                <Said text={message} />
              </p>
              {hint === undefined ? null : (
                <p class="faint">
                  {t.hint}: <Said text={hint} />
                </p>
              )}
            </li>
          ))}
          {(checked?.findings ?? []).map(({ code, severity, line, message, remedy }) => (
            <li key={`${line} ${code}`}>
              <p class="row">
                <Go line={line} column={1} onGo={onGo} />
                <Mark tone={severity === 'error' ? 'rejected' : 'incomplete'}>
                  {severity === 'error' ? t.error : t.warning}
                </Mark>
                <code class="faint">{code}</code>
              </p>
              <p>
                <Said text={message} />
              </p>
              <p class="faint">
                <Said text={remedy} />
              </p>
            </li>
          ))}
        </ul>
      </Speaking>
    </>
  )
}

const POLICY: readonly string[] = ['policy']

function Go({
  line,
  column,
  onGo,
}: {
  readonly line: number
  readonly column: number
  readonly onGo: OnGo
}): JSX.Element {
  const t = POLICIES[useLanguage()].findings
  if (onGo === undefined) return <strong>{t.line(line)}</strong>
  return (
    <button type="button" class="button quiet go" onClick={() => onGo(line, column)}>
      {t.line(line)}
    </button>
  )
}
