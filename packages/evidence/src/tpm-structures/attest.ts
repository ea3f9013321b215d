import { bigEndian, concatBytes } from '../core/bytes.ts'
import { algorithmId, hashOf, idText, type TpmHash } from './algorithms.ts'
import { sized, TpmReader } from './reader.ts'

/** TPM_GENERATED_VALUE: a restricted key signs nothing from outside the TPM that begins so. */
export const TPM_GENERATED = 0xff544347

/** TPMI_ST_ATTEST. @see TCG TPM 2.0 Library, part 2, section 6.9 */
export const ATTEST = {
  nv: 0x8014,
  commandAudit: 0x8015,
  sessionAudit: 0x8016,
  certify: 0x8017,
  quote: 0x8018,
  time: 0x8019,
  creation: 0x801a,
  nvDigest: 0x801c,
} as const

/** PCRs of one bank that a quote covers. A bank may be selected more than once: see {@link quotedPcrs}. */
export interface PcrSelection {
  readonly bank: TpmHash
  /** Ascending. */
  readonly pcrs: readonly number[]
  /** Bytes of the bitmap as received: 3 as a rule, 4 is legal. */
  readonly size: number
}

/** TPMS_QUOTE_INFO. */
export interface QuoteInfo {
  /** In the order of the quote, which is the order of the digest. */
  readonly selections: readonly PcrSelection[]
  readonly pcrDigest: Uint8Array
}

/** What a TPM states about itself. Byte strings are views on the input. */
export interface Attest {
  /** 0xff544347 in everything that a TPM made itself. */
  readonly magic: number
  /** One of {@link ATTEST}. */
  readonly type: number
  /** Qualified name of the signing key. */
  readonly qualifiedSigner: Uint8Array
  /** The nonce. */
  readonly extraData: Uint8Array
  readonly clockInfo: {
    /** Milliseconds that the TPM has been powered. */
    readonly clock: bigint
    readonly resetCount: number
    readonly restartCount: number
    /** False when the clock may have gone back. */
    readonly safe: boolean
  }
  readonly firmwareVersion: bigint
  /** TPMU_ATTEST as received. */
  readonly attested: Uint8Array
  /** Undefined unless `type` says quote. */
  readonly quote: QuoteInfo | undefined
}

/** Largest name: algorithm and SHA-512. */
const MAX_NAME = 66
/** Largest TPM2B_DATA: a TPMT_HA of SHA-512. */
const MAX_EXTRA = 66
const MAX_ATTEST = 4096
const MAX_BANKS = 16

/**
 * Parses a TPMS_ATTEST; of a quote nothing may follow. The body of other types is checked by
 * {@link certifyInfo} and {@link creationInfo}. Magic and type are for the verifier to judge.
 *
 * @see TCG TPM 2.0 Library, part 2, section 10.12.12
 * @throws EvidenceError
 */
export function parseAttest(bytes: Uint8Array): Attest {
  const from = new TpmReader(bytes, 'TPMS_ATTEST')
  if (bytes.length > MAX_ATTEST)
    throw from.error('too-large', `${bytes.length} bytes`, 'length', `at most ${MAX_ATTEST} bytes`)
  const magic = from.u32('magic')
  const type = from.u16('type')
  const qualifiedSigner = from.sized(MAX_NAME, 'qualifiedSigner')
  const extraData = from.sized(MAX_EXTRA, 'extraData')
  const clock = from.u64('clockInfo.clock')
  const resetCount = from.u32('clockInfo.resetCount')
  const restartCount = from.u32('clockInfo.restartCount')
  const safe = from.u8('clockInfo.safe')
  if (safe > 1) throw from.error('malformed', `${safe}`, 'clockInfo.safe', '0 or 1', from.offset - 1)
  const firmwareVersion = from.u64('firmwareVersion')
  const attested = bytes.subarray(from.offset)
  const quote = type === ATTEST.quote ? readQuote(from) : undefined
  return {
    magic,
    type,
    qualifiedSigner,
    extraData,
    clockInfo: { clock, resetCount, restartCount, safe: safe === 1 },
    firmwareVersion,
    attested,
    quote,
  }
}

function readQuote(from: TpmReader): QuoteInfo {
  const selections = readSelections(from)
  const pcrDigest = from.sized(64, 'quote.pcrDigest')
  from.end()
  return { selections, pcrDigest }
}

