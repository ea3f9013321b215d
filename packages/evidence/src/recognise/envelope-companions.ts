import { fromHex } from '../core/bytes.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { isCertificateTable } from './binary.ts'
import type { Envelope } from './envelope-forms.ts'
import type { Companion, CompanionKind } from './model.ts'
import { byteArray, isMembers } from './snp-structure.ts'

type Members = Readonly<Record<string, unknown>>

/** A member of the object itself; undefined where there is none. */
export function own(object: Members, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

/** The spelling of a member that is there and not empty. */
export function spelling(object: Members, names: readonly string[]): string | undefined {
  return names.find((name) => Object.hasOwn(object, name) && !isBlank(object[name]))
}

/** Whether a member says nothing. A list of nothing is written as text too, as dstack's event logs are. */
export function isBlank(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === '[]') return true
  return Array.isArray(value) && value.length === 0
}

const MAX_COMPANIONS = 16

/** What a form carries along with its evidence, under the names that the form has for it. */
export function companionsOf(object: Members, envelope: Envelope): readonly Companion[] {
  const found: Companion[] = []
  for (const [name, kind] of Object.entries(envelope.companions ?? {})) {
    const value = own(object, name)
    if (isBlank(value)) continue
    const parts: readonly unknown[] =
      kind === 'certificates' && Array.isArray(value) && byteArray(value) === undefined ? value : [value]
    parts.slice(0, MAX_COMPANIONS).forEach((part, index) => {
      found.push(companion(kind, parts.length === 1 ? name : `${name}[${index}]`, part))
    })
  }
  return found
}

function companion(kind: CompanionKind, from: string, value: unknown): Companion {
  if (isMembers(value) && Object.hasOwn(value, 'data') && kind === 'certificates') {
    const label = own(value, 'cert_type')
    const bytes = companionBytes(value['data'])
    return typeof label === 'string' && /^[\w-]{1,32}$/.test(label)
      ? { kind, from, label, bytes }
      : { kind, from, bytes }
  }
  if (isMembers(value) && Object.hasOwn(value, 'data') && kind === 'runtime-data')
    return { kind, from: `${from}.data`, bytes: companionBytes(value['data']) }
  const bytes = companionBytes(value, kind)
  return { kind: kind === 'certificates' && isCertificateTable(bytes) ? 'certificate-table' : kind, from, bytes }
}

/** Companions are text, encoded bytes, numbers or JSON; what cannot be told is kept as its text. */
function companionBytes(value: unknown, kind?: CompanionKind): Uint8Array {
  const numbers = byteArray(value)
  if (numbers !== undefined) return numbers
  if (typeof value !== 'string') return new TextEncoder().encode(JSON.stringify(value))
  if (kind === 'additional-evidence' || /^\s*[[{-]/.test(value)) return new TextEncoder().encode(value)
  return fromHex(value.replace(/^0x/i, '')) ?? decodeBase64(value) ?? new TextEncoder().encode(value)
}
