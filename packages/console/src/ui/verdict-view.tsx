import type { Check, CollateralPart, Verdict } from '@sekisho/evidence'
import type { ComponentChildren, JSX } from 'preact'
import { useCheckTitles } from '../text/check-titles.ts'
import { useTexts } from '../text/language.ts'
import { useSpeech } from '../text/use-sentences.ts'
import { CheckTree, isOpen, type TreeOptions } from './check-tree.tsx'
import { Digest, Mark, Moment, OutcomeSign } from './parts.tsx'
import { EnglishNote, Said } from './said.tsx'

/** The verdict's word, and the sentence after it. */
export function VerdictHead({ verdict, busy }: { readonly verdict: Verdict; readonly busy: boolean }): JSX.Element {
  const t = useTexts()
  const { say } = useSpeech()
  return (
    <section class={`head head-${verdict.outcome}`} aria-labelledby="outcome" aria-busy={busy}>
      <div class="head-line">
        <h1 id="outcome">{t.verdict.words[verdict.outcome]}</h1>
        {verdict.emulated ? <Mark tone="emulated">{t.emulated}</Mark> : null}
        <span class="head-aside">{t.verdict.authenticity[verdict.authenticity]}</span>
      </div>
      <p class="summary">
        <Said text={verdict.summary} stop="." />
      </p>
      <p class="faint small">
        {say(verdict.format) ?? verdict.format} · {t.verdict.judgedAt} <Moment iso={verdict.at} />
      </p>
      <EnglishNote of={verdict} />
    </section>
  )
}

