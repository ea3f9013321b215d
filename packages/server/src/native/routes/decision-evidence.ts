import type { KeptBytes, RecordedPiece } from '@sekisho/broker'
import { type Static, Type } from '@sinclair/typebox'
import { notFound } from '../../http/errors.ts'
import { anyObject, closed, idSchema, namespaceSchema, oneOf, timeSchema } from '../common.ts'
import { jsonRoute, type Route } from '../route.ts'
import type { NativeServices } from '../services.ts'

const ONE = closed({ ns: namespaceSchema(), decision: idSchema('dec') })
const KEPT = closed({
  sha256: Type.String({ description: 'as it was recorded, lower-case hex' }),
  bytes: Type.Optional(Type.String({ description: 'base64; missing where the bytes are not kept' })),
})
const PIECE = closed({
  name: Type.String({ description: 'cpu-0, then each device as verdicts name it' }),
  tee: Type.String(),
  evidence: KEPT,
  eventLog: Type.Optional(KEPT),
  collateral: KEPT,
  expect: anyObject('everything that was expected, docs/expectations.md'),
  reference: Type.Optional(Type.String({ description: 'the reference set that was met' })),
})
const EVIDENCE = closed({
  decision: Type.String(),
  appraisal: Type.String(),
  judgedAt: timeSchema(),
  emulated: Type.Boolean(),
  verdictSha256: Type.String({ description: 'of the canonical JSON of the verdict; empty where none is kept' }),
  pieces: Type.Array(PIECE),
})
const REVERIFIED = closed({
  decision: Type.String(),
  at: timeSchema(),
  judgedAt: Type.Optional(timeSchema()),
  result: oneOf(['confirmed', 'differs', 'incomplete'] as const),
  steps: Type.Array(
    closed({
      step: oneOf(['log', 'evidence', 'collateral', 'verdict', 'expectations', 'policy'] as const),
      outcome: oneOf(['same', 'differs', 'unknown'] as const),
      detail: Type.String(),
    }),
  ),
  verdict: Type.Optional(anyObject('the verdict as it came out now, docs/verdict.md')),
})

/** What a decision rests on, and whether it holds when it is verified again as of its time. */
export function decisionEvidenceRoutes({ broker }: NativeServices): readonly Route[] {
  return [
    jsonRoute({
      method: 'GET',
      path: '/namespaces/{ns}/decisions/{decision}/evidence',
      tag: 'decisions',
      summary: 'The evidence and endorsements that a decision rests on, byte for byte, to verify it anywhere',
      scope: 'decisions:read',
      params: ONE,
      answer: EVIDENCE,
      handle: async ({ params }) => {
        const found = await broker.recordedEvidence(params.ns, params.decision)
        if (found === undefined) throw notFound('there is no such decision in this namespace')
        return { ...found, judgedAt: found.judgedAt.toISOString(), pieces: found.pieces.map(pieceOf) }
      },
    }),
    jsonRoute({
      method: 'POST',
      path: '/namespaces/{ns}/decisions/{decision}/reverify',
      tag: 'decisions',
      summary: 'Verifies a decision again as of its time; nothing is changed, recorded or asked of anybody',
      scope: 'decisions:read',
      params: ONE,
      answer: REVERIFIED,
      handle: async ({ params }) => {
        const found = await broker.reverify(params.ns, params.decision)
        if (found === undefined) throw notFound('there is no such decision in this namespace')
        const { decision, at, judgedAt, result, steps, verdict } = found
        return {
          decision,
          at: at.toISOString(),
          result,
          steps: [...steps],
          ...(judgedAt === undefined ? {} : { judgedAt: judgedAt.toISOString() }),
          ...(verdict === undefined ? {} : { verdict: { ...verdict } }),
        }
      },
    }),
  ]
}

function pieceOf({ evidence, eventLog, collateral, expect, ...rest }: RecordedPiece): Static<typeof PIECE> {
  return {
    ...rest,
    evidence: keptOf(evidence),
    ...(eventLog === undefined ? {} : { eventLog: keptOf(eventLog) }),
    collateral: keptOf(collateral),
    expect: { ...expect },
  }
}

function keptOf({ sha256, bytes }: KeptBytes): Static<typeof KEPT> {
  return bytes === undefined ? { sha256 } : { sha256, bytes: Buffer.from(bytes).toString('base64') }
}
