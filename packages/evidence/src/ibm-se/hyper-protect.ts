import { type EvidenceError, refuse } from '../core/errors.ts'

/** One measured part of a Hyper Protect guest. */
export interface HyperProtectEntry {
  readonly sha256: string
  readonly name: string
}

/** The attestation record of a Hyper Protect guest, decrypted. In this form nobody signed it. */
export interface HyperProtectRecord {
  readonly version: string
  readonly machine: string
  readonly entries: readonly HyperProtectEntry[]
}

const MAX_SIZE = 64 * 1024

/**
 * Parses the text of a record: version, machine, and lines of SHA-256 and name. Decrypting it is for whoever
 * has the key; what comes out is confidential, and signed by nobody.
 *
 * @throws EvidenceError
 */
export function parseHyperProtectRecord(text: string): HyperProtectRecord {
  if (text.length > MAX_SIZE) throw bad('too-large', 0, `${text.length} characters`, `at most ${MAX_SIZE}`)
  const lines = text.split('\n').map((line) => line.trimEnd())
  while (lines.at(-1) === '') lines.pop()
  const [version, machine, ...rest] = lines
  if (version === undefined || machine === undefined || version === '' || machine === '')
    throw bad('truncated', 0, `${lines.length} lines`, 'a version, a machine, and digests')
  const entries = rest.map((line, i): HyperProtectEntry => {
    const match = /^([0-9a-f]{64})(?: {2}| \*| )(.+)$/.exec(line)
    if (match?.[1] === undefined || match[2] === undefined)
      throw bad('malformed', i + 2, 'another line', 'a SHA-256, a space or two, and a name')
    return { sha256: match[1], name: match[2] }
  })
  return {
    version: valueOf(version),
    machine: valueOf(machine.replace(/^Machine Type\/Plant\/Serial: */, '')),
    entries,
  }
}

function valueOf(line: string): string {
  return line.slice(0, 256)
}

function bad(
  code: 'too-large' | 'truncated' | 'malformed',
  line: number,
  found: string,
  expected: string,
): EvidenceError {
  return refuse(`record.lines[${line}]`, found, expected, line, code)
}