/** Everything about a verdict below its head: why, remedies, who vouches, checks, assumptions, notes. */
export function VerdictBody({
  verdict,
  remarks,
  why = true,
  ...tree
}: {
  readonly verdict: Verdict
  /** False where {@link Why} stands elsewhere on the page. */
  readonly why?: boolean
  /** Wrappers taken off and what else lay in the file, by what they are. */
  readonly remarks: readonly (readonly [name: string, values: readonly string[]])[]
} & TreeOptions): JSX.Element {
  const t = useTexts().verdict
  return (
    <>
      {why ? <Why verdict={verdict} titles={tree.titles} /> : null}
      <Vouchers verdict={verdict} />
      <Panel title={t.checks}>
        <CheckTree groups={verdict.checks} {...tree} />
      </Panel>
      {partsOf(verdict).map((part) => (
        <Panel key={part.name} title={`${t.parts}: ${part.name}`}>
          <p>
            <Mark tone={part.verdict.outcome}>{t.words[part.verdict.outcome]}</Mark>{' '}
            <Said text={part.verdict.summary} stop="." />
          </p>
          <CheckTree groups={part.verdict.checks} {...tree} />
        </Panel>
      ))}
      {verdict.assumed.length === 0 ? null : (
        <Panel title={t.assumed}>
          <ul class="plain">
            {verdict.assumed.map(({ id, statement, because }) => (
              <li key={id}>
                <Said text={statement} />{' '}
                <span class="faint">
                  — <Said text={because} />
                </span>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      <Notes verdict={verdict} remarks={remarks} />
    </>
  )
}

/** The parts of a verdict, and theirs, by names from the outside in. */
function partsOf({ parts = [] }: Verdict): NonNullable<Verdict['parts']> {
  return parts.flatMap(({ name, verdict }) => [
    { name, verdict },
    ...partsOf(verdict).map((inner) => ({ ...inner, name: `${name} / ${inner.name}` })),
  ])
}

/** One titled part of the page. */
export function Panel({
  title,
  children,
}: {
  readonly title: string
  readonly children: ComponentChildren
}): JSX.Element {
  return (
    <section class="panel">
      <h2>{title}</h2>
      {children}
    </section>
  )
}

/** What keeps a verdict from being better, each with what would mend it; nothing for one that is verified. */
export function Why({
  verdict,
  titles,
}: {
  readonly verdict: Verdict
  readonly titles: Readonly<Record<string, string>>
}): JSX.Element | null {
  const t = useTexts().verdict
  const open = [...verdict.checks, ...partsOf(verdict).flatMap((part) => part.verdict.checks)]
    .flatMap(({ checks }) => checks)
    .filter(isOpen)
    // What failed weighs more than what nobody looked at.
    .toSorted((a, b) => Number(b.outcome === 'fail') - Number(a.outcome === 'fail'))
  const titleOf = useCheckTitles(open.map(({ id }) => id))
  if (open.length === 0) return null
  return (
    <Panel title={open.some(({ remedy }) => remedy !== undefined) ? `${t.why} · ${t.remedies}` : t.why}>
      <ol class="why">
        {open.map((check, i) => (
          // Two parts of one kind have checks of one id.
          <Reason
            key={`${i} ${check.id}`}
            check={check}
            title={titleOf(check.id, check.title ?? titles[check.id]) ?? check.id}
          />
        ))}
      </ol>
    </Panel>
  )
}

function Reason({ check, title }: { check: Check; title: string }): JSX.Element {
  const t = useTexts().verdict
  return (
    <li class="reason">
      <OutcomeSign outcome={check.outcome} />
      <div>
        <p>
          <strong>{title}</strong>
          <br />
          <Said text={check.reason} />
        </p>
        {check.remedy === undefined ? null : (
          <p class="remedy">
            <span aria-hidden="true">→ </span>
            <Said text={check.remedy.action} /> <span class="faint">({t.by[check.remedy.by]})</span>
          </p>
        )}
      </div>
    </li>
  )
}

function Vouchers({ verdict }: { verdict: Verdict }): JSX.Element {
  const t = useTexts().verdict
  const { claims } = verdict
  const { tcb } = claims
  return (
    <Panel title={t.vouch}>
      {verdict.authenticity === 'proven' ? null : <p class="caution">{t.unproven}</p>}
      <dl class="facts">
        <Fact name={t.anchor}>
          {verdict.anchors.length === 0 ? t.noAnchor : null}
          {verdict.anchors.map(({ id, name, vendor, spkiSha256 }) => (
            <div key={id}>
              {name}, {vendor} <code class="faint">{spkiSha256.slice(0, 16)}…</code>
            </div>
          ))}
        </Fact>
        {verdict.collateral.length === 0 ? null : (
          <Fact name={t.endorsements}>
            <Endorsements parts={verdict.collateral} />
          </Fact>
        )}
        <Fact name={t.product}>{[claims.vendor.toUpperCase(), claims.product ?? ''].join(' ').trim()}</Fact>
        <Fact name={t.tcb}>
          {tcb.status ?? t.noTcb}
          {tcb.advisories === undefined ? null : (
            <> · {tcb.advisories.length === 0 ? t.noAdvisories : `${t.advisories} ${tcb.advisories.join(', ')}`}</>
          )}
          <div class="faint small">
            {Object.entries(tcb.components)
              .slice(0, 24)
              .map(([name, svn]) => `${name} ${svn}`)
              .join(' · ')}
          </div>
        </Fact>
        {claims.launchMeasurement !== '' && (
          <Fact name={t.measurement}>
            <Digest hex={claims.launchMeasurement} />
          </Fact>
        )}
        {Object.entries(claims.runtimeMeasurements).map(([name, value]) => (
          <Fact key={name} name={name}>
            <Digest hex={value} />
          </Fact>
        ))}
        <HexFact name={t.signer} hex={claims.signer} />
        <HexFact name={t.hostData} hex={claims.hostData} />
        <HexFact name={t.userData} hex={claims.userData} />
        <HexFact name={t.hardwareId} hex={claims.hardwareId} />
        <Fact name={t.evidence}>
          {t.bytes(verdict.evidence.length)}, SHA-256 <code class="digest">{verdict.evidence.sha256}</code>
        </Fact>
      </dl>
    </Panel>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function HexFact({ name, hex }: { name: string; hex: string | undefined }): JSX.Element | null {
  if (hex === undefined || hex === '') return null
  return (
    <Fact name={name}>
      <Digest hex={hex} />
    </Fact>
  )
}

function Endorsements({ parts }: { parts: readonly CollateralPart[] }): JSX.Element {
  return (
    <ul class="plain endorsements">
      {parts.map(({ name, from, until, sha256 }) => (
        <li key={`${name}${sha256}`}>
          {name}
          {from === undefined || until === undefined ? null : (
            <span class="faint small">
              {' '}
              <Moment iso={from} day /> – <Moment iso={until} day />
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

function Notes({
  verdict,
  remarks,
}: {
  verdict: Verdict
  remarks: readonly (readonly [name: string, values: readonly string[]])[]
}): JSX.Element | null {
  const t = useTexts().verdict
  const told = remarks.filter(([, values]) => values.length > 0)
  if (told.length === 0 && verdict.notes.length === 0) return null
  return (
    <Panel title={t.notes}>
      <ul class="plain">
        {told.map(([name, values]) => (
          <li key={name}>
            <span class="faint">{name}:</span> {values.join(', ')}
          </li>
        ))}
        {verdict.notes.map(({ id, text }) => (
          <li key={id}>
            <Said text={text} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}
