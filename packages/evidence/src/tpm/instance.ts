import { compareOneOf } from '../core/compare.ts'
import { fail, notApplicable, pass } from '../core/engine.ts'
import type { Finding } from '../core/verdict.ts'
import { DerReader, TAG } from '../x509/der.ts'

/** Google Cloud's instance extension, 1.3.6.1.4.1.11129.2.1.21. Integers that may be large are decimal text. */
export interface GoogleInstance {
  readonly zone: string
  readonly projectNumber: string
  readonly projectId: string
  readonly instanceId: string
  readonly instanceName: string
  /** What Google says of the virtual TPM and its machine; undefined where the certificate is silent. */
  readonly security?: GoogleSecurity
}

/** Security properties of the instance; an absent one is undefined, which is no "no". */
export interface GoogleSecurity {
  readonly version?: number
  readonly production?: boolean
  readonly tpmDataAlwaysEncrypted?: boolean
  readonly suspendDisabled?: boolean
  readonly vmtdDisabled?: boolean
  readonly alwaysInSev?: boolean
}

/** Explicit [0]; each property has a number of its own above it. */
const CONTEXT = 0xa0
/** In the order of their numbers, from 1. */
export const GOOGLE_PROPERTIES = [
  'production',
  'tpmDataAlwaysEncrypted',
  'suspendDisabled',
  'vmtdDisabled',
  'alwaysInSev',
] as const

/** Accepted values of Google's instance extension; of all that is stated one each must be found. */
export interface InstanceWishes {
  readonly projectIds?: readonly string[]
  readonly zones?: readonly string[]
  /** Decimal. */
  readonly instanceIds?: readonly string[]
  /** Properties that it must say of the instance. */
  readonly properties?: readonly (typeof GOOGLE_PROPERTIES)[number][]
}

/** Reads the extension. @throws EvidenceError */
export function readInstance(value: Uint8Array): GoogleInstance {
  const outer = new DerReader(value, 'certificate.instance')
  const fields = outer.inside(TAG.sequence, 'value')
  outer.finish('value')
  const text = (field: string): string => {
    const content = fields.content(fields.element(TAG.utf8String, field))
    if (content.length > 256) throw fields.error('too-large', `${content.length} bytes`, 'at most 256 bytes', field)
    return new TextDecoder().decode(content)
  }
  const number = (field: string): string => {
    let value = 0n
    for (const byte of fields.unsigned(field)) value = (value << 8n) | BigInt(byte)
    return value.toString()
  }
  const instance = {
    zone: text('zone'),
    projectNumber: number('projectNumber'),
    projectId: text('projectId'),
    instanceId: number('instanceId'),
    instanceName: text('instanceName'),
  }
  return fields.peek() === CONTEXT
    ? { ...instance, security: readSecurity(fields.inside(CONTEXT, 'security')) }
    : instance
}

// Which there are differs by age, and those to come are stepped over.
function readSecurity(around: DerReader): GoogleSecurity {
  const list = around.inside(TAG.sequence, 'security')
  around.finish('security')
  const read: Record<string, number | boolean> = {}
  for (const [tag, name] of ['version', ...GOOGLE_PROPERTIES].entries()) {
    if (list.peek() !== CONTEXT + tag) continue
    const inner = list.inside(CONTEXT + tag, 'security')
    read[name] = tag === 0 ? inner.smallInteger(name) : inner.boolean(name)
    inner.finish('security')
  }
  return read
}

/** Whether the instance is an accepted one: all virtual TPMs of the cloud lead to one root, with certificates for thirty years. */
export function instanceFinding(found: GoogleInstance | undefined, wanted: InstanceWishes | undefined): Finding {
  if (wanted === undefined) return notApplicable('you did not say')
  const another = { action: 'ask for a quote by the instance that you mean', by: 'workload-owner' } as const
  if (found === undefined) return fail("no certificate of Google's names an instance", another)
  for (const [what, actual, option, accepted] of [
    ['the project of the instance', found.projectId, 'instance.projectIds', wanted.projectIds],
    ['the zone of the instance', found.zone, 'instance.zones', wanted.zones],
    ['the id of the instance', found.instanceId, 'instance.instanceIds', wanted.instanceIds],
  ] as const) {
    if (accepted === undefined) continue
    const finding = compareOneOf({ what, actual, option }, accepted)
    if (finding.outcome !== 'pass') return finding
  }
  const missing = (wanted.properties ?? []).filter((name) => found.security?.[name] !== true)
  if (missing.length > 0) return fail(`the certificate of the instance does not say: ${missing.join(', ')}`, another)
  return pass('the instance is one you accept', { actual: `${found.instanceName} (${found.instanceId})` })
}
