import { X509Certificate } from 'node:crypto'
import { parseCertificate, verifiesUnder, WIDE } from '@sekisho/evidence/x509'
import type { CaseResult, CaseRunner, Comparison, JsonValue } from './case.ts'
import { conclude, strangersTo } from './judged.ts'
import { CaseFiles, isRecord, member, sha256Hex, textMember } from './snp-files.ts'
import { compareTree } from './snp-tree.ts'

/** Runs cases of certificates on their own: what they are read as. */
export const x509Cases: CaseRunner = {
  tees: ['x509'],
  run: async (folder, name, content) => {
    const der = await new CaseFiles(folder).need('certificate.der')
    const certificate = parseCertificate(der)
    const values: Readonly<Record<string, JsonValue>> = {
      subjectCN: certificate.subject.commonName ?? null,
      sha256: sha256Hex(certificate.der),
      // The certificate inside of this one, which must not have been read instead.
      notSha256:
        sha256Hex(certificate.der) === textMember(fieldsOf(content), 'notSha256')
          ? 'read'
          : (textMember(fieldsOf(content), 'notSha256') ?? null),
    }
    return withValues(name, content, values)
  },
}

/** Runs a case of the chain that a service signs its keys with, leaf first, without its root. */
export async function runChain(folder: string, name: string, content: JsonValue): Promise<CaseResult> {
  const chain: JsonValue = JSON.parse(new TextDecoder().decode(await new CaseFiles(folder).need('chain.json')))
  const x5c = member(chain, 'x5c')
  const ders = (Array.isArray(x5c) ? x5c : []).flatMap((one: JsonValue) =>
    typeof one === 'string' ? [new Uint8Array(Buffer.from(one, 'base64'))] : [],
  )
  const [leaf, intermediate] = ders.map((der) => parseCertificate(der, [], WIDE))
  if (leaf === undefined || intermediate === undefined) throw new Error('the chain has no two certificates')
  const key = intermediate.key
  return withValues(name, content, {
    leafIssuedByIntermediate:
      key !== undefined && verifiesUnder(leaf.signed, key) && leaf.issuer.key === intermediate.subject.key,
    subjects: ders.map(subjectOf),
    leafSpkiSha256: sha256Hex(leaf.spki),
    intermediateSha256: sha256Hex(intermediate.der),
    notAfter: [leaf, intermediate].map(({ notAfter }) => new Date(notAfter).toISOString().replace('.000Z', 'Z')),
  })
}

// As PEM: handed DER, the parser would look for PEM text inside of it first.
function subjectOf(der: Uint8Array): string {
  const pem = `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64')}\n-----END CERTIFICATE-----\n`
  return new X509Certificate(pem).subject.split('\n').reverse().join(',')
}

function fieldsOf(content: JsonValue): JsonValue | undefined {
  return member(member(content, 'expect'), 'fields')
}

function withValues(name: string, content: JsonValue, values: Readonly<Record<string, JsonValue>>): CaseResult {
  const comparisons: Comparison[] = []
  const unimplemented: string[] = [...strangersTo(content, ['fields'])]
  const fields = fieldsOf(content)
  for (const [field, expected] of isRecord(fields) ? Object.entries(fields) : []) {
    const found = values[field]
    if (found === undefined) unimplemented.push(`expect.fields.${field}`)
    else comparisons.push(...compareTree(`fields.${field}`, expected, found))
  }
  return conclude(name, content, { verdict: 'unverifiable', reasons: [] }, comparisons, unimplemented)
}
