import { fromHex } from './bytes.ts'
import { boolean, enumerated, integer, octets, oid, sequence } from './der.ts'
import type { IntelAuthority } from './intel-authority.ts'
import { intelName } from './intel-authority.ts'
import { digest, type KeyPair } from './keys.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateOptions,
  type Extension,
  type Issued,
  issue,
  keyUsage,
  subjectKeyIdentifier,
} from './x509.ts'

/** Values of the SGX extensions of a PCK certificate; byte strings in hex. */
export interface PckFields {
  readonly ppid: string
  /** TCB components 1 to 16. */
  readonly components: readonly number[]
  readonly pceSvn: number
  readonly cpuSvn: string
  readonly pceId: string
  readonly fmspc: string
  /** 0 standard, 1 scalable, 2 scalable with integrity. */
  readonly sgxType: number
  /** Platform CA only. */
  readonly platformInstanceId?: string
  /** Platform CA only. */
  readonly configuration?: {
    readonly dynamicPlatform?: boolean
    readonly cachedKeys?: boolean
    readonly smtEnabled?: boolean
  }
}

/** A platform of the kit's own making. */
export const EXAMPLE_PLATFORM: PckFields = {
  ppid: '000102030405060708090a0b0c0d0e0f',
  components: [7, 7, 3, 3, 5, 255, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0],
  pceSvn: 13,
  cpuSvn: '0707030305ff00050000000000000000',
  pceId: '0000',
  fmspc: 'c0ffee000001',
  sgxType: 1,
  platformInstanceId: '101112131415161718191a1b1c1d1e1f',
  configuration: { dynamicPlatform: true, cachedKeys: false, smtEnabled: false },
}

const SGX_EXTENSIONS = '1.2.840.113741.1.13.1'

/** The SGX extensions. Intel SGX PCK Certificate and CRL Profile Specification, section 1.3.5. */
export function sgxExtensions(fields: PckFields): Extension {
  const { configuration: on, platformInstanceId } = fields
  const members = [
    member('1', octets(fromHex(fields.ppid))),
    member('2', tcb(fields)),
    member('3', octets(fromHex(fields.pceId))),
    member('4', octets(fromHex(fields.fmspc))),
    member('5', enumerated(fields.sgxType)),
  ]
  if (platformInstanceId !== undefined) members.push(member('6', octets(fromHex(platformInstanceId))))
  if (on !== undefined) {
    const flags = [on.dynamicPlatform, on.cachedKeys, on.smtEnabled].flatMap((flag, i) =>
      flag === undefined ? [] : [member(`7.${i + 1}`, boolean(flag))],
    )
    members.push(member('7', sequence(...flags)))
  }
  return { oid: SGX_EXTENSIONS, value: sequence(...members) }
}

function tcb(fields: PckFields): Uint8Array {
  return sequence(
    ...fields.components.map((svn, i) => member(`2.${i + 1}`, integer(svn))),
    member('2.17', integer(fields.pceSvn)),
    member('2.18', octets(fromHex(fields.cpuSvn))),
  )
}

function member(suffix: string, value: Uint8Array): Uint8Array {
  return sequence(oid(`${SGX_EXTENSIONS}.${suffix}`), value)
}

/** Issues the PCK certificate of a platform under one of the two CAs. */
export function issuePck(
  authority: IntelAuthority,
  ca: 'platform' | 'processor',
  key: KeyPair,
  fields: PckFields,
  overrides: Partial<CertificateOptions> = {},
): Issued {
  const issuer = authority[ca]
  const serial = digest('sha256', key.spki).subarray(0, 20)
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40
  return issue({
    subject: intelName('Intel SGX PCK Certificate', authority.organization),
    issuer: issuer.name,
    serial,
    notBefore: new Date('2025-01-01T00:00:00Z'),
    notAfter: new Date('2049-12-31T23:59:59Z'),
    subjectKey: key,
    issuerKey: issuer.key,
    algorithm: 'ecdsa-p256-sha256',
    extensions: [
      authorityKeyIdentifier(issuer.key),
      subjectKeyIdentifier(key),
      keyUsage('digitalSignature', 'nonRepudiation'),
      basicConstraints(false),
      sgxExtensions(fields),
    ],
    ...overrides,
  })
}
