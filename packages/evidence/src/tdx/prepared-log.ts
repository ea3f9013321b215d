import type { StepGroup } from '../core/engine.ts'
import type { Note } from '../core/verdict.ts'
import type { Job } from '../crypto/jobs.ts'
import type { DcapState } from '../dcap/state.ts'
import type { Companion } from '../dcap/verify.ts'
import type { TdxExpectations } from './expectations.ts'
import type { TdReport } from './report.ts'

type State = DcapState<TdReport, TdxExpectations>

/** An event log ready to be judged with a quote; made by `prepareEventLog`. It brings its own checks. */
export class PreparedEventLog implements Companion<State> {
  readonly jobs: readonly Job[]
  readonly group: StepGroup<State>
  readonly notes: (state: State) => readonly Note[]

  constructor(jobs: readonly Job[], group: StepGroup<State>, notes: (state: State) => readonly Note[]) {
    this.jobs = jobs
    this.group = group
    this.notes = notes
  }
}
