import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Snippet } from '../../ui/page-parts.tsx'
import { Mark, Moment, OutcomeSign } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { EnglishNote, Said } from '../../ui/said.tsx'
import { Panel } from '../../ui/verdict-view.tsx'
import { AGAIN } from './again-texts.ts'
import { type Explained, namespaceOption, type Reverified } from './model.ts'

interface AgainProps extends Pick<PageProps, 'api' | 'namespace'> {
  readonly decision: Explained
}

/** Has the checkpoint verify a decision again as of its time, and shows what it compared. */
export function AgainPart({ api, namespace, decision: { id } }: AgainProps): JSX.Element {
  const t = AGAIN[useLanguage()]
  const [found, setFound] = useState<Reverified>()
  const { busy, error, run } = useAction()
  const again = (): void => {
    void run(async () => {
      setFound(await api.send<Reverified>('POST', `/namespaces/${namespace}/decisions/${id}/reverify`))
    })
  }
  const more = namespaceOption(namespace).map((option) => ` ${option}`)
  return (
    <Panel title={t.heading}>
      <p class="faint small">{t.lead}</p>
      <p class="row">
        <button type="button" class="button" disabled={busy} onClick={again}>
          {busy ? t.busy : t.button}
        </button>
      </p>
      {error === undefined ? null : <Problem error={error} />}
      {found === undefined ? null : <Compared found={found} />}
      <p class="faint small">{t.elsewhere}</p>
      <Snippet kind="commandLine" text={`sekisho decision evidence ${id} audit${more}`} />
    </Panel>
  )
}

const MARKS = { confirmed: 'verified', differs: 'rejected', incomplete: 'incomplete' } as const
const SIGNS = { same: 'pass', differs: 'fail', unknown: 'unchecked' } as const

function Compared({ found: { result, judgedAt, steps } }: { readonly found: Reverified }): JSX.Element {
  const t = AGAIN[useLanguage()]
  return (
    <div class="again" role={result === 'differs' ? 'alert' : 'status'}>
      <p class="recorded-line">
        <Mark tone={MARKS[result]}>{t.words[result]}</Mark>
        <span>{t.claims[result]}</span>
        {judgedAt === undefined ? null : (
          <span class="faint small">
            {t.judgedAt} <Moment iso={judgedAt} seconds />
          </span>
        )}
      </p>
      <ol class="plain steps">
        {steps.map(({ step, outcome, detail }) => (
          <li key={step}>
            <OutcomeSign outcome={SIGNS[outcome]} />
            <span>
              {t.steps[step]}
              <br />
              <span class="faint">
                <Said text={detail} />
              </span>
            </span>
          </li>
        ))}
      </ol>
      <EnglishNote of={steps.map(({ detail }) => detail)} />
    </div>
  )
}
