import { constants, privateDecrypt, randomBytes } from 'node:crypto'
import type { Ground } from '../ground.ts'
import { fromHex, toHex } from '../kit/bytes.ts'
import { toPem } from '../kit/x509.ts'
import { found, refusal, type ServiceAnswer, type ServiceRequest, throttled } from '../service.ts'
import type { IntelOffice, PckCa, SignedText } from './authority.ts'
import { knownFamilies } from './families.ts'
import { channelNumber, FIRST_EVALUATION, type IntelTee } from './levels.ts'
import { pckFieldsOf } from './machine.ts'

/** Answers as Intel's certification service does; undefined for a path that is not its. */
export type CertificationService = (
  path: string,
  query: URLSearchParams,
  headers: ServiceRequest['headers'],
) => ServiceAnswer | undefined

/**
 * The provisioning certification service of a world, API version 4, with the root's list beside it and under
 * the path that a caching proxy (PCCS) has for it.
 * @see Intel SGX and TDX Provisioning Certification Service API, version 4
 */
export function certificationService(ground: Ground, office: IntelOffice): CertificationService {
  const answers: Readonly<
    Record<string, (query: URLSearchParams, headers: ServiceRequest['headers']) => ServiceAnswer>
  > = {
    '/IntelSGXRootCA.der': () => found('application/pkix-crl', office.rootCrl()),
    [`${SGX}/rootcacrl`]: () => found('application/pkix-crl', toHex(office.rootCrl())),
    [`${SGX}/pckcrl`]: (query) => pckCrl(office, query),
    [`${SGX}/pckcert`]: (query, headers) => pckCertificate(office, query, headers),
    [`${SGX}/fmspcs`]: () =>
      found(
        JSON_TYPE,
        JSON.stringify(knownFamilies(ground.state).map((one) => ({ fmspc: one.toUpperCase(), platform: 'E5' }))),
      ),
    [`${SGX}/tcb`]: (query) => tcbInfo(ground, office, 'SGX', query),
    [`${TDX}/tcb`]: (query) => tcbInfo(ground, office, 'TDX', query),
    [`${SGX}/qe/identity`]: (query) => qeIdentity(ground, office, 'SGX', query),
    [`${TDX}/qe/identity`]: (query) => qeIdentity(ground, office, 'TDX', query),
    [`${SGX}/tcbevaluationdatanumbers`]: () => numbers(office, 'SGX'),
    [`${TDX}/tcbevaluationdatanumbers`]: () => numbers(office, 'TDX'),
  }
  return (path, query, headers) => {
    const isOurs = path.startsWith('/sgx/') || path.startsWith('/tdx/') || path === '/IntelSGXRootCA.der'
    if (!isOurs) return undefined
    const answer =
      throttled(ground.state.intel) ??
      (Object.hasOwn(answers, path) ? answers[path]?.(query, headers) : undefined) ??
      refusal(404, 'Not Found')
    return { ...answer, headers: { ...answer.headers, 'request-id': randomBytes(16).toString('hex') } }
  }
}

const SGX = '/sgx/certification/v4'
const TDX = '/tdx/certification/v4'
const JSON_TYPE = 'application/json'

function chainHeader(name: string, pem: string): Readonly<Record<string, string>> {
  return { [name]: encodeURIComponent(pem) }
}

function bad(text: string): ServiceAnswer {
  return refusal(400, text, { 'error-code': 'InvalidParameter', 'error-message': text })
}

function unknown(text: string): ServiceAnswer {
  return refusal(404, text, { 'error-code': 'NotFound', 'error-message': text })
}

function pckCrl(office: IntelOffice, query: URLSearchParams): ServiceAnswer {
  const ca = query.get('ca')
  const encoding = query.get('encoding') ?? 'pem'
  if (ca !== 'platform' && ca !== 'processor') return bad('Invalid ca')
  if (encoding !== 'pem' && encoding !== 'der') return bad('Invalid encoding')
  const der = office.pckCrl(ca)
  const header = chainHeader('SGX-PCK-CRL-Issuer-Chain', office.caChain(ca))
  return encoding === 'der'
    ? found('application/pkix-crl', der, header)
    : found('application/x-pem-file', toPem(der, 'X509 CRL'), header)
}

/** The number that a request is for, or the refusal of the request. */
function evaluationOf({ state }: Ground, query: URLSearchParams): number | ServiceAnswer {
  const [update, number] = [query.get('update'), query.get('tcbEvaluationDataNumber')]
  if (update !== null && number !== null) return bad('update and tcbEvaluationDataNumber exclude each other')
  if (number === null) {
    if (update !== null && update !== 'standard' && update !== 'early') return bad('Invalid update')
    return channelNumber(state, update ?? 'standard')
  }
  if (!/^[1-9]\d{0,8}$/.test(number)) return bad('Invalid tcbEvaluationDataNumber')
  const wanted = Number(number)
  if (wanted < FIRST_EVALUATION) return refusal(410, 'Gone')
  const isServed = wanted === FIRST_EVALUATION || state.intel.publications.some((one) => one.evaluation === wanted)
  return isServed ? wanted : unknown('Unknown tcbEvaluationDataNumber')
}

