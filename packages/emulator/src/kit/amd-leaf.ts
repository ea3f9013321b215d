import { type AmdAuthority, amdName } from './amd-authority.ts'
import type { AmdProduct, TcbParts } from './amd-products.ts'
import { fromHex } from './bytes.ts'
import { ia5String, integer, octets } from './der.ts'
import type { KeyPair } from './keys.ts'
import { type CertificateOptions, type Extension, type Issued, issue } from './x509.ts'

/** What stands in the extensions of a VCEK or VLEK. */
export interface LeafFields {
  readonly structVersion: number
  readonly productName: string
  readonly tcb: TcbParts
  /** VCEK: hex of the chip id, 64 bytes or 8 for Turin. */
  readonly hwId?: string
  /** Write the hardware id inside an OCTET STRING, as some certificates have it. */
  readonly hwIdWrapped?: boolean
  /** VLEK: the provider. */
  readonly cspId?: string
}

const AMD = '1.3.6.1.4.1.3704.1'

/** The extensions of a leaf in the order its product has them. AMD 57230, section 3.1. */
export function leafExtensions(product: AmdProduct, fields: LeafFields): readonly Extension[] {
  const { tcb } = fields
  const spl = (number: number, value: number): Extension => ({ oid: `${AMD}.3.${number}`, value: integer(value) })
  const levels =
    product === 'Turin'
      ? [
          spl(9, tcb.fmc ?? 0),
          spl(1, tcb.bootLoader),
          spl(2, tcb.tee),
          spl(3, tcb.snp),
          spl(5, 0),
          spl(6, 0),
          spl(7, 0),
        ]
      : [spl(1, tcb.bootLoader), spl(2, tcb.tee), spl(4, 0), spl(5, 0), spl(6, 0), spl(7, 0), spl(3, tcb.snp)]
  return [
    { oid: `${AMD}.1`, value: integer(fields.structVersion) },
    { oid: `${AMD}.2`, value: ia5String(fields.productName) },
    ...levels,
    spl(8, tcb.microcode),
    ...(fields.hwId === undefined ? [] : [hardwareId(fromHex(fields.hwId), fields.hwIdWrapped === true)]),
    ...(fields.cspId === undefined ? [] : [{ oid: `${AMD}.5`, value: ia5String(fields.cspId) }]),
  ]
}

function hardwareId(id: Uint8Array, wrapped: boolean): Extension {
  return { oid: `${AMD}.4`, value: wrapped ? octets(id) : id }
}

/** Issues a VCEK under the ASK, or a VLEK under the ASVK. */
export function issueLeaf(
  authority: AmdAuthority,
  role: 'vcek' | 'vlek',
  key: KeyPair,
  fields: LeafFields,
  overrides: Partial<CertificateOptions> = {},
): Issued {
  const issuer = role === 'vcek' ? authority.ask : authority.asvk
  return issue({
    subject: amdName(role === 'vcek' ? 'SEV-VCEK' : 'SEV-VLEK', authority.unit),
    issuer: issuer.name,
    serial: 0,
    notBefore: new Date('2025-01-01T00:00:00Z'),
    notAfter: new Date('2049-12-31T23:59:59Z'),
    subjectKey: key,
    issuerKey: issuer.key,
    algorithm: 'rsassa-pss-sha384',
    extensions: leafExtensions(authority.product, fields),
    ...overrides,
  })
}
