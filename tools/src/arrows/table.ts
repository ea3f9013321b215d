/** What one package may import, as the table of the plan has it. */
export interface PackageRule {
  /** Folders under `packages/` whose package this one may import; `any` for the command line only. */
  readonly may: readonly string[] | 'any'
  /** True where the package runs in browsers too: no Node module and no Node global in its sources. */
  readonly isomorphic?: true
  /** Imports allowed to a part of the package only: imported folder to source folder. */
  readonly partly?: Readonly<Record<string, string>>
  /** Imports allowed in its tests alone. */
  readonly tests?: readonly string[]
  /** False where the package must have no dependency outside this repository. */
  readonly foreign?: false
}

/**
 * The arrows between packages: the whole table, so that a package to come is held to it from its
 * first commit. A folder under `packages/` that is not named here is an error.
 */
export const PACKAGE_RULES: Readonly<Record<string, PackageRule>> = {
  evidence: { may: [], isomorphic: true, foreign: false },
  measurement: { may: ['evidence'], isomorphic: true },
  appraisal: { may: ['evidence'], isomorphic: true },
  collateral: { may: ['evidence'] },
  // Its tests fetch from its services as verifiers do.
  emulator: { may: ['evidence', 'measurement'], tests: ['collateral'] },
  attester: { may: ['evidence', 'emulator'] },
  broker: { may: ['appraisal', 'collateral', 'evidence'] },
  channel: { may: ['evidence', 'appraisal', 'collateral', 'attester'], partly: { attester: 'server' } },
  keep: { may: ['attester', 'channel'] },
  room: { may: ['keep', 'broker', 'channel'] },
  server: { may: ['broker', 'appraisal', 'collateral'] },
  // Its tests do with the command line, in their own process, what an administrator does beside the page.
  console: { may: ['evidence', 'appraisal'], isomorphic: true, tests: ['cli'] },
  cli: { may: 'any' },
}

/**
 * The files of an isomorphic package that may use Node modules and globals, each chosen under the `node` condition only:
 * cryptography, hexadecimal and base64, whose loops would be half of what a process of one verification computes, and the
 * base64url of results.
 */
export const NODE_DOORS: readonly string[] = [
  'packages/evidence/src/crypto/node.ts',
  'packages/evidence/src/core/text-node.ts',
  'packages/appraisal/src/ear/base64url-node.ts',
]

/** Folders of `evidence/src` that hold one TEE each; none may import another, but as `TEE_ARROWS` says. */
export const TEE_FOLDERS: readonly string[] = [
  'snp',
  'sgx',
  'tdx',
  'sev',
  'nitro',
  'cca',
  'psa',
  'tpm',
  'azure',
  'ibm-se',
  'nvidia',
  'token',
  'ias',
]

/** The TEEs that carry evidence of others inside: these may import those. */
export const TEE_ARROWS: Readonly<Record<string, readonly string[]>> = { azure: ['snp', 'tdx', 'tpm'] }

/** Folders of `evidence/src` that several TEEs share; they may import each other, and no TEE. */
export const SHARED_FOLDERS: readonly string[] = [
  'core',
  'crypto',
  'x509',
  'dcap',
  'cbor',
  'arm',
  'cose',
  'tpm-structures',
  'eventlog',
  'eat',
  'cmw',
  'policy',
  'claims',
]

/** Folders of `evidence/src` that stand above several TEEs and pull them in: no TEE or shared folder may import one. */
export const ROOF_FOLDERS: readonly string[] = ['recognise', 'composite', 'corim']

/** Globals that `evidence` may not touch: it is given bytes and a time, and gives back a verdict. */
export const IMPURE_GLOBALS: readonly string[] = [
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'console',
  'performance',
  'setTimeout',
  'setInterval',
  'localStorage',
  'sessionStorage',
  'indexedDB',
  'navigator',
  'document',
  'eval',
  'Function',
]

/** Globals that exist in Node only. */
export const NODE_GLOBALS: readonly string[] = [
  'Buffer',
  'process',
  'require',
  'module',
  'exports',
  'global',
  'setImmediate',
  'clearImmediate',
  '__dirname',
  '__filename',
]
