/** A TPM_RC, taken apart. */
export interface ResponseCode {
  /** As received. */
  readonly value: number
  /** E.g. `TPM_RC_RETRY`; `TPM_RC_0x…` for a code without a name here. */
  readonly name: string
  /** Which argument it is about, counted from 1; undefined for codes that say nothing of it. */
  readonly about: { readonly kind: 'parameter' | 'handle' | 'session'; readonly number: number } | undefined
  /** Other than 0 when it did not come from the TPM: the layer of software in between, e.g. 11 for a resource manager. */
  readonly layer: number
}

/** Format one: the low six bits. @see TCG TPM 2.0 Library, part 2, section 6.6.3 */
const FORMAT_ONE: readonly string[] = [
  '',
  'ASYMMETRIC',
  'ATTRIBUTES',
  'HASH',
  'VALUE',
  'HIERARCHY',
  '',
  'KEY_SIZE',
  'MGF',
  'MODE',
  'TYPE',
  'HANDLE',
  'KDF',
  'RANGE',
  'AUTH_FAIL',
  'NONCE',
  'PP',
  '',
  'SCHEME',
  '',
  '',
  'SIZE',
  'SYMMETRIC',
  'TAG',
  'SELECTOR',
  '',
  'INSUFFICIENT',
  'SIGNATURE',
  'KEY',
  'POLICY_FAIL',
  '',
  'INTEGRITY',
  'TICKET',
  'RESERVED_BITS',
  'BAD_AUTH',
  'EXPIRED',
  'POLICY_CC',
  'BINDING',
  'CURVE',
  'ECC_POINT',
]

const ERRORS: Readonly<Record<number, string>> = {
  0x00: 'INITIALIZE',
  0x01: 'FAILURE',
  0x03: 'SEQUENCE',
  0x0b: 'PRIVATE',
  0x19: 'HMAC',
  0x20: 'DISABLED',
  0x21: 'EXCLUSIVE',
  0x24: 'AUTH_TYPE',
  0x25: 'AUTH_MISSING',
  0x26: 'POLICY',
  0x27: 'PCR',
  0x28: 'PCR_CHANGED',
  0x2d: 'UPGRADE',
  0x2e: 'TOO_MANY_CONTEXTS',
  0x2f: 'AUTH_UNAVAILABLE',
  0x30: 'REBOOT',
  0x31: 'UNBALANCED',
  0x42: 'COMMAND_SIZE',
  0x43: 'COMMAND_CODE',
  0x44: 'AUTHSIZE',
  0x45: 'AUTH_CONTEXT',
  0x46: 'NV_RANGE',
  0x47: 'NV_SIZE',
  0x48: 'NV_LOCKED',
  0x49: 'NV_AUTHORIZATION',
  0x4a: 'NV_UNINITIALIZED',
  0x4b: 'NV_SPACE',
  0x4c: 'NV_DEFINED',
  0x50: 'BAD_CONTEXT',
  0x51: 'CPHASH',
  0x52: 'PARENT',
  0x53: 'NEEDS_TEST',
  0x54: 'NO_RESULT',
  0x55: 'SENSITIVE',
}

const WARNINGS: Readonly<Record<number, string>> = {
  0x01: 'CONTEXT_GAP',
  0x02: 'OBJECT_MEMORY',
  0x03: 'SESSION_MEMORY',
  0x04: 'MEMORY',
  0x05: 'SESSION_HANDLES',
  0x06: 'OBJECT_HANDLES',
  0x07: 'LOCALITY',
  0x08: 'YIELDED',
  0x09: 'CANCELED',
  0x0a: 'TESTING',
  0x20: 'NV_RATE',
  0x21: 'LOCKOUT',
  0x22: 'RETRY',
  0x23: 'NV_UNAVAILABLE',
}

const REFERENCES = ['handle', 'session'] as const

/**
 * Takes a response code apart.
 * @see TCG TPM 2.0 Library, part 1, section 39 and part 2, section 6.6
 */
export function decodeResponseCode(value: number): ResponseCode {
  const layer = (value >>> 16) & 0xff
  const code = value & 0xffff
  if (code === 0x1e) return { value, name: 'TPM_RC_BAD_TAG', about: undefined, layer }
  if ((code & 0x80) !== 0) {
    const name = FORMAT_ONE[code & 0x3f] || unnamed(code)
    return { value, name: `TPM_RC_${name}`, about: aboutOf(code), layer }
  }
  const known = (code & 0xf80) === 0x900 ? WARNINGS[code & 0x7f] : (code & 0xf80) === 0x100 ? ERRORS[code & 0x7f] : ''
  // Warnings 0x10 to 0x1f name the loaded object or session that a handle refers to and that is not there.
  const reference = (code & 0xff0) === 0x910 && (code & 7) < 7
  const name = reference ? `REFERENCE_${(code & 8) === 0 ? 'H' : 'S'}${code & 7}` : known || unnamed(code)
  const about = reference ? { kind: REFERENCES[(code >> 3) & 1] ?? 'handle', number: (code & 7) + 1 } : undefined
  return { value, name: `TPM_RC_${name}`, about, layer }
}

// Format one: bit 6 says parameter, else bit 11 says session; the number stands above.
function aboutOf(code: number): ResponseCode['about'] {
  const isParameter = (code & 0x40) !== 0
  const number = isParameter ? (code >> 8) & 0xf : (code >> 8) & 0x7
  if (number === 0) return undefined
  return { kind: isParameter ? 'parameter' : (code & 0x800) !== 0 ? 'session' : 'handle', number }
}

function unnamed(code: number): string {
  return `0x${code.toString(16).padStart(3, '0')}`
}

/** One line about a response code, e.g. `TPM_RC_SIZE (0x2d5), parameter 2`. */
export function describeResponseCode({ value, name, about, layer }: ResponseCode): string {
  const where = about === undefined ? '' : `, ${about.kind} ${about.number}`
  const who = layer === 0 ? '' : `, said by layer ${layer} in front of the TPM`
  const hint = HINTS[name]
  return `${name} (0x${value.toString(16)})${where}${who}${hint === undefined ? '' : `: ${hint}`}`
}

const HINTS: Readonly<Record<string, string>> = {
  TPM_RC_INITIALIZE: 'nobody has started this TPM yet (TPM2_Startup); start swtpm with --flags startup-clear',
  TPM_RC_OBJECT_MEMORY: 'no slot for another object is free; another program may hold them',
  TPM_RC_SESSION_MEMORY: 'no slot for another session is free; another program may hold them',
  TPM_RC_SESSION_HANDLES: 'no slot for another session is free; another program may hold them',
  TPM_RC_LOCKOUT: 'the TPM is locked after wrong authorization values',
  TPM_RC_BAD_AUTH: 'the authorization value is wrong',
  TPM_RC_AUTH_FAIL: 'the authorization value is wrong, and the TPM counted the attempt',
}
