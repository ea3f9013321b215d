import { parseToken, type Token, verifyTokenSync } from '@sekisho/evidence/token'
import type { CaseRunner, JsonValue } from '../case.ts'
import { type CaseFiles, parseCaseJson } from '../case-files.ts'
import { ByName } from '../compare.ts'
import { expected, listOf, member, textMember, timeOf } from '../json.ts'
import { ruling } from '../ruling.ts'
import { type CaseKind, type CaseRun, casesOf, unknownIn } from '../run.ts'
import { emulatedAnchor } from '../values.ts'
import { claimNamed } from './claims.ts'
import { readCmw } from './cmw.ts'
import { readEar, readEat } from './ear.ts'
import { readRows } from './rows.ts'
import { keySetValues, signingCertificateValues, tokenValues } from './values.ts'
import { TOKEN_WORDS } from './words.ts'
import { readChain } from './x509.ts'

/** Runs cases of signed tokens, and of other formats that have no signature of their own. */
export const tokenCases: CaseRunner = casesOf({
  tees: ['token'],
  read: async (files, content) => {
    const version = textMember(content, 'version') ?? ''
    const rows = version === 'mixed' ? await files.readJson('rows.json') : undefined
    if (rows !== undefined) return readRows(files, rows)
    const evidence = await evidenceOf(files)
    if (evidence !== undefined) return readToken(files, content, evidence)
    return FORMATS.get(version)?.(files, content) ?? unknownIn('the files of this case')
  },
})

/** Formats that are no token, by the version that their cases have. */
const FORMATS: ReadonlyMap<string, CaseKind['read']> = new Map([
  ['cmw', readCmw],
  ['ear-draft-03', readEar],
  ['eat-rfc9711', readEat],
  ['nvidia-nras-x5c', readChain],
])

async function evidenceOf(files: CaseFiles): Promise<Uint8Array | undefined> {
  return (
    (await files.read('detached-eat.json')) ??
    detached(await files.readJson('bundle.json')) ??
    (await files.read('token.jwt')) ??
    (await files.read('token.cwt')) ??
    (await files.read('token.cbor'))
  )
}

// The answer of NVIDIA's local verifier: a bundle, among other things.
function detached(answer: JsonValue | undefined): Uint8Array | undefined {
  const bundle = member(answer, 'detached_eat')
  return bundle === undefined ? undefined : new TextEncoder().encode(JSON.stringify(bundle))
}

async function readToken(files: CaseFiles, content: JsonValue, evidence: Uint8Array): Promise<CaseRun> {
  const jwks = (await files.readText('jwks.json')) ?? (await files.readText('key.jwk.json'))
  const root = await files.read('root.pem')
  const issuer = textMember(expected(content, 'fields'), 'iss')
  const named = issuer === undefined ? {} : { issuer }
  const ruled = await ruling(() => {
    const keys = jwks === undefined ? named : { keySet: { ...named, jwks } }
    // A root rules where there are certificates that lead to it; keys without any are trusted themselves.
    const isPinned = root !== undefined && hasCertificates(parseToken(evidence), jwks)
    const pinned = isPinned ? { trustAnchors: [emulatedAnchor(root)] } : {}
    return verifyTokenSync(evidence, { at: timeOf(content), ...keys, ...pinned })
  }, TOKEN_WORDS)
  const token = parseToken(evidence)
  const values = {
    ...tokenValues(token),
    ...keySetValues(jwks),
    ...signingCertificateValues(jwks, token.header['kid']),
  }
  const fields = new ByName((name) => (Object.hasOwn(values, name) ? values[name] : claimNamed(token.claims, name)))
  return { ruling: ruled, found: { fields } }
}

function hasCertificates({ header }: Token, jwks: string | undefined): boolean {
  const keys = jwks === undefined ? [] : listOf(member(parseCaseJson(jwks, 'jwks.json'), 'keys'))
  const shown = [header['jwk'] ?? null, ...keys]
  return header['x5c'] !== undefined || shown.some((key) => member(key, 'x5c') !== undefined)
}
