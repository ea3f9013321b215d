import { isoTime } from './time.ts'
import type { Finding } from './verdict.ts'

/** What a check names beside its outcome. */
export type Values = Pick<Finding, 'expected' | 'actual'>

/** What is asked of a certificate here. */
interface Dated {
  /** Milliseconds since 1970. */
  readonly notBefore: number
  readonly notAfter: number
  readonly subject: { readonly commonName?: string | undefined }
}

const MOST_WRITTEN = 256
const MOST_NAMED = 8

// Verdicts on one chain name the same dates again and again, a dozen each; the same text is quickly compared.
function written(before: string): (ms: number) => string {
  const texts: Map<number, string> = new Map()
  return (ms) => {
    const known = texts.get(ms)
    if (known !== undefined) return known
    if (texts.size >= MOST_WRITTEN) texts.clear()
    const text = `${before} ${isoTime(ms)}`
    texts.set(ms, text)
    return text
  }
}

/** `at or after` a time in milliseconds since 1970, in ISO 8601. */
export const atOrAfter: (ms: number) => string = /* @__PURE__ */ written('at or after')

/** `until` a time in milliseconds since 1970, in ISO 8601. */
export const untilText: (ms: number) => string = /* @__PURE__ */ written('until')

/** What the beginnings of certificates ask of the time of judging: the last of them. Nothing where there is none. */
export function begunValues(certificates: readonly Dated[]): Values {
  const last = Math.max(...certificates.map(({ notBefore }) => notBefore))
  return certificates.length === 0 ? {} : { expected: atOrAfter(last) }
}

/** What the ends of certificates ask of the time of judging: the first of them. Nothing where there is none. */
export function currentValues(certificates: readonly Dated[]): Values {
  const first = Math.min(...certificates.map(({ notAfter }) => notAfter))
  return certificates.length === 0 ? {} : { expected: untilText(first) }
}

/** The time in which all certificates are valid. Nothing where there is none. */
export function spanValues(certificates: readonly Dated[]): Values {
  const { expected: begun } = begunValues(certificates)
  return begun === undefined ? {} : { expected: `${begun}, ${currentValues(certificates).expected}` }
}

/** The common names of certificates, quoted, 8 of them at most. */
export function nameValues(certificates: readonly Pick<Dated, 'subject'>[]): Values {
  const names = certificates
    .slice(0, MOST_NAMED)
    .map(({ subject }) => JSON.stringify(subject.commonName?.slice(0, 64) ?? ''))
  return { actual: names.join(', ') }
}
