import { EvidenceError, type Json, memberOf, parseStrict } from '@sekisho/evidence'

/** What a builder wrote about an image. Nobody measures it, and no signature covers it. */
export interface EifMetadata {
  readonly imageName?: string
  readonly imageVersion?: string
  readonly buildTime?: string
  readonly buildTool?: string
  readonly buildToolVersion?: string
  readonly operatingSystem?: string
  readonly kernelVersion?: string
  /** The whole section. */
  readonly all: Json
}

const MEMBERS: Readonly<Record<Exclude<keyof EifMetadata, 'all'>, readonly string[]>> = {
  imageName: ['ImageName'],
  imageVersion: ['ImageVersion'],
  buildTime: ['BuildMetadata', 'BuildTime'],
  buildTool: ['BuildMetadata', 'BuildTool'],
  buildToolVersion: ['BuildMetadata', 'BuildToolVersion'],
  operatingSystem: ['BuildMetadata', 'OperatingSystem'],
  kernelVersion: ['BuildMetadata', 'KernelVersion'],
}

/**
 * Reads a metadata section: one JSON object in UTF-8 without a member name twice. Known members are text where they
 * are there.
 *
 * @throws EvidenceError with offsets in the section
 */
export function parseEifMetadata(bytes: Uint8Array, field: string): EifMetadata {
  const all = parseStrict(utf8(bytes, field), field)
  if (typeof all !== 'object' || all === null || Array.isArray(all))
    throw wrong(field, 'another value', 'a JSON object')
  const known: Partial<Record<keyof EifMetadata, string>> = {}
  for (const [name, path] of Object.entries(MEMBERS)) {
    const value = memberOf(all, ...path)
    if (value === undefined) continue
    if (typeof value !== 'string') throw wrong(`${field}.${path.join('.')}`, 'another value', 'text')
    known[name as keyof typeof MEMBERS] = value
  }
  return { ...known, all }
}

/** Text of a section. @throws EvidenceError */
export function utf8(bytes: Uint8Array, field: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw wrong(field, 'bytes that are not UTF-8', 'text in UTF-8')
  }
}

function wrong(field: string, found: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', found, { field, offset: 0, expected })
}
