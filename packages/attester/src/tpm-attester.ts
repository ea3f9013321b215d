import { createHash } from 'node:crypto'
import { EvidenceError } from '@sekisho/evidence'
import { type PcrValues, parseAttest, parseSignature, type TpmHash } from '@sekisho/evidence/tpm'
import { type Attester, type Collected, checkReportData } from './attester.ts'
import type { Credential, EnrolmentRequest } from './enrolment.ts'
import { LINUX_EVENT_LOG, readEventLog } from './event-log.ts'
import { type AkSource, type AttestationKey, openAttestationKey } from './tpm/attestation-key.ts'
import { readBanks } from './tpm/capability.ts'
import { openTpm, type TpmChannel, type TpmDevice, type TpmOptions } from './tpm/device.ts'
import { authorizeEndorsementKey, type EkChoice, openEndorsementKey } from './tpm/endorsement.ts'
import { isRefusal, TpmError } from './tpm/errors.ts'
import { activateCredential } from './tpm/keys.ts'
import { PCR_COUNT, type Quoted, quote, readPcrValues } from './tpm/pcr.ts'
import type { TpmAddress } from './tpm/transport.ts'
import { type CollectedTpm, kbsTpmEvidence, tpmJson } from './tpm-forms.ts'

/** PCRs that are quoted unless others are named: firmware to loader, the system's image, and the owner's keys. */
export const DEFAULT_PCRS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 14]

/** How a TPM attests. */
export interface TpmAttesterOptions extends TpmOptions {
  /** `/dev/tpmrm0`, or a socket of swtpm, or a TPM that is open already and is then not closed with the attester. */
  readonly device: TpmAddress | TpmDevice
  /** SHA-256 unless said. */
  readonly bank?: TpmHash
  /** From 0 to 23; {@link DEFAULT_PCRS} unless said. */
  readonly pcrs?: readonly number[]
  readonly ak?: AkSource
  readonly ek?: EkChoice
  /** DER, leaf first, of the attestation key, where it is not in the TPM. */
  readonly akCertificates?: readonly Uint8Array[]
  /** File with the event log. Unless said it is the kernel's, if the TPM is the kernel's; `false` for none. */
  readonly eventLog?: string | false
}

/** Evidence by a TPM. */
export interface TpmAttester extends Attester {
  readonly tee: 'tpm'
  /** The TPM beneath, e.g. to extend a PCR with. */
  readonly tpm: TpmDevice
  /** TPMT_PUBLIC of the attestation key. */
  readonly akPublic: Uint8Array
  /** Its name, hex. */
  readonly akName: string
  /** What a verifier needs to make a credential; its `ekCertificates` are empty when the TPM has none. */
  enrolmentRequest(): Promise<EnrolmentRequest>
  /** The machine's answer to a credential: its secret. @throws TpmError `refused` when it is for other keys */
  activate(credential: Credential): Promise<Uint8Array>
  close(): Promise<void>
}

/**
 * Opens a TPM and its attestation key.
 * @throws TpmError `unreachable`, `unsupported` when the bank is not active, and whatever a command may end with
 * @throws TypeError for PCRs that are none
 */
