import { hmac } from '#crypto'
import { assembleVerdict, digestHex } from '../core/assemble.ts'
import { equalBytes, fromHex, toHex } from '../core/bytes.ts'
import { judge, stepIds } from '../core/engine.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { copyOfEvidence } from '../core/input.ts'
import type { HexOrBytes, VerifyOptions } from '../core/options.ts'
import { evaluationTime, isoTime } from '../core/time.ts'
import type { CollateralPart, Verdict } from '../core/verdict.ts'
import { type CipherJob, type DigestJob, type HmacJob, type Job, sha256 } from '../crypto/jobs.ts'
import { type Story, tell, tellNow } from '../crypto/story.ts'
import type { Certificate } from '../x509/certificate.ts'
import { IBM_SE_ROOTS } from './anchors.ts'
import {
  anchorOf,
  candidateJobs,
  findLists,
  findPath,
  type ListSearch,
  type Path,
  signingCertificates,
} from './certificates.ts'
import { type IbmSeClaims, ibmSeAssumptions, ibmSeClaims, ibmSeNotes } from './claims.ts'
import { isSeExchange, parseSeExchange, type SeExchange } from './exchange.ts'
import { APPRAISAL_STEPS, EXCHANGE_STEPS } from './exchange-steps.ts'
import { type IbmSeExpectations, readIbmSeExpectations } from './expectations.ts'
import { parseSeHeader, type SeHeader } from './header.ts'
import { HOST_STEPS } from './host-steps.ts'
import { findSeHeader } from './image.ts'
import { exchangeOfKbs, isSeJson, parseSeKbs } from './kbs.ts'
import { SE_HEADER_MAGIC } from './magic.ts'
import { listNames } from './names.ts'
import {
  parseSeRequest,
  readSeAdditionalData,
  readSeRequestSecrets,
  type SeAdditionalData,
  seMeasuredBytes,
  seRequestFlags,
  seRequestJob,
} from './request.ts'
import type { IbmSeEvidence, IbmSeState } from './state.ts'
import { type HostKeyDocument, readX509Files, type X509Files } from './x509-files.ts'

/** What a verification takes beside the evidence. */
export interface IbmSeVerifyOptions extends VerifyOptions {
  /** Host key documents, IBM's signing certificate, the certificates above it, and revocation lists; PEM or DER, in any order. */
  readonly files?: readonly Uint8Array[]
  /** Secure Execution header of the expected image, or the image. */
  readonly header?: Uint8Array
  /** The request that was sent, bare or in a `pvattest` container: an answer of the KBS protocol comes without it. */
  readonly request?: Uint8Array
  /** Protection key of the request, 32 bytes. A secret: it shows nowhere in a verdict. */
  readonly protectionKey?: HexOrBytes
  readonly expect?: IbmSeExpectations
}

const STEPS = [HOST_STEPS, EXCHANGE_STEPS, APPRAISAL_STEPS] as const

/** Ids of all checks of a verdict, in order; with `waivable` those that may be waived. */
export function ibmSeCheckIds(which: 'all' | 'waivable' = 'all'): readonly string[] {
  return stepIds<IbmSeState>(STEPS, which)
}

/**
 * Verifies evidence of IBM Secure Execution: a `pvattest` response, the `se`
 * evidence of the KBS protocol, a request, or a host key document.
 *
 * @returns a verdict; forged evidence and unreadable collateral give one too
 * @throws EvidenceError when the evidence cannot be read
 * @throws TypeError for options that make no sense
 */
export async function verifyIbmSe(evidence: Uint8Array, options: IbmSeVerifyOptions): Promise<Verdict<IbmSeClaims>> {
  return tell(ibmSeStory(evidence, options))
}

/** As {@link verifyIbmSe}, without waiting. @throws TypeError where the runtime's cryptography is asynchronous */
export function verifyIbmSeSync(evidence: Uint8Array, options: IbmSeVerifyOptions): Verdict<IbmSeClaims> {
  return tellNow(ibmSeStory(evidence, options))
}

function* ibmSeStory(evidence: Uint8Array, options: IbmSeVerifyOptions): Story<Verdict<IbmSeClaims>> {
  const door = openDoor(evidence, options)
  yield door.jobs
  const plan = planMeasurement(door)
  yield plan.jobs
  return conclude(door, plan)
}

