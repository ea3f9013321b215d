import type { JSX } from 'preact'
import { useLanguage } from '../../../text/language.ts'
import { Snippet } from '../../../ui/page-parts.tsx'
import { Problem } from '../../../ui/problem.tsx'
import { START } from '../texts.ts'
import { Acts, CallerMark } from './acts.tsx'
import { Choices } from './choices.tsx'
import { equivalentOf } from './equivalents.ts'
import { type Facts, LAST_NEEDED, STEPS, type StepId } from './model.ts'
import { Outcome } from './outcome.tsx'
import { TakenError } from './owner-steps.ts'
import { PLAN } from './plan.ts'
import { nextOf, type RunState } from './run.ts'
import { NotRefusedError } from './workload-steps.ts'

/** One step: to come, next, being done, or done with what came of it. */
export function StepView({
  id,
  number,
  state,
  onDo,
  onChoose,
}: {
  readonly id: StepId
  readonly number: number
  readonly state: RunState
  readonly onDo: () => void
  readonly onChoose: (some: Partial<Pick<Facts, 'secret' | 'flaw'>>) => void
}): JSX.Element {
  const t = START[useLanguage()].run
  const done = state.done.includes(id)
  const isNext = nextOf(state) === id
  const { title } = t.steps[id]
  const standing = done ? 'done' : isNext ? 'next' : 'later'
  return (
    <li
      class={`step step-${standing}${isFirstOptional(id) ? ' step-after' : ''}`}
      aria-current={isNext ? 'step' : undefined}
    >
      {isFirstOptional(id) ? (
        <div class="optional">
          <p>
            <strong>{t.optional.heading}</strong>
          </p>
          <p>{t.optional.text}</p>
        </div>
      ) : null}
      <span class="step-number" aria-hidden="true">
        {done ? '✓' : number}
      </span>
      <div class="step-body">
        <h2>
          <span class="unseen">{number}. </span>
          {title}
        </h2>
        {isNext ? <Next id={id} state={state} onDo={onDo} onChoose={onChoose} /> : null}
        {done ? <Done id={id} state={state} /> : null}
      </div>
    </li>
  )
}

function isFirstOptional(id: StepId): boolean {
  return STEPS.indexOf(id) === STEPS.indexOf(LAST_NEEDED) + 1
}

function Next({
  id,
  state,
  onDo,
  onChoose,
}: {
  readonly id: StepId
  readonly state: RunState
  readonly onDo: () => void
  readonly onChoose: (some: Partial<Pick<Facts, 'secret' | 'flaw'>>) => void
}): JSX.Element {
  const t = START[useLanguage()].run
  const busy = state.busy !== undefined
  const unready = id === 'secret' && state.facts.secret.trim() === ''
  return (
    <>
      <div class="step-columns">
        <div class="step-what">
          <p class="step-text">{t.steps[id].text}</p>
          <Choices id={id} facts={state.facts} disabled={busy} onChoose={onChoose} />
          {state.error === undefined ? null : <StepProblem error={state.error} />}
          <p class="row">
            <button type="button" class="button primary" data-next disabled={busy || unready} onClick={onDo}>
              {busy ? t.busy : state.error === undefined ? t.actions.doIt : t.actions.retry}
            </button>
          </p>
        </div>
        <Plan id={id} />
      </div>
      <Drawers id={id} state={state} open={busy} />
    </>
  )
}

/** What a step is going to call. */
function Plan({ id }: { readonly id: StepId }): JSX.Element {
  const t = START[useLanguage()].run
  return (
    <div class="plan">
      <h3>{t.plan}</h3>
      <ol class="plain">
        {PLAN[id].map(({ caller, method, path }) => (
          <li key={`${method} ${path}`}>
            <CallerMark caller={caller} />
            <code>
              {method} {path}
            </code>
          </li>
        ))}
      </ol>
    </div>
  )
}

function StepProblem({ error }: { readonly error: unknown }): JSX.Element {
  const t = START[useLanguage()].run
  if (error instanceof TakenError) return <Problem error={new Error(t.taken)} />
  return <Problem error={error instanceof NotRefusedError ? new Error(t.notRefused) : error} />
}

function Done({ id, state }: { readonly id: StepId; readonly state: RunState }): JSX.Element {
  return (
    <>
      <Outcome id={id} facts={state.facts} />
      <Drawers id={id} state={state} open={false} />
    </>
  )
}

/** What was sent and answered, and how else the same is done. */
function Drawers({
  id,
  state,
  open,
}: {
  readonly id: StepId
  readonly state: RunState
  readonly open: boolean
}): JSX.Element {
  const { command, code } = equivalentOf(id, state.facts)
  return (
    <div class="drawers">
      <Acts acts={state.acts[id] ?? []} open={open} />
      <Snippet kind="commandLine" text={command} />
      <Snippet kind="code" text={code} />
    </div>
  )
}
