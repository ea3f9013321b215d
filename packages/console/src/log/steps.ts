import { ProofError, type ProofFault } from './note.ts'

/** One step of a proof: made and held, made and failed, or not reached because one before it failed. */
export interface Step<Id extends string> {
  readonly id: Id
  readonly outcome: 'pass' | 'fail' | 'unchecked'
  readonly fault?: ProofFault
  readonly detail?: string
}

/** Steps of a proof in their order; after one fails, those that are left stay unchecked. */
export class Steps<Id extends string> {
  readonly #ids: readonly Id[]
  readonly #taken: Step<Id>[] = []
  #failed = false

  constructor(ids: readonly Id[]) {
    this.#ids = ids
  }

  /** Takes a step, unless one before it failed. What is thrown and is no ProofError is thrown on. */
  async take<T>(id: Id, work: () => T | Promise<T>): Promise<T | undefined> {
    if (this.#failed) return undefined
    try {
      const value = await work()
      this.#taken.push({ id, outcome: 'pass' })
      return value
    } catch (error) {
      if (!(error instanceof ProofError)) throw error
      this.#failed = true
      this.#taken.push({ id, outcome: 'fail', fault: error.code, detail: error.message })
      return undefined
    }
  }

  /** All steps; proven when every one of them was made and held. */
  result(): { readonly steps: readonly Step<Id>[]; readonly proven: boolean } {
    const steps = this.#ids.map(
      (id): Step<Id> => this.#taken.find((one) => one.id === id) ?? { id, outcome: 'unchecked' },
    )
    return { steps, proven: steps.every(({ outcome }) => outcome === 'pass') }
  }
}
