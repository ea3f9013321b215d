import { mend } from '../core/engine.ts'
import type { Remedy } from '../core/verdict.ts'
import { intermediateOf } from './certificates.ts'
import { AMD_KDS, kdsChainPath, kdsCrlPath, kdsVcekPath } from './kds.ts'
import { productOfName } from './products.ts'
import type { ChainState } from './state.ts'

// AMD's own knows no emulated chip. Without a root nobody can tell which of the two it is.
function service({ anchor, mayBeEmulated }: ChainState): string {
  if (anchor?.emulated === true) return 'from the emulated key service '
  return anchor === undefined && mayBeEmulated
    ? `from the emulated key service, or ${AMD_KDS} where it is none, `
    : AMD_KDS
}

/** Where the VCEK of a report could be had, if anywhere. */
export function leafSource(state: ChainState): string | undefined {
  const { report, product, role } = state
  const path =
    report === undefined || product === undefined || role === 'vlek' ? undefined : kdsVcekPath(report, product)
  return path === undefined ? undefined : service(state) + path
}

/** The remedy for certificates above the leaf that are missing or wrong: the right ones from AMD. */
export function fetchIssuers(state: ChainState): Remedy {
  return mend(`fetch ${service(state)}${kdsChainPath(state.role, productText(state))}`)
}

/** The remedy for a leaf that is missing or of something else. */
export function fetchLeaf(state: ChainState): Remedy {
  const source = leafSource(state)
  if (source !== undefined) return mend(`fetch ${source}`)
  return mend(
    `pass the ${state.role.toUpperCase()} from the certificate table that the host gives the guest (auxblob)`,
    'workload-owner',
  )
}

/** The remedy for a chain that is wrong somewhere. */
export function fetchChain(state: ChainState): Remedy {
  return mend(`${fetchIssuers(state).action}, and for the leaf: ${fetchLeaf(state).action}`)
}

/** The remedy for a revocation list that is missing or wrong. */
export function fetchCrl(state: ChainState): Remedy {
  return mend(`fetch ${service(state)}${kdsCrlPath(state.role, productText(state))}`)
}

function productText({ product, links: [leaf, intermediate] }: ChainState): string {
  const name = intermediate.certificate?.subject.commonName ?? leaf.certificate?.issuer.commonName
  return product ?? productOfName(intermediateOf(name)?.product ?? '') ?? '{Product}'
}

/** A name as evidence writes it, made harmless for a message. */
export function quoted(text: string | undefined): string {
  return text === undefined ? 'none' : JSON.stringify(text.slice(0, 64))
}
