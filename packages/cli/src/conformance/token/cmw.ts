import {
  CMW_EXTENSION,
  CMW_INDICATORS,
  type Cmw,
  type CmwRecord,
  cmwOfCertificate,
  contentFormatOfTag,
  decodeCmw,
  encodeCmwCbor,
  tagOfContentFormat,
} from '@sekisho/evidence/cmw'
import { parseCertificate } from '@sekisho/evidence/x509'
import type { Comparison, JsonValue } from '../case.ts'
import { type CaseFiles, parseCaseJson } from '../case-files.ts'
import { ByName, compareTree, same } from '../compare.ts'
import { listOf, member } from '../json.ts'
import { NOT_JUDGED } from '../ruling.ts'
import type { CaseRun } from '../run.ts'
import { hex } from '../values.ts'

/** Reads a case of conceptual message wrappers: every file of it is decoded, and those in CBOR are written again. */
export async function readCmw(files: CaseFiles): Promise<CaseRun> {
  const first: Comparison[] = []
  for (const file of await files.list()) first.push(...(await ofFile(files, file)))
  return { ruling: NOT_JUDGED, found: { fields: new ByName((field) => valueOf(files, field)) }, first }
}

async function ofFile(files: CaseFiles, file: string): Promise<readonly Comparison[]> {
  if (file === 'case.json') return []
  const bytes = await files.need(file)
  if (file === 'tag-numbers.json') return tagRows(parseCaseJson(new TextDecoder().decode(bytes), file))
  if (file.endsWith('.der')) return [same(`${file}: a wrapper in it`, true, cmwOfCertificate(bytes) !== undefined)]
  const message = decodeCmw(bytes)
  if (!file.endsWith('.cbor')) return [same(`${file}: read`, true, true)]
  return [same(`${file}: written as it was`, true, Buffer.from(encodeCmwCbor(message)).equals(bytes))]
}

function tagRows(rows: JsonValue): readonly Comparison[] {
  return listOf(rows).flatMap((row) => {
    const [format, tag] = [member(row, 'contentFormat') ?? null, member(row, 'tag') ?? null]
    if (typeof format !== 'number' || typeof tag !== 'number') return [same('tag-numbers: a row', true, false)]
    return [
      ...compareTree(`tag-numbers.tag of ${format}`, tag, tagOfContentFormat(format) ?? null),
      ...compareTree(`tag-numbers.format of ${tag}`, format, contentFormatOfTag(tag) ?? null),
    ]
  })
}

async function valueOf(files: CaseFiles, field: string): Promise<JsonValue | undefined> {
  if (field === 'x509Extension') return CMW_EXTENSION
  if (field === 'indicatorBits') return Object.fromEntries(CMW_INDICATORS.map((name, bit) => [camel(name), 2 ** bit]))
  if (field === 'x509Json') return `${await stringType(files, 'x509-cert-json-cmw.der')} inside the extension`
  if (field === 'x509Cbor') return `${await stringType(files, 'x509-cert-cbor-cmw.der')} inside the extension`
  const bytes = await files.read(`${field}.cbor`)
  return bytes === undefined ? undefined : messageValue(decodeCmw(bytes))
}

async function stringType(files: CaseFiles, file: string): Promise<string> {
  const tag = parseCertificate(await files.need(file)).extensions.get(CMW_EXTENSION)?.value[0]
  return tag === 0x0c ? 'UTF8String' : tag === 0x04 ? 'OCTET STRING' : 'nothing'
}

function camel(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
}

function messageValue(message: Cmw): JsonValue {
  if (message.kind === 'record') return recordValue(message)
  return Object.fromEntries(message.entries.map(({ label, message: inner }) => [String(label), messageValue(inner)]))
}

function recordValue({ form, type, value, indicators }: CmwRecord): JsonValue {
  const valueHex = hex(value)
  if (form === 'tag' && typeof type === 'number')
    return { tag: tagOfContentFormat(type) ?? null, contentFormat: type, valueHex }
  const bits = indicators?.reduce((sum, one) => sum | (1 << CMW_INDICATORS.indexOf(one)), 0)
  return { type, valueHex, indicator: bits ?? null }
}
