import { concatBytes } from '../core/bytes.ts'
import { type EvidenceError, refuse } from '../core/errors.ts'
import type { Remembered } from '../core/memory.ts'
import { isPresent, type Part, partOf, readPart } from '../core/part.ts'
import type { Job, PublicKey, SignatureJob } from '../crypto/jobs.ts'
import { AMD } from '../x509/amd-algorithms.ts'
import { type Certificate, parseCertificate } from '../x509/certificate.ts'
import { type Crl, parseCrl } from '../x509/crl.ts'
import { decodePem } from '../x509/pem.ts'
import { knownRoots, rootSignature } from '../x509/root-signature.ts'
import type { Signed } from '../x509/signature.ts'
import { AMD_ROOT_CERTIFICATES } from './anchors.ts'
import { parseCertificateTable, type TableEntry } from './certificate-table.ts'
import { intermediateOf, type LeafExtensions, type LeafRole, readLeafExtensions } from './certificates.ts'
import { type IdBlockProof, planIdBlock } from './id-block.ts'

/**
 * Endorsements of a report, and other things to judge it by. Certificates are DER or PEM. A part that is
 * given wins over one from `certChain`, and that over one from a certificate table. Everything is
 * verified: nothing here needs to come from a trusted place.
 */
export interface SnpCollateralInput {
  /** The chip's certificate, from AMD's key service. */
  readonly vcek?: Uint8Array
  /** The cloud provider's certificate, which only hosts hand out. */
  readonly vlek?: Uint8Array
  readonly ask?: Uint8Array
  readonly asvk?: Uint8Array
  readonly ark?: Uint8Array
  /** PEM as AMD's key service answers `cert_chain`: ASK or ASVK, then ARK; or the other way round. */
  readonly certChain?: Uint8Array
  /** DER, or PEM with the label `X509 CRL`. */
  readonly crl?: Uint8Array
  /** GHCB certificate table (`auxblob` of configfs-tsm). */
  readonly certificateTable?: Uint8Array
  /** What the guest was launched with: 96 and 4096 bytes. */
  readonly idBlock?: Uint8Array
  readonly idAuth?: Uint8Array
}

/** The leaf with its AMD extensions, which may be unreadable on their own. */
export interface Leaf {
  readonly certificate: Certificate
  readonly extensions: Part<LeafExtensions>
}

/** The parts of a collateral, read. */
export interface SnpParts {
  readonly vcek: Part<Leaf>
  readonly vlek: Part<Leaf>
  readonly ask: Part<Certificate>
  readonly asvk: Part<Certificate>
  readonly ark: Part<Certificate>
  readonly crl: Part<Crl>
  readonly idBlock: Part<IdBlockProof>
  /** Undefined, or why the certificate table could not be read. */
  readonly tableError: EvidenceError | undefined
}

/** Endorsements, parsed once. Immutable; what was verified of it stays verified, while dates and revocation are judged on each use. */
export class SnpCollateral implements SnpParts, Remembered {
  readonly vcek: Part<Leaf>
  readonly vlek: Part<Leaf>
  readonly ask: Part<Certificate>
  readonly asvk: Part<Certificate>
  readonly ark: Part<Certificate>
  readonly crl: Part<Crl>
  readonly idBlock: Part<IdBlockProof>
  /** Undefined, or why the certificate table could not be read. */
  readonly tableError: EvidenceError | undefined
  /** Size of everything it was made from, in bytes. */
  readonly size: number
  readonly certificates: readonly Certificate[] = []
  readonly jobs: readonly Job[] = []