/** Reads a TPML_PCR_SELECTION. @see TCG TPM 2.0 Library, part 2, section 10.9.7 */
function readSelections(from: TpmReader): readonly PcrSelection[] {
  const field = 'quote.pcrSelect'
  const count = from.u32(`${field}.count`)
  if (count > MAX_BANKS)
    throw from.error('too-large', `${count} selections`, `${field}.count`, `at most ${MAX_BANKS}`, from.offset - 4)
  const selections: PcrSelection[] = []
  for (let i = 0; i < count; i++) {
    const id = from.u16(`${field}.hash`)
    const bank = hashOf(id)
    if (bank === undefined)
      throw from.error('unsupported-algorithm', idText(id), `${field}.hash`, 'a hash algorithm', from.offset - 2)
    const size = from.u8(`${field}.sizeofSelect`)
    if (size < 1 || size > 4)
      throw from.error('malformed', `${size} bytes`, `${field}.sizeofSelect`, '1 to 4 bytes', from.offset - 1)
    selections.push({ bank, pcrs: indices(from.bytes(size, `${field}.pcrSelect`)), size })
  }
  return selections
}

// PCR i is bit i % 8 of octet i / 8.
function indices(bitmap: Uint8Array): readonly number[] {
  const found: number[] = []
  for (let i = 0; i < 8 * bitmap.length; i++) if (((bitmap[i >> 3] as number) >> (i & 7)) & 1) found.push(i)
  return found
}

/** All PCRs of a bank that a quote covers, ascending. */
export function quotedPcrs(quote: QuoteInfo | undefined, bank: TpmHash): readonly number[] {
  const all = (quote?.selections ?? []).flatMap((one) => (one.bank === bank ? one.pcrs : []))
  return [...new Set(all)].sort((a, b) => a - b)
}

/** Writes an attestation; what {@link parseAttest} has read comes out byte for byte. */
export function encodeAttest(attest: Attest): Uint8Array {
  const { clockInfo } = attest
  return concatBytes(
    bigEndian(attest.magic, 4),
    bigEndian(attest.type, 2),
    sized(attest.qualifiedSigner),
    sized(attest.extraData),
    bigEndian(clockInfo.clock, 8),
    bigEndian(clockInfo.resetCount, 4),
    bigEndian(clockInfo.restartCount, 4),
    bigEndian(clockInfo.safe ? 1 : 0, 1),
    bigEndian(attest.firmwareVersion, 8),
    attest.quote === undefined ? attest.attested : encodeQuote(attest.quote),
  )
}

function encodeQuote({ selections, pcrDigest }: QuoteInfo): Uint8Array {
  const lists = selections.map(({ bank, pcrs, size }) => {
    const bitmap = new Uint8Array(size)
    for (const index of pcrs) bitmap[index >> 3] = (bitmap[index >> 3] as number) | (1 << (index & 7))
    return concatBytes(bigEndian(algorithmId(bank), 2), bigEndian(size, 1), bitmap)
  })
  return concatBytes(bigEndian(selections.length, 4), ...lists, sized(pcrDigest))
}

/** What TPM2_Certify states: the names of another key. @throws EvidenceError */
export function certifyInfo(attest: Attest): { readonly name: Uint8Array; readonly qualifiedName: Uint8Array } {
  const from = new TpmReader(attest.attested, 'TPMS_CERTIFY_INFO')
  if (attest.type !== ATTEST.certify)
    throw from.error('unsupported-kind', idText(attest.type), 'type', 'TPM_ST_ATTEST_CERTIFY')
  const info = { name: from.sized(MAX_NAME, 'name'), qualifiedName: from.sized(MAX_NAME, 'qualifiedName') }
  from.end()
  return info
}

/** What TPM2_CertifyCreation states: the name of an object and the hash of its creation data. @throws EvidenceError */
export function creationInfo(attest: Attest): { readonly name: Uint8Array; readonly creationHash: Uint8Array } {
  const from = new TpmReader(attest.attested, 'TPMS_CREATION_INFO')
  if (attest.type !== ATTEST.creation)
    throw from.error('unsupported-kind', idText(attest.type), 'type', 'TPM_ST_ATTEST_CREATION')
  const info = { name: from.sized(MAX_NAME, 'objectName'), creationHash: from.sized(64, 'creationHash') }
  from.end()
  return info
}
