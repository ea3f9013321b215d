import type { PortableCase } from './suite.ts'

/** One case in so many is damaged too: enough to meet every kind of failure, without loading every runtime fourfold. */
const EVERY = 4

/**
 * Damaged copies of some cases: a bit of the evidence, and of one part of the collateral. Runtimes
 * report a key or signature that makes no sense in different ways; the verdict must not show which.
 */
export function damaged(cases: readonly PortableCase[]): PortableCase[] {
  return cases
    .filter((_, index) => index % EVERY === 0)
    .flatMap((each, index) => [
      { ...each, name: `${each.name}, first half damaged`, evidence: flip(each.evidence, 0.1 + (index % 8) / 20) },
      { ...each, name: `${each.name}, second half damaged`, evidence: flip(each.evidence, 0.5 + (index % 10) / 20) },
      { ...each, name: `${each.name}, collateral damaged`, options: damageCollateral(each.options, index) },
    ])
}

function damageCollateral(options: unknown, index: number): unknown {
  if (!isObject(options) || !isObject(options.collateral)) return options
  const parts = Object.entries(options.collateral).sort()
  const chosen = parts[index % parts.length]
  if (chosen === undefined) return options
  const [name, value] = chosen
  return { ...options, collateral: { ...options.collateral, [name]: flip(value, 0.4 + (index % 10) / 20) } }
}

/** Changes one character at that fraction of a text, or one hexadecimal digit of a byte string. */
function flip(value: unknown, fraction: number): unknown {
  if (isObject(value)) return { $hex: flip(value.$hex, fraction) }
  if (typeof value !== 'string') return value
  const at = Math.floor(value.length * fraction)
  return `${value.slice(0, at)}${value[at] === '1' ? '2' : '1'}${value.slice(at + 1)}`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
