import { CA_VALIDITY, type ExampleAnchor, exampleAnchor } from './anchor.ts'
import { generateKey, type KeyPair } from './keys.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateOptions,
  distinguishedName,
  highSerial,
  type Issued,
  issue,
  keyUsage,
  subjectKeyIdentifier,
} from './x509.ts'

/** A root and CAs laid out like Intel's provisioning certification hierarchy. */
export interface IntelAuthority {
  readonly root: Issued
  readonly platform: Issued
  readonly processor: Issued
  readonly tcbSigning: Issued
  readonly anchor: ExampleAnchor
  /** Organisation in its names; tells that it is not Intel. */
  readonly organization?: string
}

type Part = 'root' | 'platform' | 'processor' | 'tcbSigning'

/** What may differ from a well-formed authority. */
export interface IntelAuthorityOptions {
  readonly keys?: Partial<Readonly<Record<Part, KeyPair>>>
  readonly certificates?: Partial<Readonly<Record<Part, Partial<CertificateOptions>>>>
  /** Organisation in its names. */
  readonly organization?: string
}

/** A name of the form Intel gives its certificates, under an organisation that is plainly not Intel. */
export function intelName(commonName: string, organization = 'Example Authority (not Intel)'): Uint8Array {
  return distinguishedName(['CN', commonName], ['O', organization], ['L', 'Santa Clara'], ['ST', 'CA'], ['C', 'US'])
}

/**
 * Makes an authority with new keys: root, Platform CA, Processor CA and TCB Signing certificate.
 * @see Intel SGX PCK Certificate and CRL Profile Specification, sections 1.3 to 1.6
 */
export function createIntelAuthority(options: IntelAuthorityOptions = {}): IntelAuthority {
  const { keys = {}, certificates = {}, organization } = options
  const rootKey = keys.root ?? generateKey('P-256')
  const rootName = intelName('Intel SGX Root CA', organization)
  const below = (part: Part, commonName: string, extensions: CertificateOptions['extensions'] = []): Issued => {
    const subjectKey = keys[part] ?? (part === 'root' ? rootKey : generateKey('P-256'))
    return issue({
      subject: intelName(commonName, organization),
      issuer: rootName,
      serial: highSerial(commonName),
      ...CA_VALIDITY,
      subjectKey,
      issuerKey: rootKey,
      algorithm: 'ecdsa-p256-sha256',
      extensions: [authorityKeyIdentifier(rootKey), subjectKeyIdentifier(subjectKey), ...extensions],
      ...certificates[part],
    })
  }
  const ca = keyUsage('keyCertSign', 'cRLSign')
  const root = below('root', 'Intel SGX Root CA', [ca, basicConstraints(true, 1)])
  return {
    ...(organization === undefined ? {} : { organization }),
    root,
    platform: below('platform', 'Intel SGX PCK Platform CA', [ca, basicConstraints(true, 0)]),
    processor: below('processor', 'Intel SGX PCK Processor CA', [ca, basicConstraints(true, 0)]),
    tcbSigning: below('tcbSigning', 'Intel SGX TCB Signing', [
      keyUsage('digitalSignature', 'nonRepudiation'),
      basicConstraints(false),
    ]),
    anchor: exampleAnchor('example-intel-root', 'Example root in the place of the Intel SGX Root CA', root.key),
  }
}