interface Door {
  readonly options: IbmSeVerifyOptions
  readonly at: number
  readonly expect: IbmSeExpectations
  readonly evidence: IbmSeEvidence
  readonly digest: DigestJob
  readonly files: X509Files
  readonly header: SeHeader | undefined
  readonly headerError: EvidenceError | undefined
  readonly headerDigest: DigestJob | undefined
  readonly opened: CipherJob | undefined
  readonly jobs: readonly Job[]
}

function openDoor(input: Uint8Array, options: IbmSeVerifyOptions): Door {
  const at = evaluationTime(options.at)
  const expect = readIbmSeExpectations(options.expect)
  const key = readKey(options.protectionKey)
  const data = copyOfEvidence(input)
  const evidence = parseEvidence(data, options.request)
  const given = readX509Files(options.files ?? [])
  const files = evidence.kind === 'host-key' ? { ...given, hosts: [evidence.host] } : given
  const { header, headerError } = readHeader(options.header)
  const headerDigest = header && sha256(header.bytes)
  const opened = key === undefined || evidence.kind === 'host-key' ? undefined : seRequestJob(evidence.request, key)
  const digest = sha256(data)
  const jobs: Job[] = [...candidateJobs(files), digest]
  if (headerDigest !== undefined) jobs.push(headerDigest)
  if (opened !== undefined) jobs.push(opened)
  return { options, at, expect, evidence, digest, files, header, headerError, headerDigest, opened, jobs }
}

function readKey(key: HexOrBytes | undefined): Uint8Array | undefined {
  if (key === undefined) return undefined
  const bytes = typeof key === 'string' ? fromHex(key) : new Uint8Array(key)
  if (bytes?.length !== 32) throw new TypeError('protectionKey: expected 32 bytes')
  return bytes
}

function parseEvidence(data: Uint8Array, request: Uint8Array | undefined): IbmSeEvidence {
  if (equalBytes(data.subarray(0, 8), SE_HEADER_MAGIC)) {
    throw refuse(
      'evidence',
      'the header of an image, which proves nothing by itself',
      'an attestation response, with this header beside it',
      0,
      'unsupported-kind',
    )
  }
  if (data[0] === 0x30 || data[0] === 0x2d) return { kind: 'host-key', host: parseHostKeyDocument(data) }
  if (isSeJson(data)) return evidenceOf(exchangeOfKbs(parseSeKbs(data), request))
  if (!isSeExchange(data)) return { kind: 'request', request: parseSeRequest(data), exchange: undefined }
  return evidenceOf(parseSeExchange(data))
}

function evidenceOf(exchange: SeExchange): IbmSeEvidence {
  return { kind: exchange.kind, request: parseSeRequest(exchange.entries.request.bytes ?? new Uint8Array(0)), exchange }
}

/** Parses a host key document, PEM or DER. @throws EvidenceError when it is anything else */
export function parseHostKeyDocument(data: Uint8Array): HostKeyDocument {
  const { hosts, certificates, crls, error } = readX509Files([data])
  const host = hosts[0]
  if (error !== undefined) throw error
  if (host === undefined || hosts.length + certificates.length + crls.length !== 1) {
    throw refuse('hostKeyDocument', 'other certificates', 'one certificate with a key on P-521', 0, 'unsupported-kind')
  }
  return host
}

function readHeader(given: Uint8Array | undefined): Pick<Door, 'header' | 'headerError'> {
  if (given === undefined) return { header: undefined, headerError: undefined }
  try {
    const found = findSeHeader(given)
    if (found === undefined) throw refuse('header.magic', 'other bytes', '`IBMSecEx`')
    return { header: parseSeHeader(given.subarray(found.headerOffset)), headerError: undefined }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { header: undefined, headerError: error }
  }
}

interface Plan {
  readonly secrets: IbmSeState['secrets']
  readonly additional: SeAdditionalData | undefined
  readonly additionalError: EvidenceError | undefined
  readonly measurement: HmacJob | undefined
  readonly jobs: readonly Job[]
}

