import { parseToken, type Token, verifyTokenSync } from '@sekisho/evidence/token'
import type { CaseRunner, Comparison, JsonValue } from './case.ts'
import { runCmw } from './cmw.ts'
import { runEar, runEat } from './ear.ts'
import { conclude, expectedMembers, type Ruling, ruling } from './judged.ts'
import { CaseFiles, emulatedAnchor, isRecord, member, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'
import { claimNamed } from './token-claims.ts'
import { runRows } from './token-rows.ts'
import { keySetValues, signingCertificateValues, tokenValues, type Values } from './token-values.ts'
import { TOKEN_WORDS } from './token-words.ts'
import { runChain } from './x509.ts'

/** Runs cases of signed tokens. Cases of other formats, of rows and of bundles are reported as not supported. */
export const tokenCases: CaseRunner = {
  tees: ['token'],
  run: async (folder, name, content) => {
    const files = new CaseFiles(folder)
    const evidence =
      (await files.read('detached-eat.json')) ??
      detached(await files.read('bundle.json')) ??
      (await files.read('token.jwt')) ??
      (await files.read('token.cwt')) ??
      (await files.read('token.cbor'))
    const rows = await files.read('rows.json')
    if (rows !== undefined && textMember(content, 'version') === 'mixed') return runRows(folder, name, content, rows)
    const other = RUNNERS[textMember(content, 'version') ?? '']
    if (evidence === undefined && other !== undefined) return other(folder, name, content)
    if (evidence === undefined) return conclude(name, content, NOT_RUN, [], ['the files of this case'])
    const jwks = (await files.read('jwks.json')) ?? (await files.read('key.jwk.json'))
    const root = await files.read('root.pem')
    const fields = member(member(content, 'expect'), 'fields')
    const issuer = textMember(fields, 'iss')
    const at = new Date(textMember(content, 'evaluateAt') ?? Number.NaN)
    const text = jwks === undefined ? undefined : new TextDecoder().decode(jwks)
    const named = issuer === undefined ? {} : { issuer }
    const ruled = await ruling(() => {
      const keys = text === undefined ? named : { keySet: { ...named, jwks: text } }
      // A root rules where there are certificates that lead to it; keys without any are trusted themselves.
      const pinned = root !== undefined && hasCertificates(parseToken(evidence), text)
      return verifyTokenSync(evidence, { at, ...keys, ...(pinned ? { trustAnchors: [emulatedAnchor(root)] } : {}) })
    }, TOKEN_WORDS)
    const token = parseToken(evidence)
    const values = {
      ...tokenValues(token),
      ...keySetValues(text),
      ...signingCertificateValues(text, token.header['kid']),
    }
    return compared(name, content, ruled, values, token.claims)
  },
}

function hasCertificates({ header }: Token, jwks: string | undefined): boolean {
  const keys: JsonValue | undefined = jwks === undefined ? undefined : member(JSON.parse(jwks), 'keys')
  const shown = [header['jwk'] ?? null, ...(Array.isArray(keys) ? keys : [])]
  return header['x5c'] !== undefined || shown.some((key) => member(key, 'x5c') !== undefined)
}

// The answer of NVIDIA's local verifier: a bundle, among other things.
function detached(bytes: Uint8Array | undefined): Uint8Array | undefined {
  const bundle: JsonValue | undefined =
    bytes === undefined ? undefined : member(JSON.parse(new TextDecoder().decode(bytes)), 'detached_eat')
  return bundle === undefined ? undefined : new TextEncoder().encode(JSON.stringify(bundle))
}

const RUNNERS: Readonly<Record<string, typeof runCmw>> = {
  cmw: runCmw,
  'ear-draft-03': runEar,
  'eat-rfc9711': runEat,
  'nvidia-nras-x5c': runChain,
}

const NOT_RUN: Ruling = { verdict: 'unverifiable', reasons: [] }

function compared(
  name: string,
  content: JsonValue,
  ruled: Ruling,
  values: Values,
  claims: JsonValue,
): ReturnType<typeof conclude> {
  const comparisons: Comparison[] = []
  const unimplemented: string[] = []
  for (const [path, expected] of expectedMembers(content)) {
    if (path !== 'fields' || !isRecord(expected)) {
      unimplemented.push(`expect.${path}`)
      continue
    }
    for (const [field, value] of Object.entries(expected)) {
      const found = Object.hasOwn(values, field) ? values[field] : claimNamed(claims, field)
      if (found === undefined) unimplemented.push(`expect.fields.${field}`)
      else comparisons.push(...compareTree(`fields.${field}`, value, found))
    }
  }
  return conclude(name, content, ruled, comparisons, unimplemented)
}
