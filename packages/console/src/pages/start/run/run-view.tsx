import type { ComponentChildren, JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Api } from '../../../api/client.ts'
import { fragmentOf } from '../../../app/route.ts'
import { useLanguage, useTexts } from '../../../text/language.ts'
import { Mark } from '../../../ui/parts.tsx'
import { START } from '../texts.ts'
import type { FinishedLink } from '../texts-model.ts'
import { LAST_NEEDED, NAMESPACE, STEPS, type StepId } from './model.ts'
import { nextOf, type Run, type RunState } from './run.ts'
import { StepView } from './step-view.tsx'

const NEEDED = STEPS.indexOf(LAST_NEEDED) + 1

/** The run, step by step. */
export function RunView({ run, api }: { readonly run: Run; readonly api: Api }): JSX.Element {
  const t = START[useLanguage()].run
  const { emulated } = useTexts()
  const state = useRun(run)
  const list = useRef<HTMLDivElement>(null)
  const next = nextOf(state)
  const moved = useRef(false)
  const go = (last: StepId): void => {
    moved.current = true
    void run.go(api, last)
  }
  useEffect(() => {
    // The button that was pressed is gone: a keyboard goes on at the next one.
    if (!moved.current || state.busy !== undefined) return
    moved.current = false
    list.current?.querySelector<HTMLElement>('[data-next]')?.focus({ preventScroll: false })
  }, [state.busy, state.done.length])
  const shown = state.done.length < NEEDED ? STEPS.slice(0, NEEDED) : STEPS
  return (
    <div ref={list}>
      <p class="emulated-bar">
        <Mark tone="emulated">{emulated}</Mark> {t.emulated}
      </p>
      <Progress state={state} all={shown.length}>
        {next === undefined ? null : (
          <button
            type="button"
            class={`button ${state.done.length === 0 ? '' : 'quiet'}`}
            disabled={state.busy !== undefined}
            onClick={() => go(state.done.length < NEEDED ? LAST_NEEDED : 'lost')}
          >
            {state.done.length === 0 ? t.actions.all : t.actions.rest}
          </button>
        )}
        {state.done.length === 0 ? null : (
          <button type="button" class="button quiet" disabled={state.busy !== undefined} onClick={() => run.reset()}>
            {t.actions.restart}
          </button>
        )}
      </Progress>
      <ol class="run-steps">
        {shown.map((id, i) => (
          <StepView
            key={id}
            id={id}
            number={i + 1}
            state={state}
            onDo={() => go(id)}
            onChoose={(some) => run.choose(some)}
          />
        ))}
      </ol>
      {next === undefined ? <Finished /> : null}
    </div>
  )
}

function useRun(run: Run): RunState {
  const [state, setState] = useState(run.state)
  useEffect(() => {
    setState(run.state())
    return run.follow(() => setState(run.state()))
  }, [run])
  return state
}

function Progress({
  state,
  all,
  children,
}: {
  readonly state: RunState
  readonly all: number
  readonly children: ComponentChildren
}): JSX.Element {
  const t = START[useLanguage()].run
  const { done, busy } = state
  const last = done.at(-1)
  return (
    <div class="run-bar">
      <progress max={all} value={done.length} aria-label={t.progress(done.length, all)} />
      <p class="small faint">{t.progress(done.length, all)}</p>
      <p class="unseen" role="status">
        {busy !== undefined ? t.busy : last === undefined ? '' : t.results[last](state.facts)}
      </p>
      <div class="row">{children}</div>
    </div>
  )
}

const LINKS: readonly FinishedLink[] = ['decisions', 'policies', 'leases', 'log']

function Finished(): JSX.Element {
  const t = START[useLanguage()].run.finished
  return (
    <section class="panel finished" aria-labelledby="finished">
      <h2 id="finished" tabIndex={-1} data-next>
        {t.heading}
      </h2>
      <p>{t.text}</p>
      <ul class="plain">
        {LINKS.map((at) => (
          <li key={at}>
            <a href={fragmentOf({ at, namespace: NAMESPACE, id: undefined })}>{t.links[at]}</a>
          </li>
        ))}
      </ul>
    </section>
  )
}
