import type { Metrics } from './http/metrics.ts'

/** Counts what became of workloads. */
export interface OutcomeCounter {
  attested(): void
  released(): void
  renewed(): void
  /** A refusal by its stable code. */
  refused(code: string): void
}

/** Registers the counters; `docs/server.md` lists their names. */
export function outcomeCounter(metrics: Metrics): OutcomeCounter {
  const attestations = metrics.counter('sekisho_attestations_total', 'Evidence that was accepted.')
  const releases = metrics.counter('sekisho_releases_total', 'Secrets handed out.')
  const renewals = metrics.counter('sekisho_renewals_total', 'Leases prolonged.')
  const refusals = metrics.counter('sekisho_refusals_total', 'Attestations, releases and renewals refused, by code.')
  return {
    attested: () => attestations.add({}),
    released: () => releases.add({}),
    renewed: () => renewals.add({}),
    refused: (code) => refusals.add({ code }),
  }
}
