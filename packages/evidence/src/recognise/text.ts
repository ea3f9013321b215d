import { EvidenceError } from '../core/errors.ts'
import { decodeBase64 } from '../x509/pem.ts'
import { carriesEvidence } from './carriers.ts'
import { dumpOf } from './dumps.ts'
import { jsonFault } from './json-error.ts'
import type { Opened, Part } from './model.ts'
import { carriesRaTls } from './ra-tls.ts'
import { identifyIbmSe } from './sev-ibm.ts'
import { printedStranger } from './strangers.ts'

/** The text that `bytes` are, without a byte order mark; undefined when they hold control characters or are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] as number
    if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return undefined
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end))
  } catch {
    // Not UTF-8: then it is binary, which is what undefined says.
    return undefined
  }
}

/**
 * Takes one textual wrapper off.
 *
 * @param where names the text in errors
 * @throws EvidenceError that says at which byte what was expected, and what was tried
 */
export function openText(text: string, where: string): Opened {
  const dump = MAYBE_DUMP.test(text.slice(0, 512)) ? dumpOf(text) : undefined
  if (dump !== undefined) return { name: 'hexadecimal', inner: { bytes: dump }, path: '' }
  const inner = unquoted(text)
  if (inner !== undefined && /^eyJ[\w-]*\./.test(inner))
    return { name: 'HTTP header', inner: { bytes: new TextEncoder().encode(inner) }, path: '' }
  if (inner !== undefined) return openDigits(inner, where)
  const start = text.search(/\S/)
  if (start < 0) throw unreadable(where, 0, 'nothing', 'evidence')
  const first = text.charAt(start)
  if (first === '{' || first === '[' || first === '"') return openJson(text, where)
  if (text.startsWith('-----BEGIN ', start)) return openPem(text, start, where)
  return openDigits(text, where)
}

// How programs and tools write bytes: a list of 0x…, a string with its quotes, a data URL, a header, a dump.
const LIST = /^[\w\s[\]=*&!]{0,160}[[{]\s*(0x[0-9a-f]{1,2}\s*,[\s0-9a-fx,]*)[\]}]\s*;?[\w\s=;]{0,160}$/i
const STRING = /^\s*b?'([^']*)'\s*$|^\s*b"([^"]*)"\s*$/
const BEFORE = /^\s*(?:data:[\w/+.;=-]{0,80};base64,|(?:hex|base64):|Bearer\s+(?=eyJ))/i
const MAYBE_DUMP = /^\s*0{4,16}:?\s|00 01 02 03 04 05 06 07/
const DUMP = /^[0-9a-f]{7,8}(?::| {2})/i

