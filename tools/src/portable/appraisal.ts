import {
  type Appraisal,
  appraise,
  type CompiledPolicies,
  compilePolicies,
  earPayload,
  lintPolicies,
  type PolicyDecision,
  STARTER_POLICIES,
} from '@sekisho/appraisal'
import { canonicalJson, EvidenceError, type Verdict } from '@sekisho/evidence'
import { type PortableCase, sha256, verdictOf } from './suite.ts'

/** What a runtime made of one verdict under every policy. */
export interface PortableAppraisal {
  readonly name: string
  readonly status: Appraisal['status']
  /** Names of the policies that permit a release. */
  readonly permitted: readonly string[]
  /** SHA-256 of everything that an appraisal comes to: context, vector, claims of the results, decisions. */
  readonly digest: string
}

/** Beside the starters: statements that compare sets, decimals of versions, times, and what only some claims have. */
const FURTHER: readonly (readonly [name: string, text: string])[] = [
  [
    'sets',
    `permit (principal, action, resource) when { context.verdict.waived.isEmpty() && !context.debug };
     forbid (principal, action, resource) when { context.tcb.advisories.contains("INTEL-SA-00615") };`,
  ],
  [
    'parts',
    `permit (principal, action == Sekisho::Action::"release", resource)
       when { context has product && ["Genoa", "Milan", "Turin"].contains(context.product) };`,
  ],
  [
    'never evaluated',
    `permit (principal, action, resource) when { context.tcb has status && context.tcb.status == "UpToDate" };
     permit (principal, action, resource) unless { context.references.contains("web") };`,
  ],
]

const AT = new Date('2026-06-15T12:00:00Z')
const KEY = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f6_vJiG6k6150u06YUyvQM7DwvQbN9phCOQ77r-e-yE',
  y: 'F0YT1g2zhXK6otqYnAfaU9Xs01XbwIFGn54V3bkSj5U',
}
const NONCE = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='

/** Appraises the verdict of every case that has one, and decides on it by every starter policy and some more. */
export async function runAppraisals(cases: readonly PortableCase[]): Promise<PortableAppraisal[]> {
  const policies: [name: string, compiled: CompiledPolicies][] = []
  const findings: unknown[] = []
  for (const [name, text] of [...STARTER_POLICIES.map((one) => [one.name, one.text] as const), ...FURTHER]) {
    policies.push([name, await compilePolicies(text)])
    findings.push(await lintPolicies(text))
  }
  const results: PortableAppraisal[] = [
    { name: 'the linter', status: 'none', permitted: [], digest: await sha256(canonicalJson(findings)) },
  ]
  for (const each of cases) {
    const verdict = await readable(each)
    if (verdict === undefined) continue
    for (const [name, one] of [
      [each.name, verdict] as const,
      [`${each.name}, as if`, asIfVerified(verdict)] as const,
    ]) {
      const { told, ...result } = appraised(one, policies)
      results.push({ name, ...result, digest: await sha256(told) })
    }
  }
  return results
}

/** Nothing but a verified verdict gets as far as the policies: so that they see the claims of all. */
function asIfVerified(verdict: Verdict): Verdict {
  return { ...verdict, outcome: 'verified', authenticity: 'proven', waived: [], checks: [] }
}

async function readable(one: PortableCase): Promise<Verdict | undefined> {
  try {
    return await verdictOf(one)
  } catch (error) {
    if (error instanceof EvidenceError) return undefined
    throw error
  }
}

function appraised(
  verdict: Verdict,
  policies: readonly (readonly [name: string, compiled: CompiledPolicies])[],
): Omit<PortableAppraisal, 'name' | 'digest'> & { readonly told: string } {
  const appraisal = appraise(verdict, { references: ['web'], at: AT, resource: 'demo/db/password' })
  const options = {
    issuer: 'https://checkpoint.example',
    verifierId: { developer: 'Sekisho', build: 'portable' },
    issuedAt: AT,
    expiresAt: new Date(AT.getTime() + 300_000),
    policyIds: ['1'],
    nonce: NONCE,
    teeKey: KEY,
  }
  const results = (['trustee', 'draft'] as const).map((dialect) =>
    earPayload(appraisal, verdict, { ...options, dialect }),
  )
  const { status, vector, context } = appraisal
  const request = { namespace: 'default', resource: 'demo/db/password', workload: 'w', context }
  const permitted: string[] = []
  const decisions: (readonly [PolicyDecision, PolicyDecision])[] = []
  for (const [name, compiled] of policies) {
    const release = compiled.decide({ ...request, action: 'release' })
    const renew = compiled.decide({ ...request, action: 'renew' })
    if (release.permitted) permitted.push(name)
    decisions.push([release, renew])
  }
  return { status, permitted, told: canonicalJson({ status, vector, context, results, decisions }) }
}
