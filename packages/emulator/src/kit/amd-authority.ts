import { type AmdProduct, amdSerial } from './amd-products.ts'
import { CA_VALIDITY, DEFAULT_WINDOW, type ExampleAnchor, exampleAnchor, type Window } from './anchor.ts'
import type { KeyPair } from './keys.ts'
import { namedKey } from './named-keys.ts'
import {
  authorityKeyIdentifier,
  basicConstraints,
  type CertificateOptions,
  type CrlOptions,
  distinguishedName,
  type Issued,
  issue,
  issueCrl,
  keyUsage,
  subjectKeyIdentifier,
} from './x509.ts'

/** Root and intermediates laid out like AMD's, for one product. */
export interface AmdAuthority {
  readonly product: AmdProduct
  readonly ark: Issued
  readonly ask: Issued
  readonly asvk: Issued
  readonly anchor: ExampleAnchor
  /** Organisational unit in its names; tells that it is not AMD's. */
  readonly unit?: string
}

type Part = 'ark' | 'ask' | 'asvk'

/** What may differ from a well-formed authority. */
export interface AmdAuthorityOptions {
  /** Size of RSA keys the kit makes; default 4096 as AMD's, which takes most of a second for each. */
  readonly bits?: 2048 | 3072 | 4096
  readonly keys?: Partial<Readonly<Record<Part, KeyPair>>>
  readonly certificates?: Partial<Readonly<Record<Part, Partial<CertificateOptions>>>>
  /** Another value gives other keys under the same names: a look-alike. */
  readonly label?: string
  /** Organisational unit in its names. */
  readonly unit?: string
}

/** A name with the attributes and the order that AMD's have; the unit says that it is not AMD's. */
export function amdName(commonName: string, unit = 'Example, not AMD'): Uint8Array {
  return distinguishedName(
    ['OU', unit],
    ['C', 'US'],
    ['L', 'Santa Clara'],
    ['ST', 'CA'],
    ['O', 'Advanced Micro Devices'],
    ['CN', commonName],
  )
}

/**
 * Makes an authority. Its RSA keys are made once a process for each product and label.
 * @see AMD 57230, "Versioned Chip Endorsement Key (VCEK) Certificate and KDS Interface Specification", section 3
 */
export function createAmdAuthority(product: AmdProduct, options: AmdAuthorityOptions = {}): AmdAuthority {
  const { keys = {}, certificates = {}, bits = 4096, label = 'example', unit } = options
  const key = (part: Part): KeyPair => keys[part] ?? namedKey(`${label} ${product} ${part}`, `RSA-${bits}`)
  const arkKey = key('ark')
  const arkName = amdName(`ARK-${product}`, unit)
  const make = (part: Part, commonName: string, extensions: CertificateOptions['extensions']): Issued => {
    const subjectKey = key(part)
    return issue({
      subject: amdName(commonName, unit),
      issuer: arkName,
      serial: amdSerial(product, part),
      ...CA_VALIDITY,
      subjectKey,
      issuerKey: arkKey,
      algorithm: 'rsassa-pss-sha384-trailer',
      extensions: [subjectKeyIdentifier(subjectKey), authorityKeyIdentifier(arkKey), ...(extensions ?? [])],
      ...certificates[part],
    })
  }
  const intermediate = [basicConstraints(true, 0), keyUsage('keyCertSign')]
  const ark = make('ark', `ARK-${product}`, [keyUsage('keyCertSign', 'cRLSign'), basicConstraints(true)])
  let ask: Issued | undefined
  let asvk: Issued | undefined
  return {
    product,
    ...(unit === undefined ? {} : { unit }),
    ark,
    // Made at their first use: most evidence needs one of the two, and RSA keys take time.
    get ask(): Issued {
      ask ??= make('ask', `SEV-${product}`, intermediate)
      return ask
    },
    get asvk(): Issued {
      asvk ??= make('asvk', `SEV-VLEK-${product}`, intermediate)
      return asvk
    },
    anchor: exampleAnchor(
      `example-ark-${product.toLowerCase()}`,
      `Example root in the place of ARK-${product}`,
      ark.key,
    ),
  }
}

/** Issues the revocation list of a product; nothing is revoked unless told otherwise. */
export function amdCrl(
  authority: AmdAuthority,
  overrides: Partial<CrlOptions> = {},
  window: Window = DEFAULT_WINDOW,
): Uint8Array {
  return issueCrl({
    issuer: authority.ark.name,
    issuerKey: authority.ark.key,
    algorithm: 'rsassa-pss-sha384',
    thisUpdate: window.from,
    nextUpdate: window.to,
    ...overrides,
  })
}
