import type { Caller, Facts, Flaw, StepId } from './run/model.ts'
import type { ChapterId } from './verdict/chapters.ts'

/** Texts of the two guides. */
export interface StartTexts {
  readonly lead: string
  readonly guides: Readonly<Record<'label' | 'run' | 'verdict', string>>
  readonly run: RunTexts
  readonly verdict: GuideTexts
}

/** Texts of the guided run. */
export interface RunTexts {
  readonly lead: string
  readonly emulated: string
  readonly noPlatforms: Readonly<Record<'heading' | 'text' | 'restart' | 'other', string>>
  readonly needsAdmin: string
  readonly insecure: string
  readonly actions: Readonly<Record<'doIt' | 'retry' | 'all' | 'rest' | 'restart', string>>
  progress(done: number, all: number): string
  readonly busy: string
  readonly steps: Readonly<Record<StepId, { readonly title: string; readonly text: string }>>
  /** What came of a step, in one line. */
  readonly results: Readonly<Record<StepId, (facts: Facts) => string>>
  readonly secretLabel: string
  readonly flawLabel: string
  readonly flaws: Readonly<Record<Flaw, string>>
  readonly callers: Readonly<Record<Caller | 'page', string>>
  readonly made: Readonly<Record<'key' | 'binding' | 'decrypted', string>>
  calls(count: number): string
  readonly plan: string
  readonly waiting: string
  readonly answered: string
  readonly refused: string
  readonly released: string
  readonly hears: string
  readonly remedies: string
  readonly decision: string
  readonly opened: string
  readonly leaseUntil: string
  readonly receipt: Readonly<Record<'entry' | 'log' | 'outcome' | 'download' | 'look' | 'claim', string>>
  inLog(index: number, size: number): string
  readonly optional: { readonly heading: string; readonly text: string }
  readonly finished: {
    readonly heading: string
    readonly text: string
    readonly links: Readonly<Record<FinishedLink, string>>
  }
  readonly taken: string
  readonly notRefused: string
}

/** Where one goes on from the end of the run. */
export type FinishedLink = 'decisions' | 'policies' | 'leases' | 'log'

/** Texts of the walk through a verdict. */
export interface GuideTexts {
  readonly lead: string
  readonly pick: string
  readonly chapters: Readonly<Record<ChapterId, { readonly title: string; readonly text: string }>>
  readonly chaptersLabel: string
  readonly next: string
  readonly back: string
  readonly another: string
  readonly workbench: string
  readonly workbenchHint: string
  readonly checks: string
  readonly noChecks: string
  position(at: number, of: number): string
  readonly what: Readonly<Record<'form' | 'size' | 'wrappers' | 'companions' | 'fields' | 'time', string>>
  fields(count: number): string
  readonly who: Readonly<Record<'anchor' | 'none', string>>
  readonly say: Readonly<Record<'nothing' | 'expect', string>>
  readonly standing: Readonly<Record<'pass' | 'fail' | 'unchecked' | 'not-applicable', string>>
}
