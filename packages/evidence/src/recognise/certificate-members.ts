import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { decodeBase64, decodePem } from '../x509/pem.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import type { Member } from './members.ts'
import { bytesOf } from './tpm-values.ts'
import { tried } from './tried.ts'

const PEM_CERTIFICATE = 'CERTIFICATE'
const MAX_CERTIFICATES = 16
/** Shorter text is no certificate, longer no chain. */
const SHORTEST = 64
const LONGEST = 65536

/** A chain of certificates, the leaf first, and the members that it was taken from. */
export interface FoundChain {
  readonly ders: readonly Uint8Array[]
  readonly members: readonly Member[]
}

/**
 * The chain among members, whole in one of them or a certificate in each. Where there are several chains, that of the
 * member whose name says so.
 *
 * @param own names of the chain that is looked for
 * @param foreign names of another one
 */
export function chainAmong(members: readonly Member[], own: RegExp, foreign: RegExp): FoundChain | undefined {
  const found = members
    .map((member) => ({ member, certificates: certificatesIn(member.value) }))
    .filter(({ member, certificates }) => certificates.length > 0 && !foreign.test(member.name))
  const [only, second] = found
  if (only !== undefined && second === undefined)
    return { ders: only.certificates.map(({ der }) => der), members: [only.member] }
  const all = found.flatMap(({ member, certificates }) => certificates.map((one) => ({ member, one })))
  if (all.length === 0 || all.length > MAX_CERTIFICATES) return undefined
  const leaves = all.filter(({ one }) => !all.some((other) => other.one !== one && isIssuer(one, other.one)))
  const [leaf, another] = leaves.length > 1 ? leaves.filter(({ member }) => own.test(member.name)) : leaves
  if (leaf === undefined || another !== undefined) return undefined
  const chain = [leaf]
  for (let below = leaf; chain.length < all.length; ) {
    const above = all.find((each) => !chain.includes(each) && isIssuer(each.one, below.one))
    if (above === undefined) break
    chain.push(above)
    below = above
  }
  return { ders: chain.map(({ one }) => one.der), members: chain.map(({ member }) => member) }
}

/** Certificates in PEM, in base64 or hexadecimal of DER or of PEM, as bytes, or as a list of these. */
export function certificatesIn(value: unknown): readonly Certificate[] {
  const own = certificatesOf(value)
  if (own.length > 0 || !Array.isArray(value) || value.length > MAX_CERTIFICATES) return own
  const each = value.map(certificatesOf)
  return each.every(({ length }) => length > 0) ? each.flat() : []
}

function certificatesOf(value: unknown): readonly Certificate[] {
  if (typeof value !== 'string' && !Array.isArray(value)) return []
  if (value.length < SHORTEST || value.length > LONGEST) return []
  const text = typeof value === 'string' ? textIn(value) : undefined
  const ders = text === undefined ? [bytesOf(value)] : tried(() => decodePem(text, PEM_CERTIFICATE, 'certificates'))
  const read = (ders ?? []).map((der) => (der?.[0] === 0x30 ? tried(() => parseCertificate(der, [], WIDE)) : undefined))
  return read.every((one) => one !== undefined) ? read : []
}

// PEM, as it is or in base64.
function textIn(value: string): string | undefined {
  const start = value.trimStart()
  if (start.startsWith('-----')) return value
  const bytes = start.startsWith('LS0tLS1C') ? decodeBase64(value) : undefined
  return bytes && new TextDecoder().decode(bytes)
}

function isIssuer(issuer: Certificate, { issuer: { key } }: Certificate): boolean {
  return issuer.subject.key === key
}
