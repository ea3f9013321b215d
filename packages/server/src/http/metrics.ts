/** Label names to values. */
export type Labels = Readonly<Record<string, string>>

/** One family of samples in the Prometheus text format. */
interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  lines(): Iterable<string>
}

/** A number that only grows. */
export interface Counter {
  add(labels: Labels, by?: number): void
}

/** How often a measured time fell at or below each bound. */
export interface Histogram {
  observe(labels: Labels, seconds: number): void
}

/** The metrics of one server. */
export interface Metrics {
  counter(name: string, help: string): Counter
  histogram(name: string, help: string, bounds: readonly number[]): Histogram
  /** A number read when the metrics are asked for; a reader that fails, or is silent, leaves its sample out. */
  gauge(name: string, help: string, read: () => number | Promise<number>): void
  /** Text exposition format 0.0.4. */
  render(): Promise<string>
}

/** More series than this in one family are counted under the label values `other`. */
const MAX_SERIES = 1000

/** Makes an empty set of metrics. */
export function createMetrics(): Metrics {
  const families: Family[] = []
  const gauges: { readonly name: string; readonly help: string; readonly read: () => number | Promise<number> }[] = []
  return {
    counter(name, help) {
      const series = new Map<string, number>()
      families.push({
        name,
        help,
        type: 'counter',
        *lines() {
          for (const [labels, value] of series) yield `${name}${labels} ${value}`
        },
      })
      return {
        add(labels, by = 1) {
          const key = boundedKey(series, labels)
          series.set(key, (series.get(key) ?? 0) + by)
        },
      }
    },
    histogram(name, help, bounds) {
      const series = new Map<string, HistogramSeries>()
      families.push({
        name,
        help,
        type: 'histogram',
        *lines() {
          for (const [labels, one] of series) yield* histogramLines(name, labels, bounds, one)
        },
      })
      return {
        observe(labels, seconds) {
          const key = boundedKey(series, labels)
          let one = series.get(key)
          if (one === undefined) {
            one = { counts: new Array<number>(bounds.length + 1).fill(0), sum: 0, count: 0 }
            series.set(key, one)
          }
          const at = bounds.findIndex((bound) => seconds <= bound)
          const slot = at === -1 ? bounds.length : at
          one.counts[slot] = (one.counts[slot] ?? 0) + 1
          one.sum += seconds
          one.count++
        },
      }
    },
    gauge(name, help, read) {
      gauges.push({ name, help, read })
    },
    async render() {
      const out: string[] = []
      for (const family of families) {
        out.push(`# HELP ${family.name} ${family.help}`, `# TYPE ${family.name} ${family.type}`, ...family.lines())
      }
      const values = await Promise.all(gauges.map(({ read }) => soon(read)))
      for (const [i, { name, help }] of gauges.entries()) {
        const value = values[i]
        if (value !== undefined) out.push(`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, `${name} ${value}`)
      }
      return `${out.join('\n')}\n`
    },
  }
}

/** Whoever asks for metrics waits for ten seconds: the others are not to be lost with one whose database is silent. */
const GAUGE_MS = 2000

async function soon(read: () => number | Promise<number>): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, GAUGE_MS, undefined)
  })
  const value = Promise.resolve()
    .then(read)
    .catch(() => undefined)
  return Promise.race([value, late]).finally(() => clearTimeout(timer))
}

interface HistogramSeries {
  readonly counts: number[]
  sum: number
  count: number
}

function* histogramLines(
  name: string,
  labels: string,
  bounds: readonly number[],
  one: HistogramSeries,
): Iterable<string> {
  let total = 0
  for (const [i, bound] of bounds.entries()) {
    total += one.counts[i] ?? 0
    yield `${name}_bucket${withLabel(labels, `le="${bound}"`)} ${total}`
  }
  yield `${name}_bucket${withLabel(labels, 'le="+Inf"')} ${one.count}`
  yield `${name}_sum${labels} ${one.sum}`
  yield `${name}_count${labels} ${one.count}`
}

function withLabel(labels: string, label: string): string {
  return labels === '' ? `{${label}}` : `${labels.slice(0, -1)},${label}}`
}

function boundedKey(series: ReadonlyMap<string, unknown>, labels: Labels): string {
  const key = labelText(labels)
  if (series.has(key) || series.size < MAX_SERIES) return key
  return labelText(Object.fromEntries(Object.keys(labels).map((name) => [name, 'other'])))
}

function labelText(labels: Labels): string {
  let pairs = ''
  for (const name in labels) {
    const value = labels[name] ?? ''
    const safe = UNSAFE.test(value) ? value.replaceAll(/[\\"\n]/g, escapeLabel) : value
    pairs += `${pairs === '' ? '' : ','}${name}="${safe}"`
  }
  return pairs === '' ? '' : `{${pairs}}`
}

const UNSAFE = /[\\"\n]/

function escapeLabel(c: string): string {
  return c === '\n' ? '\\n' : `\\${c}`
}
