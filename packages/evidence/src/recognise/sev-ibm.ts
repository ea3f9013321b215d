import { equalBytes } from '../core/bytes.ts'
import { SE_EXCHANGE_MAGIC, SE_HEADER_MAGIC } from '../ibm-se/magic.ts'
import { jsonFault } from './json-error.ts'
import type { Identified } from './model.ts'

/** The object identifier of P-521, which no other evidence in a certificate has. */
const P521: Uint8Array = Uint8Array.of(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23)
const SEV_CERTIFICATE = 2084
const SEV_REPORT = 208
const LAUNCH_MEASURE = 48

/** Tells evidence of IBM Secure Execution by its magic, or a host key document by its curve. */
export function identifyIbmSe(bytes: Uint8Array): Identified | undefined {
  const form = startsWith(bytes, SE_EXCHANGE_MAGIC)
    ? 'Secure Execution attestation exchange'
    : startsWith(bytes, SE_HEADER_MAGIC)
      ? 'Secure Execution header'
      : bytes[0] === 0x30 && bytes[1] === 0x82 && bytes.length < 16_384 && has(bytes, P521)
        ? 'IBM host key document'
        : isAnswer(bytes)
          ? 'Secure Execution attestation answer'
          : undefined
  return form && { tee: 'ibm-se', form, bytes }
}

const MAX_ANSWER = 1 << 20

// JSON with members that only the answer of the KBS protocol has, unescaped.
function isAnswer(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_ANSWER || bytes.find((byte) => byte > 0x20) !== 0x7b) return false
  const text = new TextDecoder().decode(bytes)
  return ['"measurement"', '"cuid"', '"image_hdr_tags"'].every((name) => text.includes(name)) && isAlone(text)
}

function isAlone(text: string): boolean {
  if (jsonFault(text) !== undefined) return false
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'cuid')
}

function startsWith(bytes: Uint8Array, magic: Uint8Array): boolean {
  return equalBytes(bytes.subarray(0, magic.length), magic)
}

function has(bytes: Uint8Array, part: Uint8Array): boolean {
  for (let at = bytes.indexOf(part[0] as number); at >= 0; at = bytes.indexOf(part[0] as number, at + 1)) {
    if (equalBytes(bytes.subarray(at, at + part.length), part)) return true
  }
  return false
}

/** Tells first-generation SEV: certificates by version and usage, a report by its signer, a launch measurement by its size alone. */
export function identifySev(bytes: Uint8Array): Identified | undefined {
  const form = isCertificate(bytes)
    ? 'SEV certificates'
    : isReport(bytes)
      ? 'SEV attestation report'
      : isMeasure(bytes)
        ? 'SEV launch measurement'
        : undefined
  return form && { tee: 'sev', form, bytes }
}

function isCertificate(bytes: Uint8Array): boolean {
  if (bytes.length < 576 || u32(bytes, 0) !== 1) return false
  const usage = u32(bytes, 8)
  const bits = u32(bytes, 56)
  return (
    (bytes.length >= SEV_CERTIFICATE && usage >= 0x1001 && usage <= 0x1004) ||
    ((bits === 2048 || bits === 4096) && bits === u32(bytes, 60))
  )
}

function isReport(bytes: Uint8Array): boolean {
  return bytes.length === SEV_REPORT && u32(bytes, 52) === 0x1002 && u32(bytes, 56) === 2
}

// A MAC and a nonce have no marks; text of this length has no byte above 127.
function isMeasure(bytes: Uint8Array): boolean {
  return bytes.length === LAUNCH_MEASURE && bytes.some((byte) => byte > 127)
}

/** QMP's name of a command. */
const MAX_ID = 64
/** 48 bytes in base64, which have no filler. */
const MEASURE_TEXT = /^[A-Za-z0-9+/]{64}$/

/** The measurement in QEMU's answer to `query-sev-launch-measure`, with what QMP puts around it or without. */
export function measureOfQemu(object: Readonly<Record<string, unknown>>): string | undefined {
  const { return: answer = object, id = '' } = object
  const isAlone = Object.keys(object).every((name) => name === 'return' || name === 'id' || answer === object)
  if (!isAlone || typeof id === 'object' || String(id).length > MAX_ID) return undefined
  if (typeof answer !== 'object' || answer === null || Object.keys(answer).join() !== 'data') return undefined
  const { data }: { readonly data?: unknown } = answer
  return typeof data === 'string' && MEASURE_TEXT.test(data) ? data : undefined
}

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true)
}
