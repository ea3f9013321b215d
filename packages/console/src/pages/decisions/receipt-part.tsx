import type { JSX } from 'preact'
import type { PageProps } from '../../app/session.tsx'
import { proveDecision } from '../../log/decision.ts'
import { canCheck } from '../../log/note.ts'
import { useLanguage } from '../../text/language.ts'
import { PROOF } from '../../text/proof.ts'
import { saveText } from '../../ui/files.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { EntryView, KeyChoice, ProofView, useChosenKey } from '../../ui/proof-view.tsx'
import { Panel } from '../../ui/verdict-view.tsx'
import { type Explained, namespaceOption } from './model.ts'
import { RECEIPTS } from './receipt-texts.ts'

interface ReceiptProps extends Pick<PageProps, 'api' | 'namespace'> {
  readonly decision: Explained
  readonly pinned: string
  readonly onPinned: (text: string) => void
}

/** The receipt of a decision, checked in the page: its entry, where it stands in the log, and under which key. */
export function ReceiptPart(props: ReceiptProps): JSX.Element {
  const { api, namespace, decision } = props
  const found = useLoad(
    async (signal) => {
      const path = `/namespaces/${namespace}/decisions/${decision.id}/receipt`
      const [receipt, served] = await Promise.all([api.get<unknown>(path, signal), api.text('/log/key')])
      return { receipt, served }
    },
    [api, namespace, decision.id],
  )
  return <Load of={found}>{({ receipt, served }) => <Checked {...props} receipt={receipt} served={served} />}</Load>
}

function Checked({
  decision,
  namespace,
  pinned,
  onPinned,
  receipt,
  served,
}: ReceiptProps & { readonly receipt: unknown; readonly served: string }): JSX.Element {
  const language = useLanguage()
  const [t, p] = [RECEIPTS[language], PROOF[language]]
  const chosen = useChosenKey(canCheck() ? served : undefined, canCheck() ? pinned : '')
  const { key } = chosen
  const { value: proof, error } = useLoad(
    async () => (key === undefined ? undefined : proveDecision(receipt, key, namespace, decision)),
    [receipt, key, namespace, decision],
  )
  const file = `receipt-${decision.id}.json`
  const more = namespaceOption(namespace).map((option) => ` ${option}`)
  return (
    <Panel title={t.heading}>
      <p class="faint small">{t.lead}</p>
      {canCheck() ? null : <p class="caution">{p.cannot}</p>}
      {error === undefined ? null : <Problem error={error} />}
      {proof === undefined ? (
        canCheck() && chosen.fault === undefined && error === undefined ? (
          <p role="status">{p.checking}</p>
        ) : null
      ) : (
        <ProofView proven={proof.proven} steps={proof.steps} claim={t.claim(proof)} />
      )}
      {proof?.proven === true && proof.verdictElsewhere ? <p class="caution">{t.elsewhere}</p> : null}
      {canCheck() ? <KeyChoice chosen={chosen} text={pinned} onText={onPinned} /> : null}
      {proof?.receipt === undefined ? null : (
        <>
          <h3>{t.entry(proof.receipt.index)}</h3>
          <EntryView entry={proof.receipt.entry} />
        </>
      )}
      <p class="row">
        <button
          type="button"
          class="button"
          onClick={() => saveText(file, `${JSON.stringify(receipt, undefined, 2)}\n`)}
        >
          {t.download}
        </button>
      </p>
      <Snippet
        kind="commandLine"
        text={`sekisho log receipt ${decision.id}${more} -o receipt.json\nsekisho log check-receipt receipt.json --key log.key`}
      />
    </Panel>
  )
}
