import type { PolicyTestReport } from '@sekisho/appraisal'
import { useMemo, useState } from 'preact/hooks'
import { useAction } from '../../ui/action.ts'
import type { PolicyCalls } from './model.ts'

/** A run of test cases, and what came of the last. */
export interface Tests {
  readonly report: PolicyTestReport | undefined
  /** Whether the text or the cases have changed since. */
  readonly stale: boolean
  readonly busy: boolean
  readonly error: unknown
  /** Lines of statements that no case exercised; none once the text has changed. */
  readonly untriedLines: readonly number[]
  run(cases: readonly unknown[]): Promise<boolean>
}

interface Ran {
  readonly text: string
  readonly cases: string
  readonly report: PolicyTestReport
}

/**
 * Runs cases against a text.
 *
 * @param written the cases as they stand in the editor
 */
export function useTests(calls: PolicyCalls, text: string, written: string): Tests {
  const [ran, setRan] = useState<Ran>()
  const { busy, error, run } = useAction()
  const stale = ran !== undefined && (ran.text !== text || ran.cases !== written)
  const untriedLines = useMemo(
    () => (ran === undefined || stale ? [] : ran.report.unexercised.map(({ line }) => line)),
    [ran, stale],
  )
  const runCases = (cases: readonly unknown[]): Promise<boolean> =>
    run(async () => setRan({ text, cases: written, report: await calls.test(text, cases) }))
  return { report: ran?.report, stale, busy, error, untriedLines, run: runCases }
}
