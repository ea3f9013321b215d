import type { CorimWindow } from '../arm/endorsed.ts'
import type { EvidenceError } from '../core/errors.ts'

/** Expectations that one part of a CoRIM makes of evidence. */
export interface CorimReference {
  readonly tee: 'snp' | 'sgx' | 'tdx'
  /** Where it stands in the CoRIM, such as `corim.tags[0].reference-triples[1]`. */
  readonly at: string
  /** Members of that TEE's expectations. */
  readonly values: Readonly<Record<string, unknown>>
}

/** What is said by whoever reads a CoRIM. */
export interface CorimReading {
  /** Names of measurements that are not to be compared, as the profile spells them: `VERSION`, `tee.tcbdate`. */
  readonly without?: readonly string[]
  /** Class id (OID) of the TDs that values are for: Intel's profile assigns none. */
  readonly tdClass?: string
}

/** Reference values of a CoRIM of AMD's or Intel's profile. */
export interface CorimReferences extends CorimWindow {
  readonly profile: string
  readonly references: readonly CorimReference[]
  /** Why triples cannot be used, each with its path: the values of such a CoRIM are not all that it says. */
  readonly unusable: readonly EvidenceError[]
  /** Paths of what is for other environments, or holds no reference values. */
  readonly unread: readonly string[]
}

/** Measurements that the caller leaves out, and which of them there were. */
export class LeftOut {
  readonly #names: ReadonlySet<string>
  readonly #met: Set<string> = new Set()

  constructor(names: readonly string[]) {
    this.#names = new Set(names)
  }

  /** Whether a measurement of this name is left out. */
  has(name: string): boolean {
    if (!this.#names.has(name)) return false
    this.#met.add(name)
    return true
  }

  /** Names that no measurement had: most likely they are misspelt. */
  unmet(): readonly string[] {
    return [...this.#names].filter((name) => !this.#met.has(name))
  }
}
