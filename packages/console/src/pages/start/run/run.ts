import type { Api } from '../../../api/client.ts'
import { type Hands, handsOf } from './calls.ts'
import { type Act, type Facts, STEPS, type StepId } from './model.ts'
import * as owner from './owner-steps.ts'
import * as workload from './workload-steps.ts'

const DOING: Readonly<Record<StepId, (hands: Hands, facts: Facts) => Promise<Partial<Facts>>>> = {
  namespace: owner.makeNamespace,
  secret: owner.putSecret,
  policy: owner.putPolicy,
  reference: owner.putReference,
  refused: workload.attestFlawed,
  why: owner.readRefusal,
  attested: workload.attestAgain,
  released: workload.release,
  receipt: owner.proveRelease,
  advisory: owner.publishAdvisory,
  line: owner.forbid,
  lost: workload.loseLease,
}

/** How the run stands. */
export interface RunState {
  readonly facts: Facts
  /** The first steps, in their order. */
  readonly done: readonly StepId[]
  readonly busy: StepId | undefined
  /** What went wrong in the step that is next. */
  readonly error: unknown
  readonly acts: Readonly<Partial<Record<StepId, readonly Act[]>>>
}

/** The guided run. It outlives the page that shows it, and holds key and lease of the workload in memory only. */
export interface Run {
  state(): RunState
  /** Calls back after every change. @returns what ends that */
  follow(onChange: () => void): () => void
  choose(some: Partial<Pick<Facts, 'secret' | 'flaw'>>): void
  /** Does the next steps, up to `last`; what goes wrong stands in the state. */
  go(api: Api, last: StepId): Promise<void>
  /** Forgets everything that the page knows of the run. */
  reset(): void
}

/** The step that comes next; undefined when all are done. */
export function nextOf({ done }: Pick<RunState, 'done'>): StepId | undefined {
  return STEPS[done.length]
}

/** A run at its beginning. */
export function createRun(): Run {
  let state = beginning()
  let turn = 0
  const readers = new Set<() => void>()
  const set = (some: Partial<RunState>): void => {
    state = { ...state, ...some }
    for (const reader of readers) reader()
  }
  const step = async (api: Api, id: StepId, mine: number): Promise<boolean> => {
    set({ busy: id, error: undefined, acts: { ...state.acts, [id]: [] } })
    const note = (act: Act): void => {
      if (mine === turn) set({ acts: { ...state.acts, [id]: noted(state.acts[id] ?? [], act) } })
    }
    try {
      const added = await DOING[id](handsOf(api, note), state.facts)
      if (mine !== turn) return false
      set({ facts: { ...state.facts, ...added }, done: [...state.done, id], busy: undefined })
      return true
    } catch (error) {
      if (mine === turn) set({ busy: undefined, error })
      return false
    }
  }
  return {
    state: () => state,
    follow(onChange) {
      readers.add(onChange)
      return () => {
        readers.delete(onChange)
      }
    },
    choose: (some) => set({ facts: { ...state.facts, ...some } }),
    async go(api, last) {
      if (state.busy !== undefined) return
      const mine = turn
      for (;;) {
        const id = nextOf(state)
        if (id === undefined || STEPS.indexOf(id) > STEPS.indexOf(last) || !(await step(api, id, mine))) return
      }
    },
    reset() {
      turn++
      set(beginning())
    },
  }
}

function beginning(): RunState {
  return { facts: { secret: freshSecret(), flaw: 'debug' }, done: [], busy: undefined, error: undefined, acts: {} }
}

/** An answer takes the place of the call that it answers. */
function noted(acts: readonly Act[], act: Act): readonly Act[] {
  const last = acts.at(-1)
  const answers = last?.did === 'call' && last.answer === undefined && act.did === 'call'
  return [...(answers ? acts.slice(0, -1) : acts), act]
}

function freshSecret(): string {
  const [number = 0] = crypto.getRandomValues(new Uint32Array(1))
  return `correct-horse-${number.toString(16).padStart(8, '0')}`
}