  /** Use {@link prepareSnpCollateral}. `parts` belongs to the new object alone. */
  constructor(parts: SnpCollateralInput, table: readonly TableEntry[]) {
    let entries = table
    let tableError: EvidenceError | undefined
    if (parts.certificateTable !== undefined) {
      const read = readPart(parts.certificateTable, parseCertificateTable)
      entries = [...(read.value ?? []), ...table]
      tableError = read.error
    }
    const fromTable = (kind: TableEntry['kind']): Uint8Array | undefined =>
      entries.find((entry) => entry.kind === kind)?.data
    // The issuer before what it issued: a name that the pool has is not read again.
    const pool = knownRoots(AMD_ROOT_CERTIFICATES)
    const certificateOf = (bytes: Uint8Array): Certificate =>
      parseCertificate(derOf(bytes, 'CERTIFICATE', 'certificate'), pool, AMD)
    const chain = splitChain(parts.certChain, certificateOf)
    this.ark =
      parts.ark !== undefined
        ? readPart(parts.ark, certificateOf)
        : isPresent(chain.ark)
          ? chain.ark
          : readPart(fromTable('ark'), certificateOf)
    const tableIntermediate = readPart(fromTable('ask'), certificateOf)
    const chainIntermediate = chain.intermediate
    const intermediate = (role: LeafRole, own: Uint8Array | undefined): Part<Certificate> => {
      if (own !== undefined) return readPart(own, certificateOf)
      if (fits(chainIntermediate, role)) return chainIntermediate
      return fits(tableIntermediate, role) ? tableIntermediate : {}
    }
    this.ask = intermediate('vcek', parts.ask)
    this.asvk = intermediate('vlek', parts.asvk)
    const leafOf = (bytes: Uint8Array): Leaf => leafFrom(certificateOf(bytes))
    this.vcek = readPart(parts.vcek ?? fromTable('vcek'), leafOf)
    this.vlek = readPart(parts.vlek ?? fromTable('vlek'), leafOf)
    this.crl = readPart(parts.crl ?? fromTable('crl'), (bytes) => parseCrl(derOf(bytes, 'X509 CRL', 'crl'), AMD, pool))
    this.idBlock = readIdBlock(parts)
    this.tableError = tableError
    this.size = sizeOf(parts) + table.reduce((sum, entry) => sum + entry.data.length, 0)
  }
}

/** Leaf and intermediate of a chain. */
export interface Endorsement {
  readonly leaf: Part<Leaf>
  readonly intermediate: Part<Certificate>
}

/** The endorsement for a report that says `role`; that of the other role when there is no other, so that the mismatch can be named. */
export function pickEndorsement(parts: SnpParts, role: LeafRole): Endorsement {
  const vcek: Endorsement = { leaf: parts.vcek, intermediate: parts.ask }
  const vlek: Endorsement = { leaf: parts.vlek, intermediate: parts.asvk }
  const [own, other] = role === 'vcek' ? [vcek, vlek] : [vlek, vcek]
  const chosen = isPresent(own.leaf) || !isPresent(other.leaf) ? own : other
  const spare = chosen === own ? other : own
  return isPresent(chosen.intermediate) ? chosen : { leaf: chosen.leaf, intermediate: spare.intermediate }
}

/** `first`, with what it lacks from `second`. */
export function mergeParts(first: SnpParts, second: SnpParts): SnpParts {
  const lacking = PARTS.filter((name) => !isPresent(first[name])).map((name) => [name, second[name]] as const)
  return { ...first, ...Object.fromEntries(lacking), tableError: first.tableError ?? second.tableError }
}

const PARTS = ['vcek', 'vlek', 'ask', 'asvk', 'ark', 'crl', 'idBlock'] as const

/**
 * Reads endorsements once, for many verifications. The bytes are copied. Parts that cannot be read do
 * not throw: they become failing checks that name the part.
 *
 * @param table entries of a certificate table that came with the evidence
 */
export function prepareSnpCollateral(input: SnpCollateralInput, table: readonly TableEntry[] = []): SnpCollateral {
  return new SnpCollateral(copyCollateral(input), table)
}

/** A copy that the caller cannot change. */
export function copyCollateral(input: SnpCollateralInput): SnpCollateralInput {
  const copy: Partial<Record<keyof SnpCollateralInput, Uint8Array>> = {}
  for (const name of NAMES) {
    const bytes = input[name]
    if (bytes !== undefined) copy[name] = new Uint8Array(bytes)
  }
  return copy
}

const NAMES: readonly (keyof SnpCollateralInput)[] = [
  'vcek',
  'vlek',
  'ask',
  'asvk',
  'ark',
  'certChain',
  'crl',
  'certificateTable',
  'idBlock',
  'idAuth',
]

/** All bytes of an input and a table, framed so that no two inputs give the same; for keys of a memory. */
export function collateralBytes(input: SnpCollateralInput, table: readonly TableEntry[]): Uint8Array {
  const parts: Uint8Array[] = []
  const add = (tag: number, bytes: Uint8Array): void => {
    const length = bytes.length
    parts.push(Uint8Array.of(tag, length >>> 24, (length >>> 16) & 0xff, (length >>> 8) & 0xff, length & 0xff), bytes)
  }
  NAMES.forEach((name, i) => {
    const bytes = input[name]
    if (bytes !== undefined) add(i, bytes)
  })
  for (const entry of table) add(100 + (entry.kind === undefined ? 0 : TABLE_TAGS.indexOf(entry.kind) + 1), entry.data)
  return concatBytes(...parts)
}

