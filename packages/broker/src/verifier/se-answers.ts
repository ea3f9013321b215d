import { createDecipheriv, createHash, createHmac, timingSafeEqual } from 'node:crypto'
import {
  exchangeOfKbs,
  findSeHeader,
  isSeExchange,
  isSeJson,
  parseSeExchange,
  parseSeHeader,
  parseSeKbs,
  parseSeRequest,
  readSeRequestSecrets,
  type SeExchange,
  type SeHeader,
  type SeRequest,
  type SeRequestSecrets,
  seMeasuredBytes,
  seRequestJob,
} from '@sekisho/evidence/ibm-se'
import type { SecureExecution } from './model.ts'

/** A request that guests are to answer. What it holds for the Ultravisor is a secret. */
export interface OwnRequest {
  readonly request: SeRequest
  readonly protectionKey: Uint8Array
  readonly secrets: SeRequestSecrets
}

/** An image that may run. */
export interface SeImage {
  readonly header: SeHeader
  /** SHA-256 of the header, hex: how reference values name the image. */
  readonly measurement: string
}

/** What a guest answered to one of our requests. */
export interface SeAnswer {
  readonly exchange: SeExchange
  readonly asked: OwnRequest
  /** Whose measurement it is; undefined for none of those that may run. */
  readonly image: SeImage | undefined
}

/** Reads the answers of guests. */
export interface SeAnswers {
  readonly requests: readonly OwnRequest[]
  readonly images: readonly SeImage[]
  /** Undefined for what answers none of the requests. @throws EvidenceError when it cannot be read */
  read(evidence: Uint8Array): SeAnswer | undefined
}

const MAX_REQUESTS = 8
const MAX_IMAGES = 64

/**
 * Gets requests and images ready.
 *
 * @throws TypeError for more of them than are taken, or a protection key that does not open its request
 * @throws EvidenceError for a request or a header that cannot be read
 */
export function seAnswers({ requests = [], images = [] }: SecureExecution): SeAnswers {
  if (requests.length > MAX_REQUESTS) throw new TypeError(`secureExecution.requests: at most ${MAX_REQUESTS}`)
  if (images.length > MAX_IMAGES) throw new TypeError(`secureExecution.images: at most ${MAX_IMAGES}`)
  const own = requests.map(opened)
  const known = images.map(imageOf)
  return {
    requests: own,
    images: known,
    read(evidence) {
      const found = candidates(evidence, own).map(({ exchange, asked }) => ({
        exchange,
        asked,
        image: known.find((image) => measures(exchange, asked, image)),
      }))
      return found.find(({ image }) => image !== undefined) ?? found[0]
    },
  }
}

function opened({ request, protectionKey }: NonNullable<SecureExecution['requests']>[number], i: number): OwnRequest {
  const bytes = isSeExchange(request) ? parseSeExchange(request).entries.request.bytes : request
  const parsed = parseSeRequest(bytes ?? new Uint8Array())
  try {
    const { key, iv, aad = new Uint8Array(), data } = seRequestJob(parsed, protectionKey)
    const cipher = createDecipheriv('aes-256-gcm', key, iv).setAAD(aad)
    cipher.setAuthTag(data.subarray(data.length - TAG))
    const plain = Buffer.concat([cipher.update(data.subarray(0, data.length - TAG)), cipher.final()])
    return { request: parsed, protectionKey, secrets: readSeRequestSecrets(plain) }
  } catch {
    // What OpenSSL says of a wrong key helps nobody, and the key must not be said.
    throw new TypeError(`secureExecution.requests[${i}]: the protection key does not open the request`)
  }
}

const TAG = 16

function imageOf(image: Uint8Array): SeImage {
  const header = parseSeHeader(image.subarray(findSeHeader(image)?.headerOffset ?? 0))
  return { header, measurement: createHash('sha256').update(header.bytes).digest('hex') }
}

/** Answers say which request they are to; those of the KBS protocol do not, so that each may be meant. */
function candidates(evidence: Uint8Array, own: readonly OwnRequest[]): readonly Pick<SeAnswer, 'exchange' | 'asked'>[] {
  if (isSeJson(evidence)) {
    const answer = parseSeKbs(evidence)
    return own.map((asked) => ({ exchange: exchangeOfKbs(answer, asked.request.bytes), asked }))
  }
  if (!isSeExchange(evidence)) return []
  const exchange = parseSeExchange(evidence)
  if (exchange.kind !== 'response') return []
  const sent = exchange.entries.request.bytes ?? new Uint8Array()
  return own.filter(({ request }) => Buffer.compare(request.bytes, sent) === 0).map((asked) => ({ exchange, asked }))
}

function measures({ entries }: SeExchange, { secrets }: OwnRequest, { header }: SeImage): boolean {
  const none = new Uint8Array()
  const measured = seMeasuredBytes({
    ...header,
    configUid: entries.configUid.bytes ?? none,
    userData: entries.userData.bytes ?? none,
    nonce: secrets.nonce,
    additional: entries.additional.bytes ?? none,
  })
  const made = createHmac('sha512', secrets.measurementKey).update(measured).digest()
  const received = entries.measurement.bytes ?? none
  return made.length === received.length && timingSafeEqual(made, received)
}
