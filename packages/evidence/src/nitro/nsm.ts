import { decodeCbor } from '../cbor/decode.ts'
import { CBOR_NULL, cborArray, cborBytes, cborInteger, cborMap, cborText } from '../cbor/encode.ts'
import { type CborItem, type CborMap, entryOf, isNull, SIMPLE } from '../cbor/item.ts'
import { arrayOf, bytesOf, integerOf, mapOf, textOf, wrongItem } from '../cbor/typed.ts'

/** What can be asked of the Nitro security module. @see aws-nitro-enclaves-nsm-api, `Request` */
export type NsmRequest =
  | { readonly kind: 'DescribePCR'; readonly index: number }
  | { readonly kind: 'ExtendPCR'; readonly index: number; readonly data: Uint8Array }
  | { readonly kind: 'LockPCR'; readonly index: number }
  /** Locks the PCRs below `range`. */
  | { readonly kind: 'LockPCRs'; readonly range: number }
  | { readonly kind: 'DescribeNSM' }
  | {
      readonly kind: 'Attestation'
      readonly userData?: Uint8Array
      readonly nonce?: Uint8Array
      readonly publicKey?: Uint8Array
    }
  | { readonly kind: 'GetRandom' }

/** What the module answers. @see aws-nitro-enclaves-nsm-api, `Response` */
export type NsmResponse =
  | { readonly kind: 'DescribePCR'; readonly locked: boolean; readonly data: Uint8Array }
  | { readonly kind: 'ExtendPCR'; readonly data: Uint8Array }
  | { readonly kind: 'LockPCR' }
  | { readonly kind: 'LockPCRs' }
  | {
      readonly kind: 'DescribeNSM'
      readonly version: readonly [major: number, minor: number, patch: number]
      readonly moduleId: string
      readonly maxPcrs: number
      readonly lockedPcrs: readonly number[]
      readonly digest: string
    }
  | { readonly kind: 'Attestation'; readonly document: Uint8Array }
  | { readonly kind: 'GetRandom'; readonly random: Uint8Array }
  | { readonly kind: 'Error'; readonly error: NsmError }

/** Why the module refused. */
export type NsmError = (typeof ERRORS)[number]

const ERRORS = [
  'Success',
  'InvalidArgument',
  'InvalidIndex',
  'InvalidResponse',
  'ReadOnlyIndex',
  'InvalidOperation',
  'BufferTooSmall',
  'InputTooLarge',
  'InternalError',
] as const

/** Largest messages that the device takes and gives, in bytes. */
export const NSM_MAX = { request: 4096, response: 12_288 } as const

const MAX_DATA = 4096
const MAX_PCR = 255

/** The bytes of a request. @throws RangeError for one that the device would not take */
export function encodeNsmRequest(request: NsmRequest): Uint8Array {
  const bytes = requestBytes(request)
  if (bytes.length > NSM_MAX.request)
    throw new RangeError(`a request of ${bytes.length} bytes; the device takes ${NSM_MAX.request}`)
  return bytes
}

function requestBytes(request: NsmRequest): Uint8Array {
  switch (request.kind) {
    case 'DescribePCR':
    case 'LockPCR':
      return variant(request.kind, [['index', cborInteger(request.index)]])
    case 'ExtendPCR':
      return variant(request.kind, [
        ['index', cborInteger(request.index)],
        ['data', cborBytes(request.data)],
      ])
    case 'LockPCRs':
      return variant(request.kind, [['range', cborInteger(request.range)]])
    case 'Attestation':
      return variant(request.kind, [
        ['user_data', maybeBytes(request.userData)],
        ['nonce', maybeBytes(request.nonce)],
        ['public_key', maybeBytes(request.publicKey)],
      ])
    default:
      return cborText(request.kind)
  }
}

/** Parses a request, as the device would. @throws EvidenceError */
export function parseNsmRequest(bytes: Uint8Array): NsmRequest {
  const { kind, fields } = opened(bytes, 'NSM.request')
  switch (kind) {
    case 'DescribeNSM':
    case 'GetRandom':
      return bare(kind, fields)
    case 'DescribePCR':
    case 'LockPCR':
      return { kind, index: pcr(fields, 'index') }
    case 'ExtendPCR':
      return { kind, index: pcr(fields, 'index'), data: data(fields, 'data') }
    case 'LockPCRs':
      return { kind, range: pcr(fields, 'range') }
    case 'Attestation':
      return {
        kind,
        ...optional(fields, 'user_data', 'userData'),
        ...optional(fields, 'nonce', 'nonce'),
        ...optional(fields, 'public_key', 'publicKey'),
      }
    default:
      throw wrongItem(fields.item, 'NSM.request', 'a request of the module', 'another word')
  }
}

/** The bytes of an answer. @throws RangeError for one that is longer than the device's */
export function encodeNsmResponse(response: NsmResponse): Uint8Array {
  const bytes = responseBytes(response)
  if (bytes.length > NSM_MAX.response)
    throw new RangeError(`an answer of ${bytes.length} bytes; the device gives ${NSM_MAX.response}`)
  return bytes
}

