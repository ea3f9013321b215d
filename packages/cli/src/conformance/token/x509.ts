import { parseCertificate, verifiesUnder, WIDE } from '@sekisho/evidence/x509'
import type { CaseRunner, JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { ByName } from '../compare.ts'
import { expected, listOf, member, textMember } from '../json.ts'
import { NOT_JUDGED } from '../ruling.ts'
import { type CaseRun, casesOf } from '../run.ts'
import { iso, sha256Hex, shownCertificate, subjectOf } from '../values.ts'

/** Runs cases of certificates on their own: what they are read as. */
export const x509Cases: CaseRunner = casesOf({
  tees: ['x509'],
  read: async (files, content) => {
    const { subject, der } = parseCertificate(await files.need('certificate.der'))
    const sha256 = sha256Hex(der)
    // The certificate inside of this one, which must not have been read instead.
    const other = textMember(expected(content, 'fields'), 'notSha256')
    const notSha256 = sha256 === other ? 'read' : (other ?? null)
    return {
      ruling: NOT_JUDGED,
      found: { fields: ByName.of({ subjectCN: subject.commonName ?? null, sha256, notSha256 }) },
    }
  },
})

/** Reads a case of the chain that a service signs its keys with, leaf first, without its root. */
export async function readChain(files: CaseFiles): Promise<CaseRun> {
  const x5c: readonly JsonValue[] = listOf(member(await files.needJson('chain.json'), 'x5c'))
  const ders = x5c.flatMap((one) => (typeof one === 'string' ? [new Uint8Array(Buffer.from(one, 'base64'))] : []))
  const [leaf, intermediate] = ders.map((der) => parseCertificate(der, [], WIDE))
  if (leaf === undefined || intermediate === undefined) throw new Error('the chain has no two certificates')
  const key = intermediate.key
  const values = {
    leafIssuedByIntermediate:
      key !== undefined && verifiesUnder(leaf.signed, key) && leaf.issuer.key === intermediate.subject.key,
    subjects: ders.map((der) => subjectOf(shownCertificate(der))),
    leafSpkiSha256: sha256Hex(leaf.spki),
    intermediateSha256: sha256Hex(intermediate.der),
    notAfter: [leaf, intermediate].map(({ notAfter }) => iso(notAfter)),
  }
  return { ruling: NOT_JUDGED, found: { fields: ByName.of(values) } }
}