/** What stands between the marks of a programming language or a tool; undefined where there are none. */
function unquoted(text: string): string | undefined {
  const start = text.slice(0, 128)
  if (DUMP.test(start)) return dumped(text)
  if (BEFORE.test(start)) return text.replace(BEFORE, '')
  if (/^\s*\\x[0-9a-f]{2}/i.test(start)) return text.replaceAll('\\x', '')
  if (/^\s*b?['"]/.test(start)) {
    const [, single, double] = STRING.exec(text) ?? []
    return single ?? double
  }
  return /[[{]\s*0x/i.test(text.slice(0, 192)) ? LIST.exec(text)?.[1] : undefined
}

// Lines of an offset, the bytes, and perhaps letters behind two blanks or a bar; where offsets do not fit, as they stand.
function dumped(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/^[0-9a-f]{7,8}:?/i, '').replace(/\|[\s\S]*$/, ''))
  return lines.map((line) => line.replace(/^( ?(?:[0-9a-f]{2,4} )+) .*$/i, '$1')).join('\n')
}

function openJson(text: string, where: string): Opened {
  const fault = jsonFault(text)
  if (fault === undefined) return { name: 'JSON', inner: { json: JSON.parse(text) }, path: '' }
  throw new EvidenceError('malformed', found(text, fault.at), {
    field: `${where} (JSON)`,
    offset: byteOffset(text, fault.at),
    expected: fault.expected,
  })
}

function openPem(text: string, start: number, where: string): Opened {
  const line = /^-----BEGIN ([\w. -]{1,64}?)-----/.exec(text.slice(start, start + 96))
  const field = `${where} (PEM)`
  const label = line?.[1]
  if (line === null || label === undefined)
    throw unreadable(field, byteOffset(text, start), 'an unusual first line', '`-----BEGIN …-----`')
  const document = label === 'CERTIFICATE' ? evidenceIn(text.slice(start)) : undefined
  if (document !== undefined) return { name: 'PEM CERTIFICATE', ...document, path: '' }
  if (label.includes('CERTIFICATE') || label.includes('CRL') || label.includes('KEY')) {
    throw new EvidenceError(
      'unsupported-kind',
      `${/^[AEIOUX]/.test(label) ? 'an' : 'a'} ${label}: that is collateral, not evidence`,
      {
        field,
        offset: start,
        expected: 'a report or quote',
      },
    )
  }
  const from = start + line[0].length
  const to = text.indexOf(`-----END ${label}-----`, from)
  if (to < 0) throw unreadable(field, byteOffset(text, text.length), 'the end', `\`-----END ${label}-----\``)
  const body = text.slice(from, to)
  const behind = text.slice(to + `-----END ${label}-----`.length)
  const isAlone = behind.trim() === ''
  return {
    name: `PEM ${label}`,
    inner: { bytes: base64(body, text, from, field) },
    path: '',
    unused: isAlone ? [] : ['what lies behind the first block of PEM'],
    rivals: isAlone ? [] : blocksOf(behind),
  }
}

const MAX_BLOCKS = 16
const BLOCK = /-----BEGIN ([\w. -]{1,64}?)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g

/** Further blocks that are no certificates, lists or keys. */
function blocksOf(text: string): readonly Part[] {
  return [...text.matchAll(BLOCK)].slice(0, MAX_BLOCKS).flatMap(([, label = '', body = '']) => {
    const bytes = /CERTIFICATE|CRL|KEY/.test(label) ? undefined : decodeBase64(body)
    return bytes === undefined ? [] : [{ label: `PEM ${label}`, inner: { bytes } }]
  })
}

const CERTIFICATE = /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,96000})-----END CERTIFICATE-----\s*/

/** A certificate that is evidence, or carries some, where it stands alone; or the first of a chain in attested TLS. */
function evidenceIn(pem: string): Pick<Opened, 'inner' | 'unused'> | undefined {
  const [block = '', body] = CERTIFICATE.exec(pem) ?? []
  const der = body === undefined ? undefined : decodeBase64(body)
  if (der === undefined) return undefined
  const isAlone = block.length === pem.length
  if (isAlone && (identifyIbmSe(der) !== undefined || carriesEvidence(der))) return { inner: { bytes: der } }
  if (!carriesRaTls(der)) return undefined
  return { inner: { bytes: der }, unused: isAlone ? [] : ['the certificates behind the first'] }
}

function base64(body: string, text: string, from: number, field: string): Uint8Array {
  const bytes = decodeBase64(body)
  if (bytes !== undefined) return bytes
  const bad = body.search(NOT_BASE64)
  const at = from + (bad < 0 ? body.length : bad)
  throw unreadable(field, byteOffset(text, at), bad < 0 ? 'padding that does not fit' : found(text, at), 'base64')
}

const NOT_BASE64 = /[^A-Za-z0-9+/_=\s-]/

function openDigits(text: string, where: string): Opened {
  const hex = hexDigits(text)
  if (hex.bytes !== undefined) return { name: 'hexadecimal', inner: { bytes: hex.bytes }, path: '' }
  const noBase64 = text.search(NOT_BASE64)
  if (noBase64 < 0 && !isMistypedHex(hex, text.length)) {
    const bytes = decodeBase64(text)
    if (bytes !== undefined) return { name: 'base64', inner: { bytes }, path: '' }
  }
  throw digitFault(text, where, hex, noBase64)
}

interface HexDigits {
  /** Undefined when the text is no whole number of bytes in hexadecimal. */
  readonly bytes: Uint8Array | undefined
  /** Index of the first character that is no digit and no separator, or -1; and how many there are. */
  readonly stranger: number
  readonly strangers: number
  /** How many of the digits are decimal. */
  readonly decimals: number
}

// Every hexadecimal digit is base64 too. Of random bytes ten in sixteen hexadecimal digits are decimal, and ten in
// sixty-four characters of base64, of which forty-two are no hexadecimal digit at all.
function isMistypedHex({ strangers, decimals }: HexDigits, length: number): boolean {
  return length >= 64 && strangers * 64 <= length && decimals * 3 >= length
}

