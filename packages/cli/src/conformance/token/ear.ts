import {
  claimsOfCbor,
  type Ear,
  eatFaults,
  readEar as parseEar,
  parseStrict,
  submodulesOf,
} from '@sekisho/evidence/eat'
import type { JsonObject } from '@sekisho/evidence/token'
import { verifyTokenSync } from '@sekisho/evidence/token'
import type { Comparison, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { ByName, compareTree, ELSEWHERE, type Observer } from '../compare.ts'
import { expected, listOf, member, timeOf } from '../json.ts'
import { checksOf, NOT_JUDGED } from '../ruling.ts'
import type { CaseRun } from '../run.ts'
import { sha256Hex } from '../values.ts'

/** Reads a case of attestation results: claims sets in JSON and CBOR, and one in a COSE_Sign1. */
export async function readEar(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const first: Comparison[] = []
  const present = await files.list()
  for (const file of RESULTS.filter((one) => present.includes(one)))
    first.push(...whole(file, parseEar(await claimsIn(files, file))))
  return { ruling: NOT_JUDGED, found: { fields: ByName.of(earValues(files, timeOf(content))) }, first }
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

function earValues(files: CaseFiles, at: Date): Readonly<Record<string, Observer>> {
  return {
    earJson1: async () => {
      const [first] = parseEar(await claimsIn(files, 'ear-json-1.json')).appraisals
      return { status: first?.status ?? null, vector: first?.vector ?? null }
    },
    earCbor1Sha256: async () => sha256Hex(await files.need('ear-cbor-1.cbor')),
    cwt: async () => {
      const jwks = new TextDecoder().decode(await files.need('ear-cwt-key.jwk'))
      const verdict = verifyTokenSync(await files.need('ear-cwt.cose'), { at, keySet: { jwks } })
      const bad = checksOf(verdict).find(({ phase, outcome }) => phase === 'authenticity' && outcome === 'fail')
      return verdict.authenticity === 'proven' ? 'valid with ear-cwt-key.jwk' : (bad?.id ?? verdict.authenticity)
    },
    old2023: async () => {
      const json = parseEar(await claimsIn(files, 'ear-2023-indefinite.json'))
      const cbor = parseEar(await claimsIn(files, 'ear-2023-indefinite.cbor'))
      const same = JSON.stringify(json.appraisals) === JSON.stringify(cbor.appraisals)
      return {
        status: same ? (cbor.appraisals[0]?.status ?? null) : 'differs between JSON and CBOR',
        rawEvidenceHex: Buffer.from(cbor.rawEvidence ?? '', 'base64url').toString('hex'),
      }
    },
  }
}

/** Reads a case of unsigned claims sets of EAT in JSON: each is read, with the claims sets below it. */
export async function readEat(files: CaseFiles, content: JsonValue): Promise<CaseRun> {
  const listed = member(expected(content, 'fields'), 'files')
  const first: Comparison[] = []
  for (const file of listOf(listed)) {
    if (typeof file !== 'string') continue
    const claims = await claimsIn(files, file)
    // The working group's sample has a UEID of type 0, which its own text does not know.
    const faults = [claims, ...submodulesOf(claims).map(([, one]) => one)].flatMap((one) => eatFaults(one))
    const known = file === 'submods.json' ? ['ueid: expected 7 to 33 bytes, the first of them 1, 2 or 3'] : []
    first.push(...compareTree(`files.${file}`, known, faults))
  }
  return {
    ruling: NOT_JUDGED,
    found: { fields: new ByName((name) => (name === 'files' ? ELSEWHERE : undefined)) },
    first,
    unimplemented: first.length === 0 ? ['expect.fields.files'] : [],
  }
}
