import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { useAction } from '../../ui/action.ts'
import { Load, useLoad } from '../../ui/load.tsx'
import { Confirm, Snippet } from '../../ui/page-parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { useCheck } from './check.ts'
import { History, Leases } from './effect.tsx'
import { FindingsOf } from './findings.tsx'
import { POLICIES } from './languages.ts'
import type { Activated, PolicyCalls } from './model.ts'
import { useEffectOf } from './use-effect-of.ts'

interface Props {
  readonly calls: PolicyCalls
  readonly namespace: string
  readonly version: number
  readonly may: PageProps['may']
  readonly onNo: () => void
  readonly onDone: (done: Activated, text: string) => void
}

/** Asks before an older version is put in force again, and tells what that would do, and what may be wrong with it. */
export function RollBack(props: Props): JSX.Element {
  const { calls, version, onNo, onDone } = props
  const t = POLICIES[useLanguage()]
  const text = useLoad((signal) => calls.text(version, signal), [calls, version])
  const [known, setKnown] = useState(false)
  const { busy, error, run } = useAction()
  const roll = (): void => {
    if (text.value === undefined) return
    const { value } = text
    void run(async () => onDone(await calls.rollBack(version), value))
  }
  return (
    <Confirm
      title={t.versions.rollTitle(version)}
      action={t.versions.rollAction(version)}
      busy={!known || busy}
      onYes={roll}
      onNo={onNo}
    >
      <div class="dialog-body">
        <Load of={text}>{(value) => <Effect {...props} text={value} onKnown={setKnown} />}</Load>
        {error === undefined ? null : <Problem error={error} />}
        {known ? null : <p class="small faint">{t.review.mustKnow}</p>}
        <Snippet kind="commandLine" text={`sekisho policy rollback ${version}`} />
      </div>
    </Confirm>
  )
}

function Effect({
  calls,
  namespace,
  text,
  may,
  onKnown,
}: Props & { readonly text: string; readonly onKnown: (known: boolean) => void }): JSX.Element {
  const effect = useEffectOf(calls, text, may)
  const checked = useCheck(calls, text)
  useEffect(() => {
    if (effect.known) onKnown(true)
  }, [effect.known])
  return (
    <>
      <History namespace={namespace} report={effect.report} />
      <Leases namespace={namespace} forecast={effect.forecast} />
      <FindingsOf checked={checked} />
    </>
  )
}
