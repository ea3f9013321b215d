/** Whether a value that was parsed from JSON is an object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A copy of the evidence that a caller gave, which may change its own bytes meanwhile.
 * @throws TypeError for anything but bytes: a number would be taken for a length, and a list for bytes
 */
export function copyOfEvidence(evidence: Uint8Array): Uint8Array {
  if (!(evidence instanceof Uint8Array)) throw new TypeError('evidence: expected a Uint8Array')
  return new Uint8Array(evidence)
}
