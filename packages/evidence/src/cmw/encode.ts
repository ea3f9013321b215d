import { cborArray, cborBytes, cborInteger, cborMap, cborTag, cborText } from '../cbor/encode.ts'
import { encodeBase64url } from '../core/base64url.ts'
import type { Json } from '../core/json.ts'
import { tagOfContentFormat } from './content-formats.ts'
import { CMW_INDICATORS, type Cmw, type CmwIndicator, type CmwRecord, COLLECTION_TYPE } from './message.ts'

/** A wrapper in CBOR; the type of a collection must be a URI. @throws RangeError for a content format that has no tag */
export function encodeCmwCbor(message: Cmw): Uint8Array {
  if (message.kind === 'record') return message.form === 'tag' ? tagged(message) : record(message)
  const entries = message.entries.map(({ label, message: inner }): readonly [Uint8Array, Uint8Array] => [
    typeof label === 'number' ? cborInteger(label) : cborText(label),
    encodeCmwCbor(inner),
  ])
  const type = message.type === undefined ? [] : [[cborText(COLLECTION_TYPE), cborText(message.type)] as const]
  return cborMap([...type, ...entries])
}

function tagged({ type, value }: CmwRecord): Uint8Array {
  const tag = typeof type === 'number' ? tagOfContentFormat(type) : undefined
  if (tag === undefined) throw new RangeError('only the content formats 0 to 65024 have a tag')
  return cborTag(tag, cborBytes(value))
}

function record({ type, value, indicators }: CmwRecord): Uint8Array {
  const head = [typeof type === 'number' ? cborInteger(type) : cborText(type), cborBytes(value)]
  return cborArray(indicators === undefined ? head : [...head, cborInteger(bitsOf(indicators))])
}

/** A wrapper as a JSON value. @throws RangeError for what JSON has no form of: content formats, labels that are numbers */
export function encodeCmwJson(message: Cmw): Json {
  if (message.kind === 'record') {
    const { type, value, indicators } = message
    if (typeof type === 'number') throw new RangeError('a record in JSON has a media type, not a content format')
    const head = [type, encodeBase64url(value)]
    return indicators === undefined ? head : [...head, bitsOf(indicators)]
  }
  const entries = message.entries.map(({ label, message: inner }): readonly [string, Json] => {
    if (typeof label === 'number') throw new RangeError('labels in JSON are text')
    return [label, encodeCmwJson(inner)]
  })
  return Object.fromEntries(message.type === undefined ? entries : [[COLLECTION_TYPE, message.type], ...entries])
}

function bitsOf(indicators: readonly CmwIndicator[]): number {
  return CMW_INDICATORS.reduce((bits, name, i) => (indicators.includes(name) ? bits | (1 << i) : bits), 0)
}
