import { createHash } from 'node:crypto'
import { EvidenceError, type Outcome, type Verdict } from '@sekisho/evidence'
import type { Expectations, Judged, JudgeRequest, KeptCollateral, Received, Verifier } from '../../src/index.ts'

/** Evidence that a fake verifier reads: what real evidence would say, without a signature. */
export interface FakeEvidence {
  /** False: its signature does not verify. */
  readonly genuine: boolean
  /** 48 bytes in hex. */
  readonly measurement: string
  /** Report data in hex: what it was made for. */
  readonly reportData: string
}

const KEPT: KeptCollateral = { sha256: createHash('sha256').digest('hex'), bytes: new Uint8Array() }

/** A verifier without cryptography, which judges fake evidence by the rules that the real ones have. */
export const fakeVerifier: Verifier = {
  emulated: false,
  recognise(evidence) {
    if (!isFake(evidence))
      throw new EvidenceError('unsupported-kind', 'something else', {
        field: 'evidence',
        offset: 0,
        expected: 'fake evidence',
      })
    const bytes = Buffer.from(JSON.stringify(evidence))
    return { tee: 'snp', form: 'fake', evidence: bytes, wrappers: [], companions: [], unused: [] }
  },
  skeleton: (received) => ({ measurement: [read(received).measurement] }),
  binding: (_received, digest) => ({ reportData: Buffer.from(digest).toString('hex'), reportDataIsFresh: true }),
  isDevice: ({ tee }) => tee === 'nvidia-gpu',
  verify: (received, request) => Promise.resolve(judge(received, request)),
}

function isFake(value: unknown): value is FakeEvidence {
  return typeof value === 'object' && value !== null && 'genuine' in value
}

function read({ evidence }: Received): FakeEvidence {
  return JSON.parse(Buffer.from(evidence).toString()) as FakeEvidence
}

function judge(received: Received, { expect, at }: JudgeRequest): Judged {
  const fake = read(received)
  const outcomes: Readonly<Record<string, Outcome>> = {
    'snp.report.signature': fake.genuine ? 'pass' : 'fail',
    'snp.expect.report-data': same(expect, 'reportData', fake.reportData),
    'snp.expect.measurement': same(expect, 'measurement', fake.measurement),
  }
  const all = Object.values(outcomes)
  const outcome = all.includes('fail') ? 'rejected' : all.includes('unchecked') ? 'incomplete' : 'verified'
  const verdict: Verdict = {
    schema: 'urn:sekisho:verdict:v1',
    outcome,
    summary: outcome,
    authenticity: fake.genuine ? 'proven' : 'refuted',
    tee: 'snp',
    format: 'fake',
    at: at.toISOString(),
    evidence: {
      sha256: createHash('sha256').update(received.evidence).digest('hex'),
      length: received.evidence.length,
    },
    emulated: false,
    anchors: [],
    collateral: [],
    claims: {
      tee: 'snp',
      vendor: 'amd',
      product: 'Genoa',
      isolation: 'vm',
      hardware: true,
      debug: false,
      launchMeasurement: fake.measurement,
      runtimeMeasurements: {},
      userData: fake.reportData,
      tcb: { components: {} },
    },
    checks: [
      {
        id: 'fake',
        outcome: outcome === 'verified' ? 'pass' : 'fail',
        checks: Object.entries(outcomes).map(([id, one]) => ({
          id,
          phase: id.includes('expect') ? 'appraisal' : 'authenticity',
          source: 'a test',
          outcome: one,
          reason: one,
        })),
      },
    ],
    assumed: [],
    waived: [],
    notes: [],
  }
  return { verdict, collateral: KEPT }
}

function same(expect: Expectations, name: string, actual: string): Outcome {
  const wanted = expect[name]
  if (wanted === undefined) return 'unchecked'
  return (Array.isArray(wanted) ? wanted : [wanted]).includes(actual) ? 'pass' : 'fail'
}
