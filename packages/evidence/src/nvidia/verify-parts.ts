import { settle } from '#crypto'
import { trustedAnchors } from '../core/anchors.ts'
import { type Judgement, judge, type StepGroup } from '../core/engine.ts'
import type { VerifyOptions } from '../core/options.ts'
import { evaluationTime } from '../core/time.ts'
import type { Job } from '../crypto/jobs.ts'
import { NVIDIA_ROOTS } from './anchors.ts'
import type { Chain } from './certificates.ts'
import { NvidiaCollateral, type NvidiaCollateralInput, prepareNvidiaCollateral } from './collateral.ts'
import { type NvidiaExpectations, readNvidiaExpectations } from './expectations.ts'
import { OCSP_READABLE } from './ocsp-steps.ts'
import { CHAIN_STEPS } from './report-steps.ts'
import { rimGroup } from './rim/rim-steps.ts'
import type { ChainView, DeviceChainState, RimKind } from './state.ts'
import { viewOf } from './view.ts'

/** Options of the verifications of a part alone. Of the expectations only those about OCSP are read. */
export interface NvidiaPartOptions extends Omit<VerifyOptions, 'memory'> {
  readonly expect?: NvidiaExpectations
}

/**
 * Judges a manifest and its OCSP answers alone, without a report: what a cache does before it keeps them.
 * Version and product have nothing to be compared with and do not apply.
 */
export async function verifyNvidiaRim(
  kind: RimKind,
  input: NvidiaCollateralInput | NvidiaCollateral,
  options: NvidiaPartOptions,
): Promise<Judgement> {
  return judgeParts(input, options, [OCSP_READABLE, rimGroup<DeviceChainState>(kind)])
}

/** Judges a device's chain and its OCSP answers alone. */
export async function verifyNvidiaChain(
  input: NvidiaCollateralInput | NvidiaCollateral,
  options: NvidiaPartOptions,
): Promise<Judgement> {
  return judgeParts(input, options, [OCSP_READABLE, CHAIN_STEPS])
}

async function judgeParts(
  input: NvidiaCollateralInput | NvidiaCollateral,
  options: NvidiaPartOptions,
  groups: readonly StepGroup<DeviceChainState>[],
): Promise<Judgement> {
  const at = evaluationTime(options.at)
  const expect = readNvidiaExpectations(options.expect)
  const collateral = input instanceof NvidiaCollateral ? input : prepareNvidiaCollateral(input)
  const { chain, driverRim, vbiosRim, ocsp } = collateral
  const jobs: Job[] = []
  for (const value of [chain.value, driverRim.value, vbiosRim.value]) if (value !== undefined) jobs.push(...value.jobs)
  for (const one of [chain.value, driverRim.value?.chain, vbiosRim.value?.chain]) {
    if (one !== undefined) for (const answer of collateral.answersFor(one)) jobs.push(...answer.jobs)
  }
  await settle(jobs)
  const anchors = trustedAnchors(options.trustAnchors, NVIDIA_ROOTS)
  const view = (one: Chain | undefined, purpose: 'device' | 'rim'): ChainView | undefined =>
    one && viewOf(one, collateral, anchors, purpose)
  const state: DeviceChainState = {
    at,
    expect,
    ocsp,
    rims: { driver: driverRim, vbios: vbiosRim },
    rimViews: { driver: view(driverRim.value?.chain, 'rim'), vbios: view(vbiosRim.value?.chain, 'rim') },
    chain,
    chainView: view(chain.value, 'device'),
    device: undefined,
  }
  return judge(groups, state, options.waive)
}
