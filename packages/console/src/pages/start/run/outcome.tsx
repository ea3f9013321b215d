import type { JSX } from 'preact'
import { fragmentOf } from '../../../app/route.ts'
import { isRecord, textMember } from '../../../engine/json.ts'
import { useLanguage, useTexts } from '../../../text/language.ts'
import { PROOF } from '../../../text/proof.ts'
import { saveText } from '../../../ui/files.ts'
import { Mark, Moment } from '../../../ui/parts.tsx'
import { ProofView } from '../../../ui/proof-view.tsx'
import { EnglishNote, Said, Speaking } from '../../../ui/said.tsx'
import { START } from '../texts.ts'
import { type Facts, NAMESPACE, type StepId } from './model.ts'

/** What came of a step. */
export function Outcome({ id, facts }: { readonly id: StepId; readonly facts: Facts }): JSX.Element {
  const t = START[useLanguage()].run
  switch (id) {
    case 'refused':
      return <Refused facts={facts} />
    case 'why':
      return <Why facts={facts} />
    case 'released':
      return <Released facts={facts} />
    case 'receipt':
      return <ReceiptOf facts={facts} />
    default:
      return <p class="result">{t.results[id](facts)}</p>
  }
}

function Refused({ facts: { refusal } }: { readonly facts: Facts }): JSX.Element {
  const t = START[useLanguage()].run
  const { emulated } = useTexts()
  return (
    <div class="outcome outcome-refused">
      <p class="row">
        <strong>{t.refused}</strong>
        <Mark tone="emulated">{emulated}</Mark>
      </p>
      <p class="small">{t.hears}</p>
      <p>
        <code>{refusal?.code}</code>, <code>{refusal?.decision}</code>
      </p>
    </div>
  )
}

function Why({ facts: { reasons = [], remedies = [], refusal } }: { readonly facts: Facts }): JSX.Element {
  const t = START[useLanguage()].run
  const { verdict } = useTexts()
  const by = Object.entries(verdict.by)
  return (
    <div class="outcome">
      <Speaking of={['checkpoint', ...reasons]}>
        <ul class="plain">
          {reasons.map((reason) => (
            <li key={reason}>
              <Said text={reason} />
            </li>
          ))}
        </ul>
        <h3>{t.remedies}</h3>
        <ul class="plain">
          {remedies.map((remedy) => (
            <li key={remedy.action} class="remedy">
              <span aria-hidden="true">→ </span>
              <Said text={remedy.action} />{' '}
              <span class="faint">({by.find(([party]) => party === remedy.by)?.[1] ?? remedy.by})</span>
            </li>
          ))}
        </ul>
        <EnglishNote of={[...reasons, ...remedies.map(({ action }) => action)]} />
      </Speaking>
      <DecisionLink id={refusal?.decision} />
    </div>
  )
}

function Released({ facts: { opened, lease, decision } }: { readonly facts: Facts }): JSX.Element {
  const t = START[useLanguage()].run
  const { emulated } = useTexts()
  return (
    <div class="outcome outcome-released">
      <p class="row">
        <strong>{t.released}</strong>
        <Mark tone="emulated">{emulated}</Mark>
      </p>
      <p class="small">{t.opened}</p>
      <p class="opened">
        <code>{opened}</code>
      </p>
      {lease === undefined ? null : (
        <p class="small">
          {t.leaseUntil} <Moment iso={lease.expires} /> · <code>{lease.id}</code>
        </p>
      )}
      <DecisionLink id={decision} />
    </div>
  )
}

function ReceiptOf({ facts: { receipt, decision, proof } }: { readonly facts: Facts }): JSX.Element {
  const { key } = PROOF[useLanguage()]
  const t = START[useLanguage()].run
  const { emulated } = useTexts()
  const found = isRecord(receipt) ? receipt : {}
  const entry = isRecord(found['entry']) ? found['entry'] : {}
  return (
    <div class="outcome">
      <dl class="pairs">
        <dt>{t.receipt.outcome}</dt>
        <dd>
          <code>{textMember(entry, 'outcome')}</code> <code>{textMember(entry, 'resource')}</code>{' '}
          <Mark tone="emulated">{emulated}</Mark>
        </dd>
        <dt>{t.receipt.entry}</dt>
        <dd>{t.inLog(Number(found['index']), Number(found['size']))}</dd>
        <dt>{t.receipt.log}</dt>
        <dd>
          <code>{textMember(found, 'checkpoint').split('\n')[0]}</code>
        </dd>
      </dl>
      {proof === undefined ? null : (
        <>
          <ProofView proven={proof.proven} steps={proof.steps} claim={t.receipt.claim} />
          <p class="small faint">{key.fromServer}</p>
        </>
      )}
      <p class="row">
        <button
          type="button"
          class="button small"
          onClick={() => saveText('receipt.json', `${JSON.stringify(receipt, undefined, 2)}\n`)}
        >
          {t.receipt.download}
        </button>
        <a href={fragmentOf({ at: 'decisions', namespace: NAMESPACE, id: decision })}>{t.receipt.look}</a>
      </p>
    </div>
  )
}

function DecisionLink({ id }: { readonly id: string | undefined }): JSX.Element | null {
  const t = START[useLanguage()].run
  if (id === undefined) return null
  return (
    <p class="small">
      {t.decision} <a href={fragmentOf({ at: 'decisions', namespace: NAMESPACE, id })}>{id}</a>
    </p>
  )
}
