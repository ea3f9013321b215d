import { CollateralError } from './errors.ts'
import type { CollateralSource } from './types.ts'

/**
 * A source that asks `sources` one after the other until one gives an answer. When none does, it rejects with
 * the error of the last source that failed for another reason than not having it, else with `not-found`.
 */
export function chainSources(...sources: readonly CollateralSource[]): CollateralSource {
  return {
    intel: (request) => first(sources, (source) => source.intel(request)),
    pck: (request) => first(sources, (source) => source.pck(request)),
    amd: (request) => first(sources, (source) => source.amd(request)),
  }
}

async function first<T>(
  sources: readonly CollateralSource[],
  ask: (source: CollateralSource) => Promise<T>,
): Promise<T> {
  let worst = new CollateralError('not-found', 'no source of collateral has it')
  for (const source of sources) {
    try {
      return await ask(source)
    } catch (error) {
      if (!(error instanceof CollateralError) || error.code === 'aborted') throw error
      if (error.code !== 'not-found' || worst.code === 'not-found') worst = error
    }
  }
  throw worst
}
