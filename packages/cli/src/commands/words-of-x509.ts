import type { Name } from '@sekisho/evidence/x509'

/** A distinguished name on one line. */
export function nameText({ commonName, organization, organizationalUnit }: Name): string {
  const parts = [commonName, organizationalUnit, organization].filter((part) => part !== undefined)
  return parts.length === 0 ? 'without a name' : parts.join(', ')
}

/** Milliseconds since 1970 in ISO 8601, to the second. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('.000', '')
}
