import { EvidenceError } from '../core/errors.ts'
import { identify, openBinary, strangerOf } from './binary.ts'
import { openEnvelope } from './envelopes.ts'
import {
  type Companion,
  type Identified,
  MAX_INPUT,
  MAX_WRAPPERS,
  type Opened,
  type Recognised,
  type Wrapper,
} from './model.ts'
import { openText, textOf } from './text.ts'

/**
 * Finds the evidence in what somebody was handed: a raw report or quote, or one in hexadecimal,
 * base64, PEM, one of the JSON envelopes in which attesters send them, the answer of a guest device,
 * or up to four of these around each other. Nothing is verified.
 *
 * @param input at most 10,000,000 bytes
 * @throws EvidenceError that names the wrapper, says at which byte what was expected, and what was tried
 */
export function recognise(input: Uint8Array): Recognised {
  if (input.length > MAX_INPUT)
    throw new EvidenceError('too-large', `${input.length} bytes`, {
      field: 'input',
      offset: MAX_INPUT,
      expected: `at most ${MAX_INPUT} bytes`,
    })
  const wrappers: Wrapper[] = []
  const companions: Companion[] = []
  const unused: string[] = []
  let where = 'input'
  let bytes = input
  for (;;) {
    const found = identify(bytes)
    if (found !== undefined) return finish(found, { wrappers, companions, unused })
    const opened = openOne(bytes, where)
    if (wrappers.length === MAX_WRAPPERS) throw tooDeep(where)
    wrappers.push({ name: opened.name, length: bytes.length })
    companions.push(...(opened.companions ?? []))
    unused.push(...(opened.unused ?? []))
    where = opened.path === '' ? where : `${where}.${opened.path}`
    if (!('bytes' in opened.inner)) throw new Error('a JSON value was left unopened')
    bytes = opened.inner.bytes
  }
}

/** Takes one wrapper off bytes; a JSON envelope goes together with the encoding of the member inside. */
function openOne(bytes: Uint8Array, where: string): Opened {
  const binary = openBinary(bytes)
  if (binary !== undefined) return binary
  const text = textOf(bytes)
  if (text === undefined) throw unknownBytes(bytes, where)
  const opened = openText(text, where)
  return 'json' in opened.inner ? openJson(opened.inner.json, where) : opened
}

// A value inside a value inside a value is one wrapper per object; encodings of members are part of it.
function openJson(json: unknown, where: string): Opened {
  const names: string[] = []
  const paths: string[] = []
  const companions: Companion[] = []
  const unused: string[] = []
  let value = json
  for (let depth = 0; depth < 2 * MAX_WRAPPERS; depth++) {
    const at = [where, ...paths].join('.')
    const opened = openEnvelope(value, at)
    if (opened.name.startsWith('JSON: ')) names.push(opened.name.slice(6))
    if (opened.path !== '') paths.push(opened.path)
    companions.push(...(opened.companions ?? []))
    unused.push(...(opened.unused ?? []))
    if ('bytes' in opened.inner) {
      const inner = typeof value === 'string' ? memberBytes(value, at) : opened.inner.bytes
      return {
        name: ['JSON', names.join(' in ')].filter((part) => part !== '').join(': '),
        inner: { bytes: inner },
        path: paths.join('.'),
        companions,
        unused,
      }
    }
    value = opened.inner.json
  }
  throw tooDeep(where)
}

function memberBytes(text: string, where: string): Uint8Array {
  const opened = openText(text, where)
  if ('bytes' in opened.inner) return opened.inner.bytes
  return new TextEncoder().encode(text)
}

function finish(found: Identified, around: Pick<Recognised, 'wrappers' | 'companions' | 'unused'>): Recognised {
  return {
    tee: found.tee,
    form: found.form,
    evidence: new Uint8Array(found.bytes),
    wrappers: around.wrappers,
    companions: [...around.companions, ...(found.companions ?? [])],
    unused: around.unused,
  }
}

function unknownBytes(bytes: Uint8Array, where: string): EvidenceError {
  const stranger = strangerOf(bytes)
  return new EvidenceError('unsupported-kind', stranger ?? `${bytes.length} bytes that begin like nothing known`, {
    field: where,
    offset: 0,
    expected:
      "an SEV-SNP report (version in 4 bytes, algorithm 1 at byte 52) or an SGX or TDX quote (version 3, 4 or 5, key type 2, Intel's vendor id at byte 12)",
  })
}

function tooDeep(where: string): EvidenceError {
  return new EvidenceError('too-large', 'a further wrapper', {
    field: where,
    offset: 0,
    expected: `at most ${MAX_WRAPPERS} wrappers around evidence`,
  })
}
