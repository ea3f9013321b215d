import type { PolicyCaseResult, PolicyTestReport } from '@sekisho/appraisal'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useLanguage } from '../../text/language.ts'
import { saveText } from '../../ui/files.ts'
import { Snippet } from '../../ui/page-parts.tsx'
import { FileButton, Mark } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { casesIn, EXAMPLE_CASES, MAX_CASES_FILE } from './cases.ts'
import { POLICIES } from './languages.ts'
import type { Tests } from './use-tests.ts'

const COMMAND = 'sekisho policy test policy.cedar cases.json'

/** Test cases: written or opened here, run by the checkpoint, against the text in the editor. */
export function TestsPanel({
  tests,
  cases,
  onCases,
  onGo,
}: {
  readonly tests: Tests
  readonly cases: string
  readonly onCases: (text: string) => void
  /** Goes to a line of the editor. */
  readonly onGo: (line: number) => void
}): JSX.Element {
  const t = POLICIES[useLanguage()].tests
  const [tooLarge, setTooLarge] = useState(false)
  const written = casesIn(cases)
  const open = async ([file]: readonly File[]): Promise<void> => {
    setTooLarge(file !== undefined && file.size > MAX_CASES_FILE)
    if (file !== undefined && file.size <= MAX_CASES_FILE) onCases(await file.text())
  }
  return (
    <div class="columns">
      <section class="panel" aria-labelledby="policy-cases">
        <h2 id="policy-cases">{t.heading}</h2>
        <p class="small faint" id="cases-lead">
          {t.lead}
        </p>
        <p class="row cases-tools">
          <FileButton label={t.file} look="quiet" onFiles={(files) => void open(files)} />
          {written.as === 'empty' ? (
            <button type="button" class="button quiet" onClick={() => onCases(EXAMPLE_CASES)}>
              {t.example}
            </button>
          ) : (
            <button type="button" class="button quiet" onClick={() => saveText('cases.json', cases)}>
              {t.download}
            </button>
          )}
        </p>
        <textarea
          rows={18}
          spellcheck={false}
          aria-label={t.label}
          aria-describedby="cases-lead"
          aria-invalid={written.as === 'not-json'}
          value={cases}
          onInput={(event) => onCases(event.currentTarget.value)}
        />
        {tooLarge ? (
          <p class="caution" role="alert">
            {t.tooLarge}
          </p>
        ) : null}
        {written.as === 'not-json' ? (
          <p class="caution" role="alert">
            {t.notJson}
          </p>
        ) : null}
        <p class="row">
          <button
            type="button"
            class="button primary"
            disabled={written.as !== 'cases' || tests.busy}
            onClick={() => {
              if (written.as === 'cases') void tests.run(written.cases)
            }}
          >
            {tests.busy ? t.running : t.run}
          </button>
        </p>
        <Snippet kind="commandLine" text={COMMAND} />
      </section>
      <section class="panel" aria-labelledby="policy-results" aria-busy={tests.busy}>
        <h2 id="policy-results">{t.results}</h2>
        {tests.error === undefined ? null : <Problem error={tests.error} />}
        {tests.stale ? <p class="caution">{t.stale}</p> : null}
        {tests.report === undefined ? <p class="faint">–</p> : <Results report={tests.report} onGo={onGo} />}
      </section>
    </div>
  )
}

function Results({
  report,
  onGo,
}: {
  readonly report: PolicyTestReport
  readonly onGo: (line: number) => void
}): JSX.Element {
  const t = POLICIES[useLanguage()]
  const { cases, unexercised } = report
  return (
    <>
      <p role="status">
        <strong>{t.tests.counted(cases.filter(({ passed }) => passed).length, cases.length)}</strong>
      </p>
      <ul class="plain outcomes">
        {cases.map((one, i) => (
          <CaseRow key={`${i} ${one.name}`} result={one} />
        ))}
      </ul>
      <h3>{t.tests.untried}</h3>
      {unexercised.length === 0 ? <p class="small">{t.tests.untriedNone}</p> : null}
      <ul class="plain">
        {unexercised.map(({ id, effect, line }) => (
          <li key={id} class="row">
            <button type="button" class="button quiet go" onClick={() => onGo(line)}>
              {t.findings.line(line)}
            </button>
            <code>{t.tests.statement(effect, id)}</code>
          </li>
        ))}
      </ul>
    </>
  )
}

function CaseRow({ result: { name, passed, decision, expected } }: { readonly result: PolicyCaseResult }): JSX.Element {
  const t = POLICIES[useLanguage()]
  const by = decision.reasons.map(({ id }) => id).join(', ')
  return (
    <li>
      <span class="row">
        <Mark tone={passed ? 'pass' : 'fail'}>{passed ? t.tests.pass : t.tests.fail}</Mark>
        <span>{name}</span>
      </span>
      <span class="small faint">
        {decision.permitted ? t.tests.permitted : t.tests.refused}
        {by === '' ? '' : ` (${t.effect.by(by)})`}
        {expected === undefined ? '' : ` · ${t.tests.expected(expected)}`}
      </span>
      {decision.errors.length === 0 ? null : <span class="small faint">{decision.errors.join(' ')}</span>}
    </li>
  )
}
