/** Which public file, at which commit. */
export interface Source {
  /** `owner/name` on the git host. */
  readonly repo: string
  readonly commit: string
  readonly path: string
  readonly license: string
}

/** One byte string of a case, known by its digest: whatever the source wraps it in, only the right bytes pass. */
export interface Item {
  /** File of the case that it becomes, or a member of `collateral.json` as `collateral.json#tcb_info`. */
  readonly into: string
  /** How a member of `collateral.json` writes it; files are always raw. */
  readonly as: 'raw' | 'hex' | 'text'
  readonly size: number
  readonly sha256: string
  /** Its first bytes in hex, to find where it begins. */
  readonly head: string
}

/** One genuine case. */
export interface CaseEntry {
  /** Folder, e.g. `intel-tdx/dcapqvl-v4-uptodate`. */
  readonly name: string
  readonly tee: string
  readonly version?: number
  readonly evaluateAt?: string
  readonly expect: Readonly<Record<string, string>>
  /** Indexes into `sources`; every item is looked for in each of them. */
  readonly sources: readonly number[]
  readonly items: readonly Item[]
}

/** `tools/vectors-manifest.json`. */
export interface VectorsManifest {
  readonly version: 1
  readonly sources: readonly Source[]
  readonly cases: readonly CaseEntry[]
}
