import type { FieldKind } from './expectations.ts'

function versionField(pattern: RegExp, example: string): FieldKind<string> {
  return {
    expected: `a version such as ${example}`,
    read: (value) => (typeof value === 'string' && value.length <= 64 && pattern.test(value) ? value : undefined),
  }
}

/** Version of NVIDIA's driver: numbers with dots. */
export const DRIVER_VERSION: FieldKind<string> = versionField(/^\d+(\.\d+)*$/, '550.90.07')

/** Version of NVIDIA's VBIOS: hexadecimal numbers with dots. */
export const VBIOS_VERSION: FieldKind<string> = versionField(/^[0-9A-Fa-f]+(\.[0-9A-Fa-f]+)*$/, '96.00.9F.00.01')

/**
 * Whether version `a` is below version `b`, number by number; a missing number is zero. Undefined when
 * `a` is no version.
 */
export function isOlder(a: string, b: string, radix: 10 | 16): boolean | undefined {
  const pattern = radix === 10 ? /^\d+(\.\d+)*$/ : /^[0-9a-f]+(\.[0-9a-f]+)*$/i
  if (!pattern.test(a)) return undefined
  const left = a.split('.').map((part) => Number.parseInt(part, radix))
  const right = b.split('.').map((part) => Number.parseInt(part, radix))
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