function responseBytes(response: NsmResponse): Uint8Array {
  switch (response.kind) {
    case 'DescribePCR':
      return variant(response.kind, [
        ['lock', Uint8Array.of(response.locked ? 0xf5 : 0xf4)],
        ['data', cborBytes(response.data)],
      ])
    case 'ExtendPCR':
      return variant(response.kind, [['data', cborBytes(response.data)]])
    case 'GetRandom':
      return variant(response.kind, [['random', cborBytes(response.random)]])
    case 'Attestation':
      return variant(response.kind, [['document', cborBytes(response.document)]])
    case 'Error':
      return cborMap([[cborText('Error'), cborText(response.error)]])
    case 'DescribeNSM':
      return variant(response.kind, [
        ['version_major', cborInteger(response.version[0])],
        ['version_minor', cborInteger(response.version[1])],
        ['version_patch', cborInteger(response.version[2])],
        ['module_id', cborText(response.moduleId)],
        ['max_pcrs', cborInteger(response.maxPcrs)],
        ['locked_pcrs', cborArray(response.lockedPcrs.map(cborInteger))],
        ['digest', cborText(response.digest)],
      ])
    default:
      return cborText(response.kind)
  }
}

/** Parses an answer of the module. @throws EvidenceError */
export function parseNsmResponse(bytes: Uint8Array): NsmResponse {
  const { kind, fields } = opened(bytes, 'NSM.response')
  switch (kind) {
    case 'LockPCR':
    case 'LockPCRs':
      return bare(kind, fields)
    case 'DescribePCR':
      return { kind, locked: flag(fields, 'lock'), data: data(fields, 'data') }
    case 'ExtendPCR':
      return { kind, data: data(fields, 'data') }
    case 'GetRandom':
      return { kind, random: data(fields, 'random') }
    case 'Attestation':
      return { kind, document: bytesOf(need(fields, 'document'), fields.field, 1, NSM_MAX.response) }
    case 'DescribeNSM':
      return description(fields)
    case 'Error':
      return { kind, error: errorOf(fields) }
    default:
      throw wrongItem(fields.item, 'NSM.response', 'an answer of the module', 'another word')
  }
}

interface Fields {
  readonly item: CborItem
  readonly field: string
}

// A variant without fields is a text, one with fields a map of one entry.
function opened(bytes: Uint8Array, field: string): { readonly kind: string; readonly fields: Fields } {
  const item = decodeCbor(bytes.subarray(0, NSM_MAX.response + 1), { field, maxItems: 512 })
  if (item.type === 'text') return { kind: item.value, fields: { item, field: `${field}.${item.value.slice(0, 16)}` } }
  const [entry, ...more] = mapOf(item, field).entries
  if (entry === undefined || more.length > 0 || entry.key.type !== 'text')
    throw wrongItem(item, field, 'a map of one entry with a name')
  return { kind: entry.key.value, fields: { item: entry.value, field: `${field}.${entry.key.value.slice(0, 16)}` } }
}

function bare<K extends string>(kind: K, { item, field }: Fields): { readonly kind: K } {
  if (item.type !== 'text') throw wrongItem(item, field, 'the word alone')
  return { kind }
}

function need(fields: Fields, name: string): CborItem {
  const map: CborMap = mapOf(fields.item, fields.field)
  const item = entryOf(map, name)
  if (item === undefined) throw wrongItem(map, `${fields.field}.${name}`, 'the member', 'nothing')
  return item
}

function pcr(fields: Fields, name: string): number {
  return integerOf(need(fields, name), `${fields.field}.${name}`, 0, MAX_PCR)
}

function data(fields: Fields, name: string): Uint8Array {
  return bytesOf(need(fields, name), `${fields.field}.${name}`, 0, MAX_DATA)
}

function flag(fields: Fields, name: string): boolean {
  const item = need(fields, name)
  if (item.type === 'simple' && (item.value === SIMPLE.true || item.value === SIMPLE.false))
    return item.value === SIMPLE.true
  throw wrongItem(item, `${fields.field}.${name}`, 'true or false')
}

function optional<K extends string>(fields: Fields, name: string, as: K): { readonly [P in K]?: Uint8Array } {
  const map = mapOf(fields.item, fields.field)
  const item = entryOf(map, name)
  if (item === undefined || isNull(item)) return {}
  const value = bytesOf(item, `${fields.field}.${name}`, 0, MAX_DATA)
  // One member of the name that the caller gave: the type says no more.
  return { [as]: value } as { readonly [P in K]?: Uint8Array }
}

function description(fields: Fields): NsmResponse {
  const number = (name: string, most: number): number =>
    integerOf(need(fields, name), `${fields.field}.${name}`, 0, most)
  const text = (name: string): string => textOf(need(fields, name), `${fields.field}.${name}`, 1, 256)
  const locked = arrayOf(need(fields, 'locked_pcrs'), `${fields.field}.locked_pcrs`, 0, MAX_PCR + 1)
  return {
    kind: 'DescribeNSM',
    version: [number('version_major', 0xffff), number('version_minor', 0xffff), number('version_patch', 0xffff)],
    moduleId: text('module_id'),
    maxPcrs: number('max_pcrs', MAX_PCR + 1),
    lockedPcrs: locked.items.map((item) => integerOf(item, `${fields.field}.locked_pcrs`, 0, MAX_PCR)),
    digest: text('digest'),
  }
}

function errorOf({ item, field }: Fields): NsmError {
  const word = textOf(item, field, 1, 64)
  const error = ERRORS.find((one) => one === word)
  if (error === undefined) throw wrongItem(item, field, ERRORS.join(', '), 'another word')
  return error
}

function variant(kind: string, fields: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  return cborMap([[cborText(kind), cborMap(fields.map(([name, value]) => [cborText(name), value] as const))]])
}

function maybeBytes(value: Uint8Array | undefined): Uint8Array {
  return value === undefined ? CBOR_NULL : cborBytes(value)
}