const TABLE_TAGS: readonly TableEntry['kind'][] = ['vcek', 'vlek', 'ask', 'ark', 'crl', 'platform-info']

function sizeOf(parts: SnpCollateralInput): number {
  return NAMES.reduce((sum, name) => sum + (parts[name]?.length ?? 0), 0)
}

function leafFrom(certificate: Certificate): Leaf {
  return { certificate, extensions: partOf(() => readLeafExtensions(certificate)) }
}

// DER begins with the tag of a SEQUENCE, which is no character that PEM begins with.
function derOf(bytes: Uint8Array, label: string, field: string): Uint8Array {
  if (bytes.length === 0 || bytes[0] === 0x30) return bytes
  const blocks = decodePem(new TextDecoder().decode(bytes), label, field)
  const [first] = blocks
  if (first !== undefined && blocks.length === 1) return first
  throw refuse(field, `${blocks.length} PEM blocks`, 'one')
}

function splitChain(
  pem: Uint8Array | undefined,
  certificateOf: (bytes: Uint8Array) => Certificate,
): {
  readonly intermediate: Part<Certificate>
  readonly ark: Part<Certificate>
} {
  const read = readPart(pem, (bytes) => {
    const blocks = decodePem(new TextDecoder().decode(bytes), 'CERTIFICATE', 'certChain')
    const [first, second] = blocks
    if (first !== undefined && second !== undefined && blocks.length === 2) return { first, second }
    throw refuse('certChain', `${blocks.length} PEM blocks`, 'two: ASK or ASVK, then ARK')
  })
  if (read.error !== undefined) return { intermediate: { error: read.error }, ark: { error: read.error } }
  const second = readPart(read.value?.second, certificateOf)
  const first = readPart(read.value?.first, certificateOf)
  // Tools write the root first, too. Which is which decides nothing: names, keys and signatures are checked of each in its place.
  const isReversed = isSelfIssued(first) && second.value !== undefined && !isSelfIssued(second)
  return isReversed ? { intermediate: second, ark: first } : { intermediate: first, ark: second }
}

function isSelfIssued({ value }: Part<Certificate>): boolean {
  return value !== undefined && value.issuer.key === value.subject.key
}

// One table entry and one position of the chain serve ASK and ASVK: the name tells which. Unreadable ones fit both.
function fits(part: Part<Certificate>, role: LeafRole): boolean {
  if (part.value === undefined) return part.error !== undefined
  return (intermediateOf(part.value.subject.commonName)?.role ?? role) === role
}

function readIdBlock(parts: SnpCollateralInput): Part<IdBlockProof> {
  const { idBlock, idAuth } = parts
  if (idBlock === undefined && idAuth === undefined) return {}
  if (idBlock === undefined || idAuth === undefined) {
    const missing = idBlock === undefined ? 'idBlock' : 'idAuth'
    return {
      error: refuse(missing, 'nothing', 'the ID block and its authentication together', 0, 'truncated'),
    }
  }
  return readPart(idBlock, (bytes) => planIdBlock(bytes, idAuth))
}

/** Signature checks of a chain and a CRL; undefined where a check cannot verify under any circumstances. */
export interface ChainJobs {
  readonly leaf: SignatureJob | undefined
  readonly intermediate: SignatureJob | undefined
  readonly ark: SignatureJob | undefined
  readonly crl: SignatureJob | undefined
  readonly all: readonly Job[]
}

/** Plans the signature checks and digests of a chain. Asked again of the same parts, it names the same jobs. */
export function planChain(
  leaf: Certificate | undefined,
  intermediate: Certificate | undefined,
  ark: Certificate | undefined,
  crl: Crl | undefined,
): ChainJobs {
  const byIntermediate = signedBy(leaf?.signed, intermediate?.key)
  const byArk = signedBy(intermediate?.signed, ark?.key)
  const byItself = ark && rootSignature(ark, AMD_ROOT_CERTIFICATES)
  const crlByArk = signedBy(crl?.signed, ark?.key)
  const all: Job[] = []
  const ofArk = [ark?.digest, ark?.spkiDigest]
  for (const job of [
    byIntermediate,
    byArk,
    byItself,
    crlByArk,
    leaf?.digest,
    intermediate?.digest,
    ...ofArk,
    crl?.digest,
  ])
    if (job !== undefined) all.push(job)
  return { leaf: byIntermediate, intermediate: byArk, ark: byItself, crl: crlByArk, all }
}

function signedBy(signed: Signed | undefined, key: PublicKey | undefined): SignatureJob | undefined {
  return signed === undefined || key === undefined ? undefined : signed.by(key)
}
