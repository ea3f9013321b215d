import './policies.css'
import type { JSX } from 'preact'
import { useMemo, useState } from 'preact/hooks'
import { ApiError } from '../../api/problem.ts'
import { fragmentOf } from '../../app/route.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { SHELL } from '../../text/shell.ts'
import { Load, type Loaded, useLoad } from '../../ui/load.tsx'
import { Empty, PageHead, Snippet } from '../../ui/page-parts.tsx'
import { Mark } from '../../ui/parts.tsx'
import { Problem } from '../../ui/problem.tsx'
import { Tabs } from '../../ui/tabs.tsx'
import { useCheck } from './check.ts'
import { isChanged, rebased, useDraft } from './draft.ts'
import { EditPanel } from './edit-panel.tsx'
import { POLICIES } from './languages.ts'
import { Meanwhile } from './meanwhile.tsx'
import { type ActivePolicy, policyCalls } from './model.ts'
import { Review } from './review.tsx'
import { TestsPanel } from './tests-panel.tsx'
import { useTests } from './use-tests.ts'
import { useVersions } from './use-versions.ts'
import { VersionsPanel } from './versions-panel.tsx'

/** What is in force, what would be, and what was. */
export function PoliciesPage(props: PageProps): JSX.Element {
  const language = useLanguage()
  const t = POLICIES[language]
  const { api, namespace, may } = props
  const calls = useMemo(() => policyCalls(api, namespace), [api, namespace])
  const allowed = may('policy:read')
  const active = useLoad(
    (signal) =>
      allowed ? calls.active(signal) : Promise.reject(new ApiError('forbidden', 403, t.needs('policy:read'))),
    [calls, allowed],
  )
  return (
    <>
      <PageHead title={SHELL[language].pages.policies} lead={t.lead}>
        {active.value === undefined || active.value.version === 0 ? null : (
          <Mark tone="verified">{t.inForce(active.value.version)}</Mark>
        )}
      </PageHead>
      {allowed ? (
        <Load of={active}>{(value) => <Policies {...props} calls={calls} active={value} again={active} />}</Load>
      ) : (
        <Problem error={active.error} />
      )}
    </>
  )
}

const TABS = ['edit', 'tests', 'versions'] as const
type Tab = (typeof TABS)[number]

function Policies({
  namespace,
  who,
  may,
  id,
  calls,
  active,
  again,
}: PageProps & {
  readonly calls: ReturnType<typeof policyCalls>
  readonly active: ActivePolicy
  readonly again: Loaded<ActivePolicy>
}): JSX.Element {
  const t = POLICIES[useLanguage()]
  const [draft, change] = useDraft(`${who.actor} ${namespace}`, active)
  const checked = useCheck(calls, draft.text)
  const versions = useVersions(calls, active, again)
  const tests = useTests(calls, draft.text, draft.cases)
  const [reviewing, setReviewing] = useState(false)
  const [said, setSaid] = useState('')
  const [aim, setAim] = useState<number>()
  const tab: Tab = TABS.find((one) => one === id) ?? 'edit'
  const goTo = (to: Tab): void => {
    location.hash = fragmentOf({ at: 'policies', namespace, id: to === 'edit' ? undefined : to })
  }
  const clash = isChanged(draft) && draft.basedOn !== active.version
  const edit = (text: string): void => {
    setReviewing(false)
    change({ text })
    goTo('edit')
  }
  const inForce = (version: number, live: number, revoked: number, text: string): void => {
    setReviewing(false)
    setSaid(t.review.done(version, live, revoked))
    again.set({ version, text })
    versions.reload()
  }
  return (
    <>
      <p role="status" class={said === '' ? 'unseen' : 'told'}>
        {said}
      </p>
      {clash ? (
        <Meanwhile
          active={active}
          draft={draft}
          versions={versions.value ?? []}
          onKeep={() => change(rebased(draft, active))}
          onTake={() => change({ ...rebased(draft, active), text: active.text })}
        />
      ) : null}
      <Tabs label={t.tabs.label} names={TABS.map((one) => [one, t.tabs[one]])} chosen={tab} onChoose={goTo} />
      <div id="tab-content" role="tabpanel" aria-labelledby={`tab-${tab}`}>
        {active.version === 0 && tab !== 'tests' ? (
          <Empty title={t.none}>
            <p>{t.noneHow}</p>
            <Snippet
              kind="commandLine"
              text={`sekisho policy starter snp > policy.cedar\nsekisho policy set policy.cedar --namespace ${namespace}`}
            />
          </Empty>
        ) : null}
        <div hidden={tab !== 'edit' || reviewing}>
          <EditPanel
            calls={calls}
            draft={draft}
            checked={checked}
            untried={tests.untriedLines}
            aim={tab === 'edit' ? aim : undefined}
            may={may}
            onText={(text) => {
              setSaid('')
              change({ text })
            }}
            onReview={clash ? undefined : () => setReviewing(true)}
          />
        </div>
        {tab === 'edit' && reviewing ? (
          <Review
            calls={calls}
            namespace={namespace}
            draft={draft}
            next={Math.max(active.version, ...(versions.value ?? []).map(({ version }) => version)) + 1}
            may={may}
            onBack={() => setReviewing(false)}
            onDone={({ version, live, revoked }) => {
              change({ baseText: draft.text, basedOn: version })
              inForce(version, live, revoked, draft.text)
            }}
            onConflict={() => {
              setReviewing(false)
              again.reload()
              versions.reload()
            }}
          />
        ) : null}
        {tab === 'tests' ? (
          <TestsPanel
            tests={tests}
            cases={draft.cases}
            onCases={(cases) => change({ cases })}
            onGo={(line) => {
              setAim(line)
              goTo('edit')
            }}
          />
        ) : null}
        {tab === 'versions' ? (
          <VersionsPanel
            calls={calls}
            namespace={namespace}
            versions={versions}
            may={may}
            onOpen={edit}
            onRolledBack={({ version, live, revoked }, text) => inForce(version, live, revoked, text)}
          />
        ) : null}
      </div>
    </>
  )
}
