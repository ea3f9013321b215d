import { createMemory } from '@sekisho/evidence'
import { prepareDcapCollateral as prepareSgx, verifySgx, verifySgxSync } from '@sekisho/evidence/sgx'
import { prepareSnpCollateral, verifySnp, verifySnpSync } from '@sekisho/evidence/snp'
import { prepareDcapCollateral as prepareTdx, verifyTdx, verifyTdxSync } from '@sekisho/evidence/tdx'
import { type BoundCheck, importKey, runBound } from './bound.ts'
import { type IntelSample, readIntelSample } from './intel.ts'
import { type Contender, compare, type Measured } from './measure.ts'
import { dcapQvl, dcapQvlWasm, tinfoil } from './peers.ts'
import { type Row, speedRow } from './rows.ts'
import { readSnpSample, type SnpSample } from './snp.ts'

const INTEL = { sgx: 'intel-sgx/automata-platform-sw-hardening', tdx: 'intel-tdx/dcapqvl-v4-uptodate' } as const
const SNP = 'amd-sev-snp/genoa-v3-vcek-aci'

/** SGX, TDX and SNP against the bound and the peers, with the synchronous cryptography of Node.js. */
export async function synchronousRows(vectors: string): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const tee of ['sgx', 'tdx'] as const) rows.push(...(await intelRows(readIntelSample(vectors, INTEL[tee]))))
  rows.push(...(await snpRows(readSnpSample(vectors, SNP))))
  return rows
}

/** The same with WebCrypto, cold. Only meaningful in a process started with `--conditions=browser`. */
export async function webRows(vectors: string): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const tee of ['sgx', 'tdx'] as const) {
    const sample = readIntelSample(vectors, INTEL[tee])
    const { collateral, at } = sample
    const verify = tee === 'sgx' ? verifySgx : verifyTdx
    const ours = async (): Promise<void> => proven(await verify(sample.evidence, { collateral, at }))
    rows.push(await againstBound(`${tee} cold, WebCrypto`, ours, bound(sample.cold), 0.5))
  }
  const { evidence, collateral, at, cold } = readSnpSample(vectors, SNP)
  const ours = async (): Promise<void> =>
    proven(await verifySnp(evidence, { collateral, at, waive: ['snp.crl.present'] }))
  rows.push(await againstBound('snp cold, WebCrypto', ours, bound(cold), 0.8))
  return rows
}

async function intelRows(sample: IntelSample): Promise<readonly Row[]> {
  const { tee, evidence, collateral, at } = sample
  const verify = tee === 'sgx' ? verifySgxSync : verifyTdxSync
  const prepared = tee === 'sgx' ? prepareSgx(collateral) : prepareTdx(collateral)
  const memory = createMemory()
  const cold = (): void => proven(verify(evidence, { collateral, at }))
  const fresh = (): void => proven(verify(evidence, { collateral: prepared, at }))
  const steady = (): void => proven(verify(evidence, { collateral: prepared, at, memory }))
  return [
    await againstBound(`${tee} cold`, cold, bound(sample.cold), 0.8),
    await againstBound(`${tee} fresh`, fresh, bound(sample.fresh), 0.8),
    await againstBound(`${tee} steady`, steady, bound(sample.steady), 0.75),
    await againstBound(`${tee} cold`, cold, dcapQvl(sample), 5),
    await againstBound(`${tee} cold`, cold, await dcapQvlWasm(sample), 5),
  ]
}

async function snpRows(sample: SnpSample): Promise<readonly Row[]> {
  const { evidence, collateral, at } = sample
  const waive = ['snp.crl.present']
  const prepared = prepareSnpCollateral(collateral)
  const memory = createMemory()
  const known = new Map(sample.steady.map((check) => [check.key, importKey(check.key)]))
  const cold = (): void => proven(verifySnpSync(evidence, { collateral, at, waive }))
  const steady = (): void => proven(verifySnpSync(evidence, { collateral: prepared, at, waive, memory }))
  return [
    await againstBound('snp cold', cold, bound(sample.cold), 0.85),
    await againstBound('snp steady', steady, { name: 'bound', run: () => runBound(sample.steady, known) }, 0.9),
    await againstBound('snp cold', cold, await tinfoil(sample), 3.3),
  ]
}

function bound(checks: readonly BoundCheck[]): Contender {
  return { name: `bound (${checks.length} signatures)`, run: () => runBound(checks) }
}

async function againstBound(
  what: string,
  run: () => void | Promise<void>,
  other: Contender,
  target: number,
): Promise<Row> {
  const [against, ours] = (await compare([other, { name: 'sekisho', run }])) as [Measured, Measured]
  return speedRow(`${what} / ${other.name.split(' (')[0] ?? ''}`, ours, against, target)
}

function proven(verdict: { readonly authenticity: string; readonly summary: string }): void {
  if (verdict.authenticity !== 'proven') throw new Error(`the sample does not verify: ${verdict.summary}`)
}
