import type { PolicyTestReport } from '@sekisho/appraisal'
import { useMemo, useState } from 'preact/hooks'
import { useAction } from '../../ui/action.ts'
import type { PolicyCalls } from './model.ts'

/** A run of test cases, and what came of the last. */
export interface Tests {
  readonly report: PolicyTestReport | undefined
  /** Whether the text has changed since. */
  readonly stale: boolean
  readonly busy: boolean
  readonly error: unknown
  /** Lines of statements that no case exercised; none once the text has changed. */
  readonly untriedLines: readonly number[]
  run(cases: readonly unknown[]): Promise<boolean>
}

/** Runs cases against a text. */
export function useTests(calls: PolicyCalls, text: string): Tests {
  const [ran, setRan] = useState<{ readonly text: string; readonly report: PolicyTestReport }>()
  const { busy, error, run } = useAction()
  const stale = ran !== undefined && ran.text !== text
  const untriedLines = useMemo(
    () => (ran === undefined || stale ? [] : ran.report.unexercised.map(({ line }) => line)),
    [ran, stale],
  )
  const runCases = (cases: readonly unknown[]): Promise<boolean> =>
    run(async () => setRan({ text, report: await calls.test(text, cases) }))
  return { report: ran?.report, stale, busy, error, untriedLines, run: runCases }
}
