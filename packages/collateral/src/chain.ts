import { CollateralError } from './errors.ts'
import type { CollateralSource } from './types.ts'

/**
 * A source that asks `sources` one after the other until one gives an answer. When none does, it rejects with
 * the error of the last source that failed for another reason than not having it, else with `not-found`.
 */
export function chainSources(...sources: readonly CollateralSource[]): CollateralSource {
  const ofNvidia = sources.flatMap(({ nvidia }) => (nvidia === undefined ? [] : [nvidia]))
  return {
    intel: (request) => first(sources, (source) => source.intel(request)),
    pck: (request) => first(sources, (source) => source.pck(request)),
    amd: (request) => first(sources, (source) => source.amd(request)),
    renew() {
      for (const source of sources) source.renew?.()
    },
    ...(ofNvidia.length === 0
      ? {}
      : {
          nvidia: {
            rim: (request) => first(ofNvidia, (source) => source.rim(request)),
            ocsp: (request) => first(ofNvidia, (source) => source.ocsp(request)),
          },
        }),
  }
}

async function first<S, T>(sources: readonly S[], ask: (source: S) => Promise<T>): Promise<T> {
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
