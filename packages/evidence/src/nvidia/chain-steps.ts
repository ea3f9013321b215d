import { digestHex } from '../core/assemble.ts'
import { begunValues, currentValues, nameValues, type Values } from '../core/chain-values.ts'
import { fail, notApplicable, pass, type Step } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import { isResponder } from './ocsp.ts'
import { quoted } from './quoted.ts'
import type { ChainView } from './state.ts'

const PATH = 'RFC 5280, section 6.1'

/** One chain among those of a verification. */
export interface ChainScope<S> {
  /** Id that the checks begin with. */
  readonly id: string
  /** e.g. `the device's chain`. */
  readonly name: string
  /** Steps that must have passed before the chain is looked at. */
  readonly needs: readonly string[]
  readonly remedy: Remedy
  /** Undefined when there is no chain to check. */
  readonly view: (state: S) => ChainView | undefined
}

/** The checks of a chain: names, constraints, algorithms, root, dates, signatures. */
export function chainSteps<S extends { readonly at: number }>(scope: ChainScope<S>): readonly Step<S>[] {
  const step = (id: string, source: string, check: (view: ChainView, at: number) => Finding): Step<S> => ({
    id: `${scope.id}.${id}`,
    phase: 'authenticity',
    source,
    needs: scope.needs,
    check: (state) => {
      const view = scope.view(state)
      return view === undefined ? notApplicable('there is no chain') : check(view, state.at)
    },
  })
  const each =
    (
      fault: (certificate: Certificate, position: number, view: ChainView, at: number) => string | undefined,
      good: string,
      show?: (certificates: readonly Certificate[]) => Values,
    ) =>
    (view: ChainView, at: number): Finding => {
      const { certificates } = view.chain
      const values = show?.(certificates)
      for (let i = 0; i < certificates.length; i++) {
        const wrong = fault(certificates[i] as Certificate, i, view, at)
        if (wrong === undefined) continue
        const name = quoted(certificates[i]?.subject.commonName)
        return fail(`certificate ${i} of ${scope.name}, ${name}, ${wrong}`, scope.remedy, values)
      }
      return pass(good, values)
    }
  return [
    step('names', PATH, each(nameFault, 'without a gap, and the last one is self-issued', nameValues)),
    step('constraints', PATH, each(constraintFault, 'basic constraints, path lengths and key usages fit')),
    step('algorithms', 'NVIDIA attestation, certificate chain', each(algorithmFault, 'all of them')),
    step('root', 'NVIDIA root keys, pinned by SHA-256 of SubjectPublicKeyInfo', ({ anchor, chain }) => {
      if (anchor !== undefined)
        return pass(`the last key is that of ${anchor.name}`, { actual: anchor.spkiSha256, anchor: anchor.id })
      const key = chain.certificates.at(-1)?.spkiDigest
      return fail(
        `the last key of ${scope.name} is none of the trusted root keys, whatever its name says`,
        scope.remedy,
        key && { actual: digestHex(key) },
      )
    }),
    step(
      'not-before',
      'RFC 5280, section 4.1.2.5',
      each(
        ({ notBefore }, _i, _view, at) => (at < notBefore ? `is valid from ${isoTime(notBefore)} only` : undefined),
        'so they are',
        begunValues,
      ),
    ),
    step(
      'not-after',
      'RFC 5280, section 4.1.2.5',
      each(
        ({ notAfter }, _i, _view, at) => (at > notAfter ? `expired at ${isoTime(notAfter)}` : undefined),
        'so they are',
        currentValues,
      ),
    ),
    step(
      'signatures',
      PATH,
      each(
        (_certificate, i, { chain }) =>
          chain.links[i]?.result === true ? undefined : 'is not signed by the key of the next one',
        'all signatures verify',
      ),
    ),
  ]
}

function nameFault({ issuer, subject }: Certificate, i: number, { chain }: ChainView): string | undefined {
  const next = chain.certificates[i + 1]
  if (next === undefined) return issuer.key === subject.key ? undefined : 'is the last one and not a root'
  return issuer.key === next.subject.key
    ? undefined
    : `was issued by ${quoted(issuer.commonName)}, which is not the next one`
}

function constraintFault(certificate: Certificate, i: number): string | undefined {
  const { basicConstraints, keyUsage, unknownCritical } = certificate
  if (unknownCritical.length > 0) return `has a critical extension that is not known: ${unknownCritical[0]}`
  // Responders are certified by the same authorities as the keys of reports and manifests.
  if (i === 0) return isResponder(certificate) ? 'is that of an OCSP responder' : undefined
  if (basicConstraints?.ca !== true) return 'is no certificate authority'
  if (keyUsage !== undefined && !keyUsage.has(KEY_USAGE.keyCertSign))
    return 'must not sign certificates, says its key usage'
  return basicConstraints.pathLength !== undefined && basicConstraints.pathLength < i - 1
    ? `allows ${basicConstraints.pathLength} authorities below it, and there are ${i - 1}`
    : undefined
}

function algorithmFault({ key, keyKind, signed, signatureAlgorithm }: Certificate): string | undefined {
  if (key?.kind !== 'P-384') return `has a key of another kind: ${keyKind}`
  return signed.scheme === 'ecdsa-sha384' ? undefined : `is signed with another algorithm: ${signatureAlgorithm}`
}
