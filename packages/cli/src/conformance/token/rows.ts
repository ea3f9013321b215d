import { join } from 'node:path'
import { EvidenceError } from '@sekisho/evidence'
import { verifyTokenSync } from '@sekisho/evidence/token'
import type { Comparison, JsonValue } from '../case.ts'
import { CaseFiles } from '../case-files.ts'
import { ByName } from '../compare.ts'
import { listOf, member, textMember } from '../json.ts'
import { checksOf, vocabularyOf } from '../ruling.ts'
import type { CaseRun } from '../run.ts'
import { TOKEN_WORDS } from './words.ts'

/** Reads a list of tokens that must all be refused, each for its own reason, with the keys of the case that a row names. */
export async function readRows(files: CaseFiles, parsed: JsonValue): Promise<CaseRun> {
  const rows = listOf(Array.isArray(parsed) ? parsed : member(parsed, 'rows'))
  const first: Comparison[] = []
  for (const row of rows) first.push(await compareRow(files, row))
  return {
    ruling: { verdict: 'invalid', reasons: [] },
    found: { fields: ByName.of({ rows: rows.length }) },
    first,
  }
}

const VOCABULARY = vocabularyOf(TOKEN_WORDS)

async function compareRow({ parent }: CaseFiles, row: JsonValue): Promise<Comparison> {
  const files = new CaseFiles(join(parent.folder, textMember(row, 'jwks') ?? ''))
  const jwks = await files.readText('jwks.json')
  const origin = await files.needJson('case.json')
  const issuer = textMember(row, 'expectedIssuer') ?? textMember(member(member(origin, 'expect'), 'fields'), 'iss')
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
