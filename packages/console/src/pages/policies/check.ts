import { useEffect, useState } from 'preact/hooks'
import { ApiError } from '../../api/problem.ts'
import type { Finding, PolicyCalls } from './model.ts'

/** One thing that makes a policy unusable. Lines and columns count from 1. */
export interface PolicyFault {
  readonly line: number
  readonly column: number
  readonly message: string
  readonly hint?: string
}

/** What the checkpoint says of a text. */
export interface Checked {
  /** The text that it was said of. */
  readonly text: string
  readonly faults: readonly PolicyFault[]
  readonly findings: readonly Finding[]
  /** Set when the checkpoint could not say anything. */
  readonly error?: unknown
}

const PAUSE_MS = 350

/** Has a text looked at whenever writing pauses; undefined while nothing is known of it. */
export function useCheck(calls: PolicyCalls, text: string): Checked | undefined {
  const [checked, setChecked] = useState<Checked>()
  useEffect(() => {
    const stop = new AbortController()
    const timer = setTimeout(
      () => {
        void check(calls, text, stop.signal).then((found) => {
          if (!stop.signal.aborted) setChecked(found)
        })
      },
      checked === undefined ? 0 : PAUSE_MS,
    )
    return () => {
      clearTimeout(timer)
      stop.abort()
    }
  }, [calls, text])
  return checked
}

async function check(calls: PolicyCalls, text: string, signal: AbortSignal): Promise<Checked> {
  if (text.trim() === '') return { text, faults: [], findings: [] }
  try {
    return { text, faults: [], findings: await calls.lint(text, signal) }
  } catch (error) {
    const faults = faultsOf(error)
    return faults.length === 0 ? { text, faults, findings: [], error } : { text, faults, findings: [] }
  }
}

/** The places that an answer names; none for an answer that is about something else. */
export function faultsOf(error: unknown): readonly PolicyFault[] {
  if (!(error instanceof ApiError) || error.code !== 'policy-invalid') return []
  return error.wrong.map(({ line = 1, column = 1, expected, hint }) => ({
    line,
    column,
    message: expected,
    ...(hint === undefined ? {} : { hint }),
  }))
}
