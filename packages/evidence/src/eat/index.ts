export { parseStrict } from '../core/json.ts'
export { EAR_PROFILES, type Ear, type EarAppraisal, type EarTier, earTierOf, readEar, sampleAppraisals } from './ear.ts'
export { type EatSubmodules, eatFaults, MOST_SUBMODULES, submodulesBelow, submodulesOf } from './eat.ts'
export { claimsOfCbor } from './read.ts'