export async function tpmAttester(options: TpmAttesterOptions): Promise<TpmAttester> {
  const { device, bank = 'sha256', pcrs = DEFAULT_PCRS } = options
  checkPcrs(pcrs)
  const isOpen = typeof device === 'object' && 'use' in device
  const tpm = isOpen ? device : await openTpm(device, options)
  const close = async (): Promise<void> => (isOpen ? undefined : tpm.close())
  try {
    const found = await tpm.use(async (channel) => {
      await requireBank(channel, bank, pcrs)
      return openAttestationKey(channel, options.ak)
    })
    const ak = options.akCertificates === undefined ? found : { ...found, certificates: options.akCertificates }
    const logFile = options.eventLog ?? (tpm.name.startsWith('/dev/') ? LINUX_EVENT_LOG : false)
    return {
      tee: 'tpm',
      tpm,
      akPublic: ak.area.bytes,
      akName: Buffer.from(ak.name).toString('hex'),
      async attest({ reportData }): Promise<Collected> {
        checkReportData(reportData)
        const eventLog = logFile === false ? undefined : await readEventLog(logFile, options.eventLog === undefined)
        return formsOf({ ...(await quoted(tpm, ak, bank, pcrs, reportData)), ak, bank, eventLog })
      },
      enrolmentRequest: () => tpm.use((channel) => requestOf(channel, ak, options.ek)),
      activate: (credential) => tpm.use((channel) => activate(channel, ak, options.ek, credential)),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function checkPcrs(pcrs: readonly number[]): void {
  const bad = pcrs.find((index) => !Number.isInteger(index) || index < 0 || index >= PCR_COUNT)
  if (bad !== undefined) throw new TypeError(`pcrs: ${bad} is no PCR from 0 to ${PCR_COUNT - 1}`)
  if (pcrs.length === 0) throw new TypeError('pcrs: a quote over no PCR says nothing')
}

async function requireBank(channel: TpmChannel, bank: TpmHash, pcrs: readonly number[]): Promise<void> {
  const banks = await readBanks(channel)
  const active = banks.get(bank)
  const missing = pcrs.filter((index) => active?.includes(index) !== true)
  if (missing.length === 0) return
  const names = [...banks.keys()].join(', ') || 'none'
  throw new TpmError(
    'unsupported',
    active === undefined
      ? `the ${bank} bank is not active in this TPM; active are ${names}`
      : `PCR ${missing.join(', ')} of the ${bank} bank are not active in this TPM`,
  )
}

const MOST_QUOTES = 4

interface QuotedValues {
  readonly quoted: Quoted
  readonly pcrs: PcrValues
}

// A PCR may be extended between the reading and the quote: then the two do not fit, and both are made anew.
function quoted(
  tpm: TpmDevice,
  ak: AttestationKey,
  bank: TpmHash,
  pcrs: readonly number[],
  reportData: Uint8Array,
): Promise<QuotedValues> {
  return tpm.use(async (channel) => {
    const key = await ak.load(channel)
    const active = (await readBanks(channel)).get(bank) ?? []
    for (let turn = 0; turn < MOST_QUOTES; turn++) {
      const values = await readPcrValues(channel, { bank, pcrs: active })
      const found = await quote(channel, key, reportData, [{ bank, pcrs }]).catch((error: unknown) => {
        throw isRefusal(error, 'TPM_RC_SIZE') ? tooLong(reportData, error) : error
      })
      if (fits(found, values, bank, pcrs)) return { quoted: found, pcrs: values }
    }
    throw new TpmError('mismatch', 'the PCRs change faster than they can be quoted')
  })
}

// TPM2B_DATA holds the largest digest of the TPM and its algorithm.
function tooLong({ length }: Uint8Array, cause: TpmError): TpmError {
  const message = `this TPM does not quote with ${length} bytes of report data: with SHA-384 it takes 50, with SHA-256 34`
  return new TpmError('unsupported', message, { cause })
}

function fits(found: Quoted, values: PcrValues, bank: TpmHash, pcrs: readonly number[]): boolean {
  const { hash, stated } = readQuote(found)
  const digest = createHash(hash)
  for (const index of [...new Set(pcrs)].sort((a, b) => a - b))
    digest.update(Buffer.from(values[bank]?.[String(index)] ?? '', 'hex'))
  return digest.digest().compare(stated) === 0
}

function readQuote({ message, signature }: Quoted): { readonly hash: string; readonly stated: Uint8Array } {
  try {
    const { hash } = parseSignature(signature)
    const stated = parseAttest(message).quote?.pcrDigest
    if (stated !== undefined && HASHES.has(hash)) return { hash, stated }
  } catch (cause) {
    if (!(cause instanceof EvidenceError)) throw cause
    throw new TpmError('response', `the TPM's quote cannot be read: ${cause.message}`, { cause })
  }
  throw new TpmError('response', 'the TPM signed something else than a quote, or by a hash that is not computed here')
}

const HASHES: ReadonlySet<string> = new Set(['sha1', 'sha256', 'sha384', 'sha512'])

function formsOf(parts: CollectedTpm): Collected {
  return { tee: 'tpm', kbs: kbsTpmEvidence(parts), evidence: tpmJson(parts) }
}

async function requestOf(
  channel: TpmChannel,
  ak: AttestationKey,
  choice: EkChoice | undefined,
): Promise<EnrolmentRequest> {
  const ek = await openEndorsementKey(channel, choice)
  return { akPublic: ak.area.bytes, ekPublic: ek.area.bytes, ekCertificates: ek.certificates }
}

const MAX_CREDENTIAL = 1024

async function activate(
  channel: TpmChannel,
  ak: AttestationKey,
  choice: EkChoice | undefined,
  { credentialBlob, encryptedSecret }: Credential,
): Promise<Uint8Array> {
  for (const [name, bytes] of Object.entries({ credentialBlob, encryptedSecret }))
    if (bytes.length > MAX_CREDENTIAL || bytes.length < 4 || Buffer.from(bytes).readUInt16BE(0) !== bytes.length - 2)
      throw new TypeError(`${name} must begin with its size, and have ${MAX_CREDENTIAL} bytes at most`)
  const ek = await openEndorsementKey(channel, choice)
  const handle = await ak.load(channel)
  const authorization = await authorizeEndorsementKey(channel, ek, choice?.endorsementPassword)
  return activateCredential(channel, handle, { handle: ek.handle, authorization }, credentialBlob, encryptedSecret)
}
