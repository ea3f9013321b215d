/** One link of the chain: what was looked at, and what came of it. */
export interface Finding {
  readonly link: string
  readonly state: 'good' | 'broken' | 'doubtful' | 'not-checked'
  readonly what: string
  /** What mends it. */
  readonly remedy?: string
}
