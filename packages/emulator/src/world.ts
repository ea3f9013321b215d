import { randomBytes } from 'node:crypto'
import { amdOffice, type EmulatedAmd } from './amd/authority.ts'
import { keyService } from './amd/kds.ts'
import { type SnpPlatform, type SnpPlatformOptions, snpPlatform } from './amd/snp.ts'
import type { EmulatedAnchor } from './anchor.ts'
import { armOffice, type EmulatedArm } from './arm/authority.ts'
import { type CcaPlatform, type CcaPlatformOptions, ccaPlatform } from './arm/cca.ts'
import { awsOffice, type EmulatedAws } from './aws/authority.ts'
import { type NitroPlatform, type NitroPlatformOptions, nitroPlatform } from './aws/nitro.ts'
import { groundOf, type RsaKeySource } from './ground.ts'
import { type EmulatedIntel, intelOffice } from './intel/authority.ts'
import { certificationService } from './intel/pcs.ts'
import { type SgxPlatform, type SgxPlatformOptions, sgxPlatform } from './intel/sgx.ts'
import { type TdxPlatform, type TdxPlatformOptions, tdxPlatform } from './intel/tdx.ts'
import type { AmdProduct } from './kit/amd-products.ts'
import { knownOptions } from './options.ts'
import { refusal, type ServiceAnswer, type ServiceRequest } from './service.ts'
import { newState, readState } from './state.ts'
import { type EmulatedTpmVendor, tpmOffice } from './tpm/authority.ts'
import { type TpmPlatform, type TpmPlatformOptions, tpmPlatform } from './tpm/tpm.ts'

/** How a world begins. */
export interface WorldOptions {
  /** What `save` gave before; without it a new world is made. */
  readonly saved?: string
  /** The clock of its authorities; default the system's. */
  readonly now?: () => Date
  /** Product lines of AMD that a new world has, by default all: each has a root whose RSA key takes a second to make. */
  readonly products?: readonly AmdProduct[]
  /** Where it takes RSA keys from that it does not have; default: new ones. Tests that make many worlds give `keptRsaKeys()` of the kit. */
  readonly rsaKey?: RsaKeySource
}

/** Vendors' authorities with their services, and the machines that they endorse. Nothing in it is hardware. */
export interface World {
  /** The roots of all its authorities; every one says `emulated: true`. */
  readonly anchors: readonly EmulatedAnchor[]
  readonly amd: EmulatedAmd
  readonly intel: EmulatedIntel
  readonly aws: EmulatedAws
  readonly arm: EmulatedArm
  readonly tpmVendor: EmulatedTpmVendor
  /** The clock of its authorities. */
  readonly now: () => Date
  /** AMD's key service and Intel's provisioning certification service as one; whoever calls puts it on a socket. */
  handle(request: ServiceRequest): ServiceAnswer
  /**
   * Makes the RSA keys of AMD's roots and intermediates that are not made yet, on other threads: nobody then waits for
   * one later. Saved worlds have those that were made.
   */
  ready(): Promise<void>
  /**
   * The world as JSON, with its private keys: to be kept in a file of mode 0600. Processes that open the same file agree
   * on AMD's roots and intermediates only if those were made before: see {@link World.ready}.
   */
  save(): string
  snp(options?: SnpPlatformOptions): SnpPlatform
  tdx(options?: TdxPlatformOptions): TdxPlatform
  sgx(options?: SgxPlatformOptions): SgxPlatform
  nitro(options?: NitroPlatformOptions): NitroPlatform
  cca(options?: CcaPlatformOptions): CcaPlatform
  tpm(options?: TpmPlatformOptions): TpmPlatform
}

/**
 * Makes a world, or opens a saved one.
 * @throws TypeError when `saved` is no saved world
 */
export function createWorld(options: WorldOptions = {}): World {
  knownOptions(options, 'createWorld', OPTIONS)
  const { now = (): Date => new Date(), products = ALL_PRODUCTS } = options
  const state =
    options.saved === undefined ? newState(randomBytes(32).toString('hex'), now(), products) : readState(options.saved)
  const ground = groundOf(state, now, options.rsaKey)
  const amd = amdOffice(ground)
  const intel = intelOffice(ground)
  const aws = awsOffice(ground)
  const arm = armOffice(ground)
  const tpmVendor = tpmOffice(ground)
  const kds = keyService(ground, amd)
  const pcs = certificationService(ground, intel)
  return {
    get anchors(): readonly EmulatedAnchor[] {
      return [...amd.anchors, intel.anchor, aws.anchor, ...arm.anchors, tpmVendor.anchor]
    },
    amd,
    intel,
    aws,
    arm,
    tpmVendor,
    now,
    handle: (request) => {
      if (!URL.canParse(request.url, BASE)) return refusal(400, 'Bad Request')
      const { pathname, searchParams } = new URL(request.url, BASE)
      if (request.method !== 'GET') return refusal(405, 'Method Not Allowed', { allow: 'GET' })
      return kds(pathname, searchParams) ?? pcs(pathname, searchParams, request.headers) ?? refusal(404, 'Not Found')
    },
    ready: () =>
      ground.prepareRsaKeys(
        state.amd.products.flatMap((product) => [`${product} ark`, `${product} ask`, `${product} asvk`]),
        4096,
      ),
    save: () => JSON.stringify(state),
    snp: (platform = {}) => snpPlatform(ground, amd, platform),
    tdx: (platform = {}) => tdxPlatform(ground, intel, platform),
    sgx: (platform = {}) => sgxPlatform(ground, intel, platform),
    nitro: (platform = {}) => nitroPlatform(ground, aws, platform),
    cca: (platform = {}) => ccaPlatform(arm, platform),
    tpm: (platform = {}) => tpmPlatform(ground, tpmVendor, platform),
  }
}

const OPTIONS: Readonly<Record<keyof WorldOptions, true>> = { saved: true, now: true, products: true, rsaKey: true }
const BASE = 'http://world.invalid'
const ALL_PRODUCTS: readonly AmdProduct[] = ['Milan', 'Genoa', 'Turin']