// Digits with white space, colons or commas between, and `0x` in front of each group, in which a byte may be one digit.
// In one pass, without copies: the text may be long, and hostile.
function hexDigits(text: string): HexDigits {
  const bytes = new Uint8Array(text.length >> 1)
  let digits = 0
  let stranger = -1
  let strangers = 0
  let decimals = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const value = hexValue(code)
    if (value < 0) {
      if (isSeparator(code)) continue
      if (stranger < 0) stranger = i
      strangers++
    } else if (isPrefix(text, i)) {
      i++
      if (digits % 2 === 0 && isLoneDigit(text, i + 1)) {
        digits++
        decimals++
      }
    } else {
      bytes[digits >> 1] = ((bytes[digits >> 1] as number) << 4) | value
      digits++
      if (value < 10) decimals++
    }
  }
  const whole = stranger < 0 && digits % 2 === 0
  return { bytes: whole ? bytes.subarray(0, digits / 2) : undefined, stranger, strangers, decimals }
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  const letter = code | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

function isSeparator(code: number): boolean {
  return code === 0x3a || code === 0x2c || BLANK.test(String.fromCharCode(code))
}

function isPrefix(text: string, i: number): boolean {
  if (text.charCodeAt(i) !== 0x30 || (text.charCodeAt(i + 1) | 0x20) !== 0x78) return false
  return i === 0 || isSeparator(text.charCodeAt(i - 1))
}

/** Whether one digit stands alone: what programs print of bytes below 16 behind `0x`. */
function isLoneDigit(text: string, i: number): boolean {
  return hexValue(text.charCodeAt(i)) >= 0 && (i + 1 === text.length || isSeparator(text.charCodeAt(i + 1)))
}

const BLANK = /\s/

// Neither: whichever it was nearly is what the writer meant.
function digitFault(text: string, where: string, { stranger, strangers }: HexDigits, noBase64: number): EvidenceError {
  const end = byteOffset(text, text.length)
  if (NEARLY_TOKEN.test(text)) return noToken(text, where)
  const printed = printedStranger(text)
  if (printed !== undefined)
    return new EvidenceError('unsupported-kind', printed, {
      field: where,
      offset: 0,
      expected: 'a report, quote or token',
    })
  if (stranger < 0) return unreadable(where, end, 'the end after an odd number of hexadecimal digits', 'one digit more')
  const nearlyHex = strangers * 8 <= text.length
  if (nearlyHex) return unreadable(where, byteOffset(text, stranger), found(text, stranger), 'a hexadecimal digit')
  if (noBase64 < 0)
    return unreadable(where, end, 'the end of base64 text whose length or padding does not fit', 'base64 to its end')
  return unreadable(where, byteOffset(text, noBase64), found(text, noBase64), 'a base64 character')
}

const NEARLY_TOKEN = /^\s*eyJ[\w-]{0,4096}=*\./

/** Text that begins like a token in compact form, and is none. @see RFC 7515, section 3.1; RFC 7516, section 3.1 */
function noToken(text: string, where: string): EvidenceError {
  const start = text.search(/\S/)
  const token = text.trim()
  const bad = token.search(/[^\w.-]/)
  const parts = token.split('.', 9).length
  if (bad < 0 && parts === 5)
    return new EvidenceError('unsupported-kind', 'an encrypted token (JWE)', {
      field: where,
      offset: 0,
      expected: 'the token inside, which only its addressee can decrypt',
    })
  return new EvidenceError('malformed', bad < 0 ? `a token in ${parts} parts` : found(token, bad), {
    field: where,
    offset: bad < 0 ? 0 : byteOffset(text, start + bad),
    expected: 'a JSON Web Token: three parts in base64url, without padding and white space',
  })
}

function unreadable(field: string, offset: number, what: string, expected: string): EvidenceError {
  return new EvidenceError('malformed', what, {
    field,
    offset,
    expected: `${expected}; tried: raw report or quote, hexadecimal, base64, PEM, JSON`,
  })
}

/** The character at `index` as it may be shown. */
function found(text: string, index: number): string {
  const code = text.codePointAt(index)
  if (code === undefined) return 'the end'
  return code > 0x20 && code < 0x7f
    ? `the character ${JSON.stringify(String.fromCodePoint(code))}`
    : `the character U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}

function byteOffset(text: string, index: number): number {
  return new TextEncoder().encode(text.slice(0, index)).length
}
