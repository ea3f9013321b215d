import type { Check } from '@sekisho/evidence'
import type { JSX } from 'preact'
import type { Judged } from '../../../engine/messages.ts'
import { useCheckTitles } from '../../../text/check-titles.ts'
import { useLanguage, useTexts } from '../../../text/language.ts'
import { Digest, Moment, OutcomeSign } from '../../../ui/parts.tsx'
import { EnglishNote, Said, Speaking } from '../../../ui/said.tsx'
import type { OpenFile } from '../../../ui/workbench.ts'
import { START } from '../texts.ts'
import type { Chapter, ChapterId } from './chapters.ts'

interface ChapterProps {
  readonly evidence: OpenFile
  readonly judged: Judged
}

/** One question: what it asks, what the evidence says to it, and the checks that answer it. */
export function ChapterView({ chapter, ...props }: ChapterProps & { readonly chapter: Chapter }): JSX.Element {
  const g = START[useLanguage()].verdict
  const { id, checks, standing } = chapter
  return (
    <Speaking of={props.judged.verdict}>
      <p class="chapter-text">{g.chapters[id].text}</p>
      <Facts id={id} {...props} />
      {id === 'what' ? null : (
        <>
          {id === 'say' ? null : <h3>{g.checks}</h3>}
          {id === 'say' && checks.length === 0 ? (
            <p>{g.say.nothing}</p>
          ) : checks.length === 0 ? (
            <p class="faint">{g.noChecks}</p>
          ) : (
            <p>{id === 'say' ? g.say.expect : g.standing[standing]}</p>
          )}
          <Checks checks={checks} judged={props.judged} />
          <EnglishNote
            of={checks.flatMap(({ reason, remedy }) => [reason, ...(remedy === undefined ? [] : [remedy.action])])}
          />
        </>
      )}
      {id === 'say' ? <p class="small faint">{g.workbenchHint}</p> : null}
    </Speaking>
  )
}

function Checks({ checks, judged }: { readonly checks: readonly Check[]; readonly judged: Judged }): JSX.Element {
  const { counts } = useTexts().verdict
  const titleOf = useCheckTitles(checks.map(({ id }) => id))
  const telling = checks.filter(({ outcome }) => outcome !== 'pass')
  const passed = checks.filter(({ outcome }) => outcome === 'pass')
  const lines = (some: readonly Check[]): JSX.Element => (
    <ul class="chapter-checks">
      {some.map((check) => (
        <Line key={check.id} check={check} title={titleOf(check.id, check.title ?? judged.titles[check.id])} />
      ))}
    </ul>
  )
  return (
    <>
      {telling.length === 0 ? null : lines(telling)}
      {passed.length === 0 ? null : (
        <details open={telling.length === 0 && passed.length < 12}>
          <summary>{counts.passed(passed.length)}</summary>
          {lines(passed)}
        </details>
      )}
    </>
  )
}

function Line({ check, title }: { readonly check: Check; readonly title: string | undefined }): JSX.Element {
  const { by } = useTexts().verdict
  return (
    <li class="reason">
      <OutcomeSign outcome={check.outcome} />
      <div>
        <p>
          {title === undefined ? null : <strong>{title}</strong>}
          <br />
          <Said text={check.reason} />
        </p>
        {check.remedy === undefined || check.outcome === 'pass' ? null : (
          <p class="remedy">
            <span aria-hidden="true">→ </span>
            <Said text={check.remedy.action} /> <span class="faint">({by[check.remedy.by]})</span>
          </p>
        )}
      </div>
    </li>
  )
}

/** What the evidence says to a question, beside the checks. */
function Facts({ id, evidence, judged }: ChapterProps & { readonly id: ChapterId }): JSX.Element | null {
  const g = START[useLanguage()].verdict
  const t = useTexts().verdict
  const { opened } = evidence
  const { verdict } = judged
  const { claims } = verdict
  switch (id) {
    case 'what':
      return (
        <Pairs
          pairs={[
            [g.what.form, `${opened.form} (${verdict.format})`],
            [g.what.size, t.bytes(opened.evidence.length)],
            [g.what.wrappers, opened.wrappers.join(', ')],
            [g.what.companions, opened.companions.join(', ')],
            [g.what.fields, g.fields(opened.fields.length)],
            [g.what.time, <Moment key="at" iso={verdict.at} />],
          ]}
        />
      )
    case 'who':
      return (
        <Pairs
          pairs={[
            [g.who.anchor, verdict.anchors.map((one) => one.name).join(', ') || g.who.none],
            [t.product, claims.product ?? ''],
            [t.hardwareId, claims.hardwareId === undefined ? '' : <Digest key="id" hex={claims.hardwareId} />],
          ]}
        />
      )
    case 'current':
      return (
        <Pairs
          pairs={[
            [t.tcb, claims.tcb.status ?? t.noTcb],
            [t.advisories, (claims.tcb.advisories ?? []).join(', ') || t.noAdvisories],
          ]}
        />
      )
    case 'runs':
      return (
        <Pairs
          pairs={[
            [
              t.measurement,
              claims.launchMeasurement === undefined ? '' : <Digest key="m" hex={claims.launchMeasurement} />,
            ],
            [t.signer, claims.signer === undefined ? '' : <Digest key="s" hex={claims.signer} />],
          ]}
        />
      )
    case 'fresh':
      return (
        <Pairs pairs={[[t.userData, claims.userData === undefined ? '' : <Digest key="u" hex={claims.userData} />]]} />
      )
    case 'say':
      return null
  }
}

function Pairs({
  pairs,
}: {
  readonly pairs: readonly (readonly [string, JSX.Element | string])[]
}): JSX.Element | null {
  const shown = pairs.filter(([, value]) => value !== '')
  if (shown.length === 0) return null
  return (
    <dl class="pairs">
      {shown.map(([name, value]) => (
        <>
          <dt key={name}>{name}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  )
}
