import { equalBytes, toHex } from '../../core/bytes.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../../core/engine.ts'
import { isPresent } from '../../core/part.ts'
import type { Finding, Remedy } from '../../core/verdict.ts'
import { architectureOf } from '../certificates.ts'
import { type ChainScope, chainSteps } from '../chain-steps.ts'
import { ocspSteps } from '../ocsp-steps.ts'
import { quoted } from '../quoted.ts'
import type { DeviceFacts, RimKind, TrustState } from '../state.ts'
import type { NvidiaRim } from './manifest.ts'

/** NVIDIA's service for manifests. */
export const NVIDIA_RIM_SERVICE = 'https://rim.attestation.nvidia.com/v1/rim/'

const SOURCE = 'NVIDIA attestation, reference integrity manifests'

/**
 * The checks of one manifest: there, readable, its chain and revocation, its digest and signature, and that it is of this device.
 *
 * @param ofDevice checks that tell which device it is, for the last of these
 */
export function rimGroup<S extends TrustState>(kind: RimKind, ofDevice: readonly string[] = []): StepGroup<S> {
  const id = `nvidia.rim.${kind}`
  const name = `the ${kind === 'driver' ? 'driver' : 'VBIOS'} manifest`
  const fetch: Remedy = mend(`fetch ${name} of this very version again from ${NVIDIA_RIM_SERVICE}`)
  const chain: ChainScope<S> = {
    id: `${id}.chain`,
    name: `the chain of ${name}`,
    needs: [`${id}.well-formed`],
    remedy: fetch,
    view: (state) => state.rimViews[kind],
  }
  const step = (
    part: string,
    check: (rim: NvidiaRim, device: DeviceFacts | undefined) => Finding,
    needs: readonly string[] = [],
  ): Step<S> => ({
    id: `${id}.${part}`,
    phase: 'authenticity',
    source: SOURCE,
    needs: [`${id}.well-formed`, ...needs],
    check: (state) => {
      const rim = state.rims[kind].value
      return rim === undefined ? notApplicable('there is no manifest') : check(rim, state.device)
    },
  })
  return {
    id,
    steps: [
      {
        id: `${id}.present`,
        phase: 'authenticity',
        source: SOURCE,
        waivable: true,
        check: (state) => presence(kind, name, state),
      },
      {
        id: `${id}.well-formed`,
        phase: 'authenticity',
        source: 'ISO/IEC 19770-2; W3C XML Signature 1.1',
        check: (state) => {
          const { value, error } = state.rims[kind]
          if (error !== undefined)
            return fail(`${name} cannot be read: ${error.message}`, fetch, { expected: error.expected })
          return value === undefined
            ? notApplicable('there is no manifest')
            : pass(`${name} is a manifest that we read in full`)
        },
      },
      ...chainSteps(chain),
      ...ocspSteps(chain, 0),
      step('digest', ({ computed, digest }) => {
        const details = { expected: toHex(digest), actual: toHex(computed.result ?? new Uint8Array(0)) }
        return computed.result !== undefined && equalBytes(computed.result, digest)
          ? pass('its canonical form has the digest that the signature names', details)
          : fail(`${name} was changed after it was signed`, fetch, details)
      }),
      step('signature', ({ signature }) =>
        signature?.result === true
          ? pass('the signature verifies')
          : fail(`the signature of ${name} does not verify with the key of its leaf: it is forged or damaged`, fetch),
      ),
      step('version', (rim, device) => version(kind, name, rim, device, fetch)),
      step('product', (rim, device) => product(name, rim, device, fetch), ofDevice),
    ],
  }
}

function presence(kind: RimKind, name: string, { rims, device }: TrustState): Finding {
  if (isPresent(rims[kind])) return pass(`${name} was given`)
  if (kind === 'driver' && device?.isSwitch === true) return notApplicable('a switch has no driver of its own')
  const id = device?.rimIds[kind]
  return unchecked(
    `${name} was not given: whether genuine firmware runs is not known`,
    mend(
      `fetch ${id === undefined ? 'it' : `${NVIDIA_RIM_SERVICE}${id}`} and pass it as \`${kind}Rim\`, or run \`sekisho collateral fetch\``,
    ),
  )
}

function version(
  kind: RimKind,
  name: string,
  rim: NvidiaRim,
  device: DeviceFacts | undefined,
  remedy: Remedy,
): Finding {
  if (device === undefined) return notApplicable('there is no report to compare with')
  const actual = device.versions[kind]
  const details = { expected: quoted(actual), actual: quoted(rim.colloquialVersion) }
  return actual !== undefined && actual.toLowerCase() === rim.colloquialVersion.toLowerCase()
    ? pass('it is for the version that the report names', details)
    : fail(`${name} is for version ${quoted(rim.colloquialVersion)}, and ${quoted(actual)} runs`, remedy, details)
}

function product(name: string, rim: NvidiaRim, device: DeviceFacts | undefined, remedy: Remedy): Finding {
  if (device === undefined) return notApplicable('there is no report to compare with')
  const actual = architectureOf(rim.product)
  const details = { expected: device.architecture ?? 'not known', actual: quoted(rim.product) }
  return actual !== undefined && actual === device.architecture
    ? pass(`it is for ${actual}`, details)
    : fail(
        `${name} is for ${quoted(rim.product)}, and the device is ${device.architecture ?? 'of no known architecture'}`,
        remedy,
        details,
      )
}
