import {
  type Chain,
  type NvidiaCollateralInput,
  type NvidiaReport,
  parseNvidiaRim,
  parseOcspResponse,
  verifyNvidiaChain,
  verifyNvidiaRim,
} from '@sekisho/evidence/nvidia'
import type { JsonValue } from '../case.ts'
import type { CaseFiles } from '../case-files.ts'
import { listOf, textMember } from '../json.ts'
import { checksOf } from '../ruling.ts'
import { iso } from '../values.ts'

/** A case about one report. */
export interface ReportRun {
  readonly at: Date
  readonly evidence: Uint8Array
  readonly files: CaseFiles
  readonly input: NvidiaCollateralInput
  /** Undefined when it cannot be read. */
  readonly report: NvidiaReport | undefined
  readonly chain: Chain | undefined
}

/** The OCSP answers of a case, each judged at its own time with the chain that it is about. */
export async function ocspValues(run: ReportRun, expected: JsonValue): Promise<JsonValue> {
  return Promise.all(listOf(expected).map((one) => ocspValue(run, one)))
}

async function ocspValue(run: ReportRun, expected: JsonValue): Promise<JsonValue> {
  const file = textMember(expected, 'file') ?? ''
  const response = parseOcspResponse(await run.files.need(file))
  const [answer] = response.answers
  const time = textMember(expected, 'evaluateAt') ?? ''
  const place = placeOf(run, answer?.serial ?? '')
  const good = await holds(
    run,
    place.map(({ chain }) => chain),
    response.der,
    new Date(time),
  )
  const words = textMember(expected, 'certificate') ?? ''
  const position = /index (\d)/.exec(words)?.[1]
  const named =
    place.length > 0 &&
    place.every((one) => String(one.position) === position) &&
    inWords(
      words,
      place.map(({ chain }) => chain),
    )
  return {
    file,
    // A description in words: the place in the chains that it names must be the one that was found.
    certificate: named ? words : place.map(({ chain, position }) => `${chain} ${position}`),
    certSerialHex: answer?.serial ?? null,
    status: answer?.status ?? null,
    thisUpdate: answer === undefined ? null : iso(answer.thisUpdate),
    nextUpdate: answer?.nextUpdate === undefined ? null : iso(answer.nextUpdate),
    evaluateAt: good ? time : 'does not hold then',
    nonceExtension: response.nonce !== undefined,
  }
}

type ChainName = 'device' | 'driver' | 'vbios'

interface Place {
  readonly chain: ChainName
  readonly position: number
}

function placeOf({ chain, input }: ReportRun, serial: string): readonly Place[] {
  const chains: readonly (readonly [ChainName, Chain | undefined])[] = [
    ['device', chain],
    ['driver', input.driverRim && parseNvidiaRim(input.driverRim).chain],
    ['vbios', input.vbiosRim && parseNvidiaRim(input.vbiosRim).chain],
  ]
  return chains.flatMap(([name, one]) => {
    const position = one?.certificates.findIndex((certificate) => certificate.serial === serial) ?? -1
    return position < 0 ? [] : [{ chain: name, position }]
  })
}

function inWords(words: string, chains: readonly ChainName[]): boolean {
  if (/both RIM chains|driver and VBIOS/.test(words)) return chains.includes('driver') && chains.includes('vbios')
  if (/driver/.test(words)) return chains.includes('driver')
  if (/VBIOS/.test(words)) return chains.includes('vbios')
  return chains.includes('device')
}

async function holds({ input }: ReportRun, chains: readonly ChainName[], der: Uint8Array, at: Date): Promise<boolean> {
  for (const chain of chains) {
    const id = chain === 'device' ? 'nvidia.chain' : `nvidia.rim.${chain}.chain`
    const options = { at, waive: [`${id}.ocsp.present`] }
    const collateral = { ...input, ocsp: [der] }
    const judgement = await (chain === 'device'
      ? verifyNvidiaChain(collateral, options)
      : verifyNvidiaRim(chain, collateral, options))
    const status = checksOf(judgement).find((check) => check.id === `${id}.ocsp.status`)
    if (judgement.authenticity !== 'proven' || status?.outcome !== 'pass') return false
  }
  return chains.length > 0
}
