import type { DryRunReport } from '@sekisho/appraisal'
import { ApiError } from '../../api/problem.ts'
import type { PageProps } from '../../app/session.tsx'
import { useLanguage } from '../../text/language.ts'
import { type Loaded, useLoad } from '../../ui/load.tsx'
import { POLICIES } from './languages.ts'
import type { LeaseForecast, PolicyCalls } from './model.ts'

/** What a text would have done, and would do. */
export interface EffectOf {
  readonly report: Loaded<DryRunReport>
  readonly forecast: Loaded<LeaseForecast>
  /** Whether everything that the reader may know is known. */
  readonly known: boolean
}

/** Asks both; what the reader may not see is told as forbidden, and does not hold up what they may do. */
export function useEffectOf(calls: PolicyCalls, text: string, may: PageProps['may']): EffectOf {
  const t = POLICIES[useLanguage()]
  const unless = <T>(scope: string, ask: () => Promise<T>): Promise<T> =>
    may(scope) ? ask() : Promise.reject(new ApiError('forbidden', 403, t.needs(scope)))
  const report = useLoad((signal) => unless('decisions:read', () => calls.dryRun(text, signal)), [calls, text])
  const forecast = useLoad((signal) => unless('leases:read', () => calls.forecast(text, signal)), [calls, text])
  const isKnown = ({ value, busy, error }: Loaded<unknown>): boolean =>
    !busy && (error === undefined ? value !== undefined : error instanceof ApiError && error.code === 'forbidden')
  return { report, forecast, known: isKnown(report) && isKnown(forecast) }
}