function tcbInfo(ground: Ground, office: IntelOffice, tee: IntelTee, query: URLSearchParams): ServiceAnswer {
  const fmspc = query.get('fmspc')?.toLowerCase()
  if (fmspc === undefined || !/^[0-9a-f]{12}$/.test(fmspc)) return bad('Invalid fmspc')
  const evaluation = evaluationOf(ground, query)
  if (typeof evaluation !== 'number') return evaluation
  if (!knownFamilies(ground.state).includes(fmspc)) return unknown('Unknown fmspc')
  return signedAnswer('tcbInfo', office.tcbInfo(tee, fmspc, evaluation), 'TCB-Info-Issuer-Chain', office)
}

function qeIdentity(ground: Ground, office: IntelOffice, tee: IntelTee, query: URLSearchParams): ServiceAnswer {
  const evaluation = evaluationOf(ground, query)
  if (typeof evaluation !== 'number') return evaluation
  return signedAnswer(
    'enclaveIdentity',
    office.qeIdentity(tee, evaluation),
    'SGX-Enclave-Identity-Issuer-Chain',
    office,
  )
}

function numbers(office: IntelOffice, tee: IntelTee): ServiceAnswer {
  return signedAnswer(
    'tcbEvaluationDataNumbers',
    office.numbers(tee),
    'TCB-Evaluation-Data-Numbers-Issuer-Chain',
    office,
  )
}

function signedAnswer(
  member: string,
  { text, signature }: SignedText,
  header: string,
  office: IntelOffice,
): ServiceAnswer {
  // The signature is over these very characters: nothing is serialised a second time.
  return found(
    JSON_TYPE,
    `{"${member}":${text},"signature":"${signature}"}`,
    chainHeader(header, office.signingChain()),
  )
}

function pckCertificate(
  office: IntelOffice,
  query: URLSearchParams,
  headers: ServiceRequest['headers'],
): ServiceAnswer {
  if (!hasSubscription(headers)) return refusal(401, 'Access denied due to missing subscription key')
  const part = (name: string, pattern: RegExp): string | undefined => {
    const text = query.get(name)?.toLowerCase()
    return text !== undefined && pattern.test(text) ? text : undefined
  }
  const encrypted = part('encrypted_ppid', /^[0-9a-f]{768}$/)
  const [cpuSvn, pceSvn, pceId] = [
    part('cpusvn', /^[0-9a-f]{32}$/),
    part('pcesvn', /^[0-9a-f]{4}$/),
    part('pceid', /^[0-9a-f]{4}$/),
  ]
  if (encrypted === undefined || cpuSvn === undefined || pceSvn === undefined || pceId === undefined)
    return bad('Invalid or missing parameter')
  const ppid = decrypted(office, fromHex(encrypted))
  const platform = ppid === undefined ? undefined : office.platformOf(ppid)
  if (ppid === undefined || platform === undefined || pceId !== '0000')
    return unknown('No certificate for this platform')
  const fields = pckFieldsOf(ppid, platform, { cpuSvn, pceSvn: Buffer.from(pceSvn, 'hex').readUInt16LE() })
  return found(
    'application/x-pem-file',
    toPem(office.pck(fields, platform.ca).der),
    pckHeaders(office, platform, cpuSvn + pceSvn),
  )
}

function pckHeaders(
  office: IntelOffice,
  { fmspc, ca }: { readonly fmspc: string; readonly ca: PckCa },
  tcbm: string,
): Readonly<Record<string, string>> {
  return {
    ...chainHeader('SGX-PCK-Certificate-Issuer-Chain', office.caChain(ca)),
    'SGX-TCBm': tcbm.toUpperCase(),
    'SGX-FMSPC': fmspc.toUpperCase(),
    'SGX-PCK-Certificate-CA-Type': ca,
  }
}

function hasSubscription(headers: ServiceRequest['headers'] = {}): boolean {
  return Object.entries(headers).some(
    ([name, value]) => name.toLowerCase() === 'ocp-apim-subscription-key' && value !== '',
  )
}

function decrypted(office: IntelOffice, encrypted: Uint8Array): Uint8Array | undefined {
  try {
    const key = { key: office.ppidKey().privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
    const ppid = privateDecrypt(key, encrypted)
    return ppid.length === 16 ? new Uint8Array(ppid) : undefined
  } catch {
    // Encrypted to another key: to the service it is a platform that nobody made.
    return undefined
  }
}
