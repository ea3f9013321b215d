import { join } from 'node:path'
import { EvidenceError } from '@sekisho/evidence'
import { verifyTokenSync } from '@sekisho/evidence/token'
import type { CaseResult, Comparison, JsonValue } from './case.ts'
import { checksOf, conclude, strangersTo, vocabularyOf } from './judged.ts'
import { CaseFiles, isRecord, member, textMember } from './snp-files.ts'
import { TOKEN_WORDS } from './token-words.ts'

/** Runs a list of tokens that must all be refused, each for its own reason, with the keys of the case that a row names. */
export async function runRows(
  folder: string,
  name: string,
  content: JsonValue,
  bytes: Uint8Array,
): Promise<CaseResult> {
  const parsed: JsonValue = JSON.parse(new TextDecoder().decode(bytes))
  const rows = Array.isArray(parsed) ? parsed : member(parsed, 'rows')
  const list: readonly JsonValue[] = Array.isArray(rows) ? rows : []
  const comparisons: Comparison[] = []
  for (const row of list) comparisons.push(await runRow(folder, row))
  const unimplemented: string[] = [...strangersTo(content, ['fields'])]
  const fields = member(member(content, 'expect'), 'fields')
  for (const [field, expected] of isRecord(fields) ? Object.entries(fields) : []) {
    const path = `fields.${field}`
    if (field === 'rows') comparisons.push({ path, expected, actual: list.length, equal: expected === list.length })
    else unimplemented.push(`expect.${path}`)
  }
  return conclude(name, content, { verdict: 'invalid', reasons: [] }, comparisons, unimplemented)
}

const VOCABULARY = vocabularyOf(TOKEN_WORDS)

async function runRow(folder: string, row: JsonValue): Promise<Comparison> {
  const base = textMember(row, 'jwks') ?? ''
  const files = new CaseFiles(join(folder, '..', base))
  const given = await files.read('jwks.json')
  const origin: JsonValue = JSON.parse(new TextDecoder().decode(await files.need('case.json')))
  const issuer = textMember(row, 'expectedIssuer') ?? textMember(member(member(origin, 'expect'), 'fields'), 'iss')
  const jwks = given === undefined ? undefined : new TextDecoder().decode(given)
  const audience = textMember(row, 'expectedAudience')
  const nonce = textMember(row, 'expectedNonce')
  const expect = {
    ...(audience === undefined ? {} : { audience: [audience] }),
    ...(nonce === undefined ? {} : { nonce }),
  }
  const expected = member(row, 'reason') ?? null
  const found = reasonsOf(() =>
    verifyTokenSync(evidenceOf(row), {
      at: new Date(textMember(row, 'evaluateAt') ?? textMember(origin, 'evaluateAt') ?? Number.NaN),
      ...(jwks === undefined ? {} : { keySet: issuer === undefined ? { jwks } : { issuer, jwks } }),
      expect,
    }),
  )
  // A word that stands for no refusal here is a name that the list has chosen: refused it must be all the same.
  const isFree = typeof expected === 'string' && !VOCABULARY.has(expected) && found.length > 0
  const equal = isFree || (typeof expected === 'string' && found.includes(expected))
  const path = `rows.${textMember(row, 'name') ?? ''}`
  return { path, expected, actual: equal ? expected : (found[0] ?? 'accepted'), equal }
}

function evidenceOf(row: JsonValue): Uint8Array {
  const token = textMember(row, 'token') ?? ''
  const submodule = textMember(row, 'submodule')
  const text = submodule === undefined ? token : JSON.stringify([['JWT', token], { 'GPU-0': submodule }])
  return new TextEncoder().encode(text)
}

/** Expectations that a row may name. */
const ASKED: readonly string[] = ['token.expect.audience', 'token.expect.freshness']

// The first check that fails decides. What an appraisal would refuse anyway, such as debugging, is no reason here.
function reasonsOf(verify: () => ReturnType<typeof verifyTokenSync>): readonly string[] {
  try {
    const failed = checksOf(verify()).filter(({ outcome }) => outcome === 'fail')
    const first = failed.find(({ id, phase }) => phase === 'authenticity' || ASKED.includes(id))
    return first === undefined ? [] : (TOKEN_WORDS[first.id] ?? [first.id])
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return TOKEN_WORDS[error.code] ?? [error.code]
  }
}
