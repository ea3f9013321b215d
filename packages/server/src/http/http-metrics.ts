import type { Call } from './call.ts'
import type { Metrics } from './metrics.ts'

/** What is counted of every request. */
export interface HttpMetrics {
  finished(call: Call, status: number, seconds: number): void
  limited(by: 'address' | 'token' | 'failures'): void
  /** A connection that never became a request: malformed, too slow, headers too large. */
  broken(status: number): void
}

/** Upper bounds of the latency histogram, in seconds. */
const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

/** Registers the metrics of the HTTP layer; `docs/server.md` lists their names. */
export function httpMetrics(metrics: Metrics): HttpMetrics {
  const requests = metrics.counter('sekisho_http_requests_total', 'Requests answered, by route, method and status.')
  const latency = metrics.histogram(
    'sekisho_http_request_duration_seconds',
    'Time from the request line to the end of the answer, by route.',
    LATENCY_BOUNDS,
  )
  const limited = metrics.counter('sekisho_http_rate_limited_total', 'Requests refused by a rate limit, by limit.')
  const broken = metrics.counter(
    'sekisho_http_broken_requests_total',
    'Connections that never became a request, by status.',
  )
  return {
    finished({ facts, method }, status, seconds) {
      const route = facts.route ?? 'unmatched'
      requests.add({ route, method: METHODS.has(method) ? method : 'other', status: String(status) })
      if (!STREAMS.has(route)) latency.observe({ route }, seconds)
    },
    limited: (by) => limited.add({ by }),
    broken: (status) => broken.add({ status: String(status) }),
  }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])
// Open for as long as the client likes: their time says nothing.
const STREAMS: ReadonlySet<string> = new Set([
  '/api/v1/namespaces/:ns/events',
  '/api/v1/namespaces/:ns/decisions/events',
  '/api/v1/workload/leases/:lease/events',
])
