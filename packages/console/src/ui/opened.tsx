import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { WHOLE } from '../engine/messages.ts'
import { useTexts } from '../text/language.ts'
import { CompareView } from './compare-view.tsx'
import { Expectations } from './expectations.tsx'
import { FieldsView } from './fields-view.tsx'
import { saveText } from './files.ts'
import { JudgedWith } from './judged-with.tsx'
import { FaultBox } from './parts.tsx'
import { linkTo, MAX_LINKED } from './permalink.ts'
import { Speaking } from './said.tsx'
import { Tabs } from './tabs.tsx'
import { TrustMapView } from './trust-map.tsx'
import { VerdictBody, VerdictHead } from './verdict-view.tsx'
import type { OpenFile, Workbench } from './workbench.ts'

type View = 'verdict' | 'map' | 'fields' | 'compare'

/** The page while evidence is open. */
export function Opened({ bench, evidence }: { readonly bench: Workbench; readonly evidence: OpenFile }): JSX.Element {
  const t = useTexts()
  const [view, setView] = useState<View>('verdict')
  const { judged, verdictFault, busy } = bench
  useEffect(() => {
    // What was opened starts at its top, and a screen reader goes on from there.
    scrollTo(0, 0)
    document.getElementById('content')?.focus({ preventScroll: true })
  }, [evidence])
  return (
    <div class="opened">
      <FileLine bench={bench} evidence={evidence} />
      <Speaking of={judged?.verdict ?? NOTHING_SAID}>
        {judged === undefined ? null : <VerdictHead verdict={judged.verdict} busy={busy === 'judging'} />}
        {verdictFault === undefined ? null : (
          <FaultBox
            code={verdictFault.code}
            text={verdictFault.code === 'time' ? t.fault.time : verdictFault.message}
          />
        )}
        {judged === undefined && verdictFault === undefined ? <div class="waiting" /> : null}
        <Tabs
          label={t.tabs.label}
          names={[
            ['verdict', t.tabs.verdict],
            ['map', t.tabs.map],
            ['fields', t.tabs.fields],
            ['compare', t.tabs.compare],
          ]}
          chosen={view}
          onChoose={setView}
        />
        <div class={view === 'verdict' || view === 'map' ? 'columns' : ''}>
          <div id="tab-content" role="tabpanel" aria-labelledby={`tab-${view}`}>
            <Content view={view} bench={bench} evidence={evidence} />
          </div>
          {view === 'verdict' || view === 'map' ? (
            <aside aria-label={t.judgedWith.heading}>
              <Expectations bench={bench} />
              <JudgedWith bench={bench} />
            </aside>
          ) : null}
        </div>
      </Speaking>
    </div>
  )
}

const NOTHING_SAID: readonly string[] = []

function Content({ view, bench, evidence }: { view: View; bench: Workbench; evidence: OpenFile }): JSX.Element | null {
  const t = useTexts().verdict
  const { judged, inputs, change } = bench
  const { opened } = evidence
  if (view === 'fields') return <FieldsView opened={opened} />
  if (view === 'compare') return <CompareView bench={bench} a={evidence} />
  if (judged === undefined) return null
  if (view === 'map') return <TrustMapView bench={bench} judged={judged} />
  return (
    <VerdictBody
      verdict={judged.verdict}
      titles={judged.titles}
      waive={inputs.waive}
      onWaive={(waive) => change({ waive })}
      remarks={[
        [t.wrappers, opened.wrappers],
        [t.companions, opened.companions],
        [t.unused, opened.unused],
      ]}
    />
  )
}

/** What is open, and what can be done with the whole of it. */
function FileLine({ bench, evidence }: { bench: Workbench; evidence: OpenFile }): JSX.Element {
  const t = useTexts()
  const [said, setSaid] = useState('')
  const { judged, inputs } = bench
  const { file, opened } = evidence
  const copy = async (): Promise<void> => {
    const link = linkTo(location.href, { file: file.bytes, at: inputs.at })
    if (link === undefined) return setSaid(t.actions.linkTooLong(MAX_LINKED / 1024))
    try {
      await navigator.clipboard.writeText(link)
      setSaid(t.actions.linkDone)
    } catch {
      // Browsers may refuse the clipboard; the reader can still copy by hand.
      setSaid(`${t.actions.linkManual} ${link}`)
    }
  }
  return (
    <>
      <div class="file-line">
        <p>
          <strong>{opened.form}</strong> <span class="faint">{file.name}</span>
        </p>
        {opened.parts.length < 2 ? null : (
          <label>
            {t.actions.part}{' '}
            <select
              value={String(opened.part)}
              onChange={(event) => void bench.choosePart(Number(event.currentTarget.value))}
            >
              <option value={String(WHOLE)}>{t.actions.whole}</option>
              {opened.parts.map((name, i) => (
                <option key={`${i} ${name}`} value={String(i)}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
        <p class="row">
          <button type="button" class="button" onClick={() => void copy()}>
            {t.actions.link}
          </button>
          <button
            type="button"
            class="button"
            disabled={judged === undefined}
            onClick={() => (judged === undefined ? undefined : saveText('verdict.json', `${judged.canonical}\n`))}
          >
            {t.actions.download}
          </button>
          <button type="button" class="button" onClick={() => bench.close()}>
            {t.actions.close}
          </button>
        </p>
      </div>
      <p class="said" role="status">
        {said}
      </p>
    </>
  )
}
