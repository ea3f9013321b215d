import { claimsOfCbor, type Ear, eatFaults, parseStrict, readEar, submodulesOf } from '@sekisho/evidence/eat'
import type { JsonObject } from '@sekisho/evidence/token'
import { verifyTokenSync } from '@sekisho/evidence/token'
import type { CaseResult, Comparison, JsonValue } from './case.ts'
import { checksOf, conclude, strangersTo } from './judged.ts'
import { CaseFiles, isRecord, member, sha256Hex, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

const NOT_SIGNED = { verdict: 'unverifiable', reasons: [] } as const

/** Runs a case of attestation results: claims sets in JSON and CBOR, and one in a COSE_Sign1. */
export async function runEar(folder: string, name: string, content: JsonValue): Promise<CaseResult> {
  const files = new CaseFiles(folder)
  const at = new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
  const comparisons: Comparison[] = []
  const unimplemented: string[] = [...strangersTo(content, ['fields'])]
  const present = await files.list('')
  for (const file of RESULTS.filter((one) => present.includes(one)))
    comparisons.push(...whole(file, readEar(await claimsIn(files, file))))
  const fields = member(member(content, 'expect'), 'fields')
  for (const [field, expected] of isRecord(fields) ? Object.entries(fields) : []) {
    const found = await OBSERVERS[field]?.(files, at)
    if (found === undefined) unimplemented.push(`expect.fields.${field}`)
    else comparisons.push(...compareTree(`fields.${field}`, expected, found))
  }
  return conclude(name, content, NOT_SIGNED, comparisons, unimplemented)
}

const RESULTS: readonly string[] = [
  'ear-json-1.json',
  'ear-json-2.json',
  'ext-teep-json-1.json',
  'ext-veraison-json-1.json',
  'ext-veraison-json-2.json',
  'ear-2023-indefinite.json',
  'ear-cbor-1.cbor',
  'ear-2023-indefinite.cbor',
]

async function claimsIn(files: CaseFiles, file: string): Promise<JsonObject> {
  const bytes = await files.need(file)
  if (file.endsWith('.cbor')) return claimsOfCbor(bytes)
  const value = parseStrict(new TextDecoder().decode(bytes), file)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${file} is no object`)
  return Object.fromEntries(Object.entries(value))
}

function whole(file: string, { missing, faults }: Ear): readonly Comparison[] {
  return compareTree(file, { missing: null, faults: [] }, { missing: missing ?? null, faults })
}

type Observer = (files: CaseFiles, at: Date) => Promise<JsonValue>

const OBSERVERS: Readonly<Record<string, Observer>> = {
  earJson1: async (files) => {
    const [first] = readEar(await claimsIn(files, 'ear-json-1.json')).appraisals
    return { status: first?.status ?? null, vector: first?.vector ?? null }
  },
  earCbor1Sha256: async (files) => sha256Hex(await files.need('ear-cbor-1.cbor')),
  cwt: async (files, at) => {
    const jwks = new TextDecoder().decode(await files.need('ear-cwt-key.jwk'))
    const verdict = verifyTokenSync(await files.need('ear-cwt.cose'), { at, keySet: { jwks } })
    const bad = checksOf(verdict).find(({ phase, outcome }) => phase === 'authenticity' && outcome === 'fail')
    return verdict.authenticity === 'proven' ? 'valid with ear-cwt-key.jwk' : (bad?.id ?? verdict.authenticity)
  },
  old2023: async (files) => {
    const [json, cbor] = [
      readEar(await claimsIn(files, 'ear-2023-indefinite.json')),
      readEar(await claimsIn(files, 'ear-2023-indefinite.cbor')),
    ]
    const same = JSON.stringify(json.appraisals) === JSON.stringify(cbor.appraisals)
    return {
      status: same ? (cbor.appraisals[0]?.status ?? null) : 'differs between JSON and CBOR',
      rawEvidenceHex: Buffer.from(cbor.rawEvidence ?? '', 'base64url').toString('hex'),
    }
  },
}

/** Runs a case of unsigned claims sets of EAT in JSON: each is read, with the claims sets below it. */
export async function runEat(folder: string, name: string, content: JsonValue): Promise<CaseResult> {
  const files = new CaseFiles(folder)
  const fields = member(member(content, 'expect'), 'fields')
  const listed = member(fields, 'files')
  const comparisons: Comparison[] = []
  for (const file of Array.isArray(listed) ? listed : []) {
    if (typeof file !== 'string') continue
    const claims = await claimsIn(files, file)
    // The working group's sample has a UEID of type 0, which its own text does not know.
    const faults = [claims, ...submodulesOf(claims).map(([, one]) => one)].flatMap((one) => eatFaults(one))
    const expected = file === 'submods.json' ? ['ueid: expected 7 to 33 bytes, the first of them 1, 2 or 3'] : []
    comparisons.push(...compareTree(`files.${file}`, expected, faults))
  }
  const others = isRecord(fields) ? Object.keys(fields).filter((field) => field !== 'files') : []
  const unimplemented = [...strangersTo(content, ['fields']), ...others.map((field) => `expect.fields.${field}`)]
  return conclude(
    name,
    content,
    NOT_SIGNED,
    comparisons,
    comparisons.length === 0 ? [...unimplemented, 'expect.fields.files'] : unimplemented,
  )
}
