import { X509Certificate } from 'node:crypto'
import type { BoundCheck, KeyMaterial } from './bound.ts'

/** The three parts of a signed DER structure (certificate or CRL): signed bytes, and the signature as it stands. */
interface SignedDer {
  readonly tbs: Buffer
  readonly signature: Buffer
}

/** Splits a certificate or CRL. For inputs of benchmarks only: they are known to be well-formed. */
export function splitSigned(der: Buffer): SignedDer {
  const outer = element(der, 0)
  const tbs = element(der, outer.start)
  const algorithm = element(der, tbs.end)
  const bits = element(der, algorithm.end)
  return { tbs: der.subarray(outer.start, tbs.end), signature: der.subarray(bits.start + 1, bits.end) }
}

function element(der: Buffer, at: number): { readonly start: number; readonly end: number } {
  const first = der[at + 1] as number
  const count = first < 0x80 ? 0 : first & 0x7f
  const length = count === 0 ? first : der.readUIntBE(at + 2, count)
  const start = at + 2 + count
  return { start, end: start + length }
}

/** r and s, 32 bytes each, of a DER ECDSA signature. */
export function rawSignature(der: Buffer): Buffer {
  const outer = element(der, 0)
  const r = element(der, outer.start)
  const s = element(der, r.end)
  const raw = Buffer.alloc(64)
  for (const [part, end] of [
    [r, 32],
    [s, 64],
  ] as const) {
    const number = der.subarray(part.start, part.end)
    const trimmed = number[0] === 0 ? number.subarray(1) : number
    trimmed.copy(raw, end - trimmed.length)
  }
  return raw
}

/** The key of a certificate, ready for the cheapest import. */
export function certificateKey(der: Buffer): KeyMaterial {
  const key = new X509Certificate(der).publicKey
  if (key.asymmetricKeyType === 'rsa') return { kind: 'RSA', pkcs1: key.export({ type: 'pkcs1', format: 'der' }) }
  const spki = key.export({ type: 'spki', format: 'der' })
  if (key.asymmetricKeyDetails?.namedCurve === 'secp384r1') return { kind: 'P-384', spki }
  return ecKey(spki.subarray(spki.length - 64))
}

/** A P-256 key from x and y, 32 bytes each. */
export function ecKey(point: Buffer): KeyMaterial {
  const text = (from: number, to: number): string => point.subarray(from, to).toString('base64url')
  return { kind: 'P-256', jwk: { kty: 'EC', crv: 'P-256', x: text(0, 32), y: text(32, 64) } }
}

/** The check of a certificate or CRL under `key`. */
export function signedBy(name: string, der: Buffer, key: KeyMaterial): BoundCheck {
  const { tbs, signature } = splitSigned(der)
  return { name, key, data: tbs, signature: key.kind === 'P-256' ? rawSignature(signature) : signature }
}