/** What can be computed only once the request is open. */
function planMeasurement({ evidence, opened, header }: Door): Plan {
  const secrets = opened?.result ? readSeRequestSecrets(opened.result) : undefined
  if (evidence.kind !== 'response')
    return { secrets, additional: undefined, additionalError: undefined, measurement: undefined, jobs: [] }
  const { entries } = evidence.exchange
  const data = entries.additional.bytes ?? new Uint8Array(0)
  const { additional, additionalError } = splitAdditional(data, evidence.request.flags)
  if (secrets === undefined || header === undefined)
    return { secrets, additional, additionalError, measurement: undefined, jobs: [] }
  const measured = seMeasuredBytes({
    ...header,
    configUid: entries.configUid.bytes ?? new Uint8Array(0),
    userData: entries.userData.bytes ?? new Uint8Array(0),
    nonce: secrets.nonce,
    additional: data,
  })
  const measurement: HmacJob = {
    kind: 'hmac',
    by: hmac,
    algorithm: 'sha512',
    key: secrets.measurementKey,
    data: measured,
  }
  return { secrets, additional, additionalError, measurement, jobs: [measurement] }
}

function splitAdditional(data: Uint8Array, flags: bigint): Pick<Plan, 'additional' | 'additionalError'> {
  try {
    return { additional: readSeAdditionalData(data, seRequestFlags(flags)), additionalError: undefined }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { additional: undefined, additionalError: error }
  }
}

function conclude(door: Door, plan: Plan): Verdict<IbmSeClaims> {
  const state = stateOf(door, plan)
  return assembleVerdict(judge<IbmSeState>(STEPS, state, door.options.waive), {
    format: FORMATS[door.evidence.kind],
    at: door.at,
    evidence: door.digest,
    anchor: state.anchor,
    collateral: collateralParts(state),
    claims: ibmSeClaims(state),
    assumed: ibmSeAssumptions(state),
    notes: ibmSeNotes(state),
  })
}

const FORMATS: Readonly<Record<IbmSeEvidence['kind'], string>> = {
  'host-key': 'IBM host key document',
  request: 'Secure Execution attestation request',
  response: 'Secure Execution attestation response',
}

function stateOf(door: Door, plan: Plan): IbmSeState {
  const { evidence, files, at } = door
  const signing = signingCertificates(files)
  const path: Path =
    signing[0] === undefined ? { certificates: [], complete: false } : findPath(signing[0], files.certificates)
  const { hosts, strangers } = hostsOf(evidence, files)
  const lists = (issuer: Certificate, names: readonly string[]): ListSearch => findLists(issuer, names, files.crls, at)
  return {
    ...door,
    ...plan,
    hosts,
    strangers,
    signing,
    path,
    pathLists: path.certificates.map((one, i) =>
      lists(path.certificates[i + 1] ?? one, [(path.certificates[i + 1] ?? one).subject.key]),
    ),
    hostLists:
      signing[0] === undefined ? { usable: [], stale: false } : lists(signing[0], listNames(signing[0].subject)),
    anchor: anchorOf(path, door.options.trustAnchors ?? IBM_SE_ROOTS),
  }
}

/** Documents for the slots of a request, and the hashes of slots that there is none for. */
function hostsOf(evidence: IbmSeEvidence, files: X509Files): Pick<IbmSeState, 'hosts' | 'strangers'> {
  if (evidence.kind === 'host-key') return { hosts: [evidence.host], strangers: [] }
  const wanted = evidence.request.slots.map(({ hostKeyHash }) => toHex(hostKeyHash))
  const hosts = files.hosts.filter(({ keyHash }) => wanted.includes(digestHex(keyHash)))
  const known = hosts.map(({ keyHash }) => digestHex(keyHash))
  return { hosts, strangers: wanted.filter((one) => !known.includes(one)) }
}

function collateralParts({ hosts, path, hostLists, pathLists, headerDigest }: IbmSeState): readonly CollateralPart[] {
  const dated = (name: string, { digest, notBefore, notAfter }: Certificate): CollateralPart => ({
    name,
    sha256: digestHex(digest),
    from: isoTime(notBefore),
    until: isoTime(notAfter),
  })
  const listed = [...new Set([...pathLists, hostLists].flatMap(({ usable }) => usable))]
  return [
    ...hosts.map(({ certificate }) => dated('host-key-document', certificate)),
    ...path.certificates.map((one, i) => dated(i === 0 ? 'signing-certificate' : `issuer-${i}`, one)),
    ...listed.map(({ digest, thisUpdate, nextUpdate }) => ({
      name: 'revocation-list',
      sha256: digestHex(digest),
      from: isoTime(thisUpdate),
      ...(nextUpdate === undefined ? {} : { until: isoTime(nextUpdate) }),
    })),
    ...(headerDigest === undefined ? [] : [{ name: 'header', sha256: digestHex(headerDigest) }]),
  ]
}
