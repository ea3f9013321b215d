import type { Check, CheckGroup } from '@sekisho/evidence'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { useCheckTitles } from '../text/check-titles.ts'
import { useTexts } from '../text/language.ts'
import { OutcomeSign } from './parts.tsx'
import { Said, SaidValue } from './said.tsx'

/** What the tree needs beside its checks. */
export interface TreeOptions {
  readonly titles: Readonly<Record<string, string>>
  readonly waive: readonly string[]
  /** Absent: a verdict that was recorded, in which nothing can be waived any more. */
  readonly onWaive?: (waive: readonly string[]) => void
}

/** Whether a check keeps the verdict from being better, by itself. */
export function isOpen(check: Check): boolean {
  return (
    check.outcome === 'fail' ||
    (check.outcome === 'unchecked' && check.waived !== true && check.blockedBy === undefined)
  )
}

/** All checks by group; groups with something open stand open. */
export function CheckTree({
  groups,
  ...options
}: { readonly groups: readonly CheckGroup[] } & TreeOptions): JSX.Element {
  const t = useTexts()
  const [all, setAll] = useState<boolean>()
  const titleOf = useCheckTitles(groups.map(({ id }) => id))
  return (
    <div>
      <p class="row end">
        <button type="button" class="button quiet" onClick={() => setAll(all !== true)}>
          {all === true ? t.verdict.collapseAll : t.verdict.expandAll}
        </button>
      </p>
      <ul class="groups">
        {groups.map((group) => (
          <Group
            key={`${group.id} ${all}`}
            group={group}
            open={all ?? group.checks.some(isOpen)}
            titleOf={titleOf}
            {...options}
          />
        ))}
      </ul>
    </div>
  )
}

type TitleOf = ReturnType<typeof useCheckTitles>

function Group({
  group,
  open,
  ...options
}: { group: CheckGroup; open: boolean; titleOf: TitleOf } & TreeOptions): JSX.Element {
  return (
    <li>
      <details open={open} class="group">
        <summary>
          <OutcomeSign outcome={group.outcome} />
          <span class="group-title">
            {options.titleOf(group.id, group.title ?? options.titles[group.id]) ?? group.id}
          </span>
          <span class="counts">{useCounts(group)}</span>
        </summary>
        <ul class="checks">
          {group.checks.map((check) => (
            <CheckLine key={check.id} check={check} {...options} />
          ))}
        </ul>
      </details>
    </li>
  )
}

function useCounts(group: CheckGroup): string {
  const { counts } = useTexts().verdict
  const count = (test: (check: Check) => boolean): number => group.checks.filter(test).length
  const unmade = (check: Check): boolean => check.outcome === 'unchecked' && check.waived !== true
  const found: readonly (readonly [number, (n: number) => string])[] = [
    [count(({ outcome }) => outcome === 'pass'), counts.passed],
    [count(({ outcome }) => outcome === 'fail'), counts.failed],
    [count(({ waived }) => waived === true), counts.waived],
    [count((check) => unmade(check) && check.blockedBy === undefined), counts.open],
    [count((check) => unmade(check) && check.blockedBy !== undefined), counts.blocked],
    [count(({ outcome }) => outcome === 'not-applicable'), counts.notApplicable],
  ]
  return found
    .filter(([n]) => n > 0)
    .map(([n, say]) => say(n))
    .join(' · ')
}

function CheckLine({
  check,
  titles,
  titleOf,
  waive,
  onWaive,
}: { check: Check; titleOf: TitleOf } & TreeOptions): JSX.Element {
  const t = useTexts().verdict
  const title = titleOf(check.id, check.title ?? titles[check.id])
  return (
    <li class={`check check-${check.outcome}`} id={`check-${check.id}`}>
      <OutcomeSign outcome={check.outcome} />
      <div class="check-body">
        <p>
          {title === undefined ? null : <span class="check-title">{title}: </span>}
          <Said text={check.reason} />
        </p>
        <dl class="check-pairs">
          <Pair name={t.expected} value={check.expected} as="value" />
          <Pair name={t.actual} value={check.actual} as="value" />
          <Pair name={t.blockedBy} value={check.blockedBy} as="code" />
          <Pair name={t.restsOn} value={check.anchor} />
        </dl>
        <p class="small faint">
          <code>{check.id}</code> · {t.source} {check.source}
        </p>
        {check.outcome === 'unchecked' && check.blockedBy === undefined ? (
          <Waiver check={check} waive={waive} {...(onWaive === undefined ? {} : { onWaive })} />
        ) : null}
      </div>
    </li>
  )
}

function Waiver({ check, waive, onWaive }: { check: Check } & Omit<TreeOptions, 'titles'>): JSX.Element {
  const t = useTexts().verdict
  const toggled = waive.includes(check.id) ? waive.filter((id) => id !== check.id) : [...waive, check.id]
  return (
    <p class="row">
      {check.waived === true ? <span class="mark mark-unchecked">{t.waived}</span> : null}
      {onWaive === undefined ? null : (
        <button
          type="button"
          class="button small"
          title={t.waiveHint(check.id)}
          aria-label={`${check.waived === true ? t.unwaive : t.waive}: ${check.id}`}
          onClick={() => onWaive(toggled)}
        >
          {check.waived === true ? t.unwaive : t.waive}
        </button>
      )}
    </p>
  )
}

function Pair({
  name,
  value,
  as,
}: {
  name: string
  value: string | undefined
  as?: 'value' | 'code'
}): JSX.Element | null {
  if (value === undefined) return null
  return (
    <div>
      <dt>{name}</dt>
      <dd>{as === 'value' ? <SaidValue value={value} /> : as === 'code' ? <code>{value}</code> : value}</dd>
    </div>
  )
}
