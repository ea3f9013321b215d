/**
 * Verifies what stands on standard input and prints the canonical bytes of each verdict. Started with
 * `--conditions=browser`, it does so through the door to WebCrypto.
 */
import { readFileSync } from 'node:fs'
import { synchronous } from '#crypto'
import { canonicalJson } from '../../src/core/canonical.ts'
import type { TrustAnchor } from '../../src/core/verdict.ts'
import type { DcapCollateralInput } from '../../src/dcap/collateral.ts'
import type { SgxExpectations } from '../../src/sgx/expectations.ts'
import { verifySgx } from '../../src/sgx/verify.ts'
import { verifySnp } from '../../src/snp/verify.ts'
import { verifyTdx } from '../../src/tdx/verify.ts'

/** One verification as JSON: bytes as hex. */
export interface DoorCase {
  readonly tee: 'sgx' | 'tdx' | 'snp'
  readonly evidence: string
  readonly at: string
  readonly anchor: TrustAnchor
  readonly expect: SgxExpectations
  /** Intel's shape, or AMD's parts in hex. */
  readonly collateral: Readonly<Record<string, string>>
}

/** What the program prints: which door it used, and a verdict for each case. */
export interface DoorAnswer {
  readonly synchronous: boolean
  readonly verdicts: readonly string[]
}

async function verdictOf(one: DoorCase): Promise<string> {
  const evidence = new Uint8Array(Buffer.from(one.evidence, 'hex'))
  const common = { at: new Date(one.at), trustAnchors: [one.anchor] }
  if (one.tee === 'snp') {
    const parts = Object.entries(one.collateral).map(([name, hex]) => [name, new Uint8Array(Buffer.from(hex, 'hex'))])
    return canonicalJson(
      await verifySnp(evidence, { ...common, expect: one.expect, collateral: Object.fromEntries(parts) }),
    )
  }
  const collateral: DcapCollateralInput = one.collateral
  if (one.tee === 'sgx') return canonicalJson(await verifySgx(evidence, { ...common, expect: one.expect, collateral }))
  return canonicalJson(await verifyTdx(evidence, { ...common, expect: one.expect, collateral }))
}

if (process.argv[1] === import.meta.filename) {
  const cases: readonly DoorCase[] = JSON.parse(readFileSync(0, 'utf8'))
  const answer: DoorAnswer = { synchronous, verdicts: await Promise.all(cases.map(verdictOf)) }
  process.stdout.write(JSON.stringify(answer))
}
