import { toHex } from '../core/bytes.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding } from '../core/verdict.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import { intermediateOf, leafRole } from './certificates.ts'
import { fetchChain, fetchIssuers, fetchLeaf, quoted } from './remedies.ts'
import { CERTIFICATES, PATH } from './sources.ts'
import type { ChainState } from './state.ts'

/** Leaf, its issuer, root: the places of a chain by their number. */
const PLACES = ['leaf', 'intermediate', 'ark'] as const
type Place = 0 | 1 | 2

function step(
  id: string,
  source: string,
  needs: readonly string[],
  check: (state: ChainState) => Finding,
): Step<ChainState> {
  return { id: `snp.${id}`, phase: 'authenticity', source, needs, check }
}

function present(place: Place): Step<ChainState> {
  return step(`${PLACES[place]}.present`, CERTIFICATES, [], (state) => {
    const { name, certificate, error } = state.links[place]
    if (certificate !== undefined || error !== undefined) return pass()
    const { tableError } = state.parts
    if (tableError !== undefined)
      return fail(
        `the ${name} may be in the certificate table, which cannot be read: ${tableError.message}`,
        mend('pass the table as the host delivered it', 'platform-owner'),
      )
    return unchecked(
      `the ${name} is missing: nothing connects the report with AMD`,
      place === 0 ? fetchLeaf(state) : fetchIssuers(state),
    )
  })
}

function wellFormed(place: Place): Step<ChainState> {
  return step(`${PLACES[place]}.well-formed`, PATH, [`snp.${PLACES[place]}.present`], (state) => {
    const { name, error } = state.links[place]
    return error === undefined ? pass() : fail(`the ${name} cannot be read: ${error.message}`, fetchChain(state))
  })
}

const ALL_READ = ['snp.leaf.well-formed', 'snp.intermediate.well-formed', 'snp.ark.well-formed']

function names(state: ChainState): Finding {
  const [{ certificate: leaf }, { certificate: issuer }, { certificate: ark }] = state.links
  if (leaf === undefined || issuer === undefined || ark === undefined) return pass()
  const stranger = [leaf, issuer, ark].find((one) => one.subject.organization !== AMD)
  const { subject } = ark
  if (leafRole(leaf) === undefined)
    return wrongName(state, 'the leaf is no VCEK or VLEK', 'SEV-VCEK or SEV-VLEK', leaf.subject.commonName)
  if (intermediateOf(issuer.subject.commonName) === undefined)
    return wrongName(
      state,
      'the certificate above the leaf is no ASK or ASVK',
      'SEV-{Product} or SEV-VLEK-{Product}',
      issuer.subject.commonName,
    )
  if (leaf.issuer.key !== issuer.subject.key)
    return wrongName(state, 'another certificate issued the leaf', leaf.issuer.commonName, issuer.subject.commonName)
  if (subject.commonName?.startsWith('ARK-') !== true)
    return wrongName(state, 'the root is no ARK', 'ARK-{Product}', subject.commonName)
  if (issuer.issuer.key !== subject.key)
    return wrongName(state, 'another root issued the ASK or ASVK', issuer.issuer.commonName, subject.commonName)
  if (ark.issuer.key !== subject.key)
    return wrongName(state, 'the ARK is not self-issued', subject.commonName, ark.issuer.commonName)
  return stranger === undefined
    ? pass(undefined, { actual: [leaf, issuer, ark].map((one) => quoted(one.subject.commonName)).join(', ') })
    : wrongName(state, 'a certificate names another organisation', AMD, stranger.subject.organization)
}

const AMD = 'Advanced Micro Devices'

function wrongName(
  state: ChainState,
  reason: string,
  expected: string | undefined,
  actual: string | undefined,
): Finding {
  return fail(reason, fetchChain(state), { expected: quoted(expected), actual: quoted(actual) })
}

function constraints(state: ChainState): Finding {
  for (const [place, { name, certificate }] of state.links.entries()) {
    const fault = certificate && constraintFault(certificate, place)
    if (fault !== undefined) return fail(`the ${name} ${fault}`, fetchChain(state))
  }
  return pass()
}

function constraintFault(certificate: Certificate, place: number): string | undefined {
  const { basicConstraints, keyUsage, unknownCritical } = certificate
  if (unknownCritical.length > 0) return `has a critical extension that is not known: ${unknownCritical[0]}`
  if (place === 0) return basicConstraints?.ca === true ? 'is a certificate authority' : undefined
  if (basicConstraints?.ca !== true) return 'is no certificate authority'
  if (keyUsage?.has(KEY_USAGE.keyCertSign) === false) return 'must not sign certificates, says its key usage'
  if (place === 2 && basicConstraints.pathLength === 0) return 'allows no certificate authority below it'
  return undefined
}

function algorithms(state: ChainState): Finding {
  let found = false
  for (const [place, { name, certificate }] of state.links.entries()) {
    if (certificate === undefined) continue
    found = true
    const { key, keyKind, signed, signatureAlgorithm } = certificate
    const fits = place === 0 ? key?.kind === 'P-384' : key?.kind === 'RSA' && (key.bits ?? 0) >= 4096
    if (!fits)
      return fail(`the ${name} has a key of another kind`, fetchChain(state), {
        expected: place === 0 ? 'EC P-384' : 'RSA 4096',
        actual: keyKind,
      })
    if (signed.scheme !== 'rsassa-pss-sha384')
      return fail(`the ${name} is signed with an algorithm that AMD does not use`, fetchChain(state), {
        expected: 'RSASSA-PSS with SHA-384, MGF1 with SHA-384 and 48 bytes of salt',
        actual: signatureAlgorithm,
      })
  }
  return found ? pass() : notApplicable('there is no certificate')
}

function signature(place: Place, issuer: Place): Step<ChainState> {
  const needs = ['snp.chain.algorithms', `snp.${PLACES[place]}.well-formed`, `snp.${PLACES[issuer]}.well-formed`]
  return step(`${PLACES[place]}.signature`, PATH, needs, (state) => {
    const { name, signature } = state.links[place]
    if (signature?.result === true) return pass()
    return fail(
      `the signature of the ${name} does not verify with the key of the ${state.links[issuer].name}: it is forged or damaged`,
      fetchChain(state),
    )
  })
}

function pinned({ anchor, links: [, , { certificate }] }: ChainState): Finding {
  if (anchor !== undefined)
    return pass(`the key of the ARK is that of ${anchor.name}`, { actual: anchor.spkiSha256, anchor: anchor.id })
  return fail(
    'the key of the ARK is none of the trusted root keys, whatever its name says',
    mend('use certificates from AMD; to accept an example or test root, name it as an emulated trust anchor'),
    { actual: toHex(certificate?.spkiDigest.result ?? new Uint8Array()) },
  )
}

/** The certificate that begins last or ends first, against the time of judging. */
function dated(
  id: string,
  limit: 'notBefore' | 'notAfter',
  before: string,
  say: (date: string) => string,
): Step<ChainState> {
  const sign = limit === 'notBefore' ? 1 : -1
  return step(id, PATH, ALL_READ, (state) => {
    let last: { readonly name: string; readonly date: number } | undefined
    for (const { name, certificate } of state.links) {
      const date = certificate?.[limit]
      if (date !== undefined && (last === undefined || sign * date > sign * last.date)) last = { name, date }
    }
    if (last === undefined) return notApplicable('there is no certificate')
    const date = isoTime(last.date)
    const expected = `${before} ${date}`
    if (sign * state.at >= sign * last.date) return pass(undefined, { expected })
    return fail(`the ${last.name} ${say(date)}`, fetchChain(state), { expected, actual: isoTime(state.at) })
  })
}

/** Chain of the endorsement, up to the pinned root. */
export const CHAIN_STEPS: StepGroup<ChainState> = {
  id: 'snp.chain',
  steps: [
    present(0),
    present(1),
    present(2),
    wellFormed(0),
    wellFormed(1),
    wellFormed(2),
    step('chain.names', CERTIFICATES, ALL_READ, names),
    step('chain.constraints', PATH, ALL_READ, constraints),
    step('chain.algorithms', CERTIFICATES, [], algorithms),
    // From the root down: a changed issuer key fails its own signature before that of what it issued.
    signature(2, 2),
    signature(1, 2),
    signature(0, 1),
    step('ark.pinned', CERTIFICATES, ['snp.ark.well-formed'], pinned),
    dated('chain.not-before', 'notBefore', 'at or after', (date) => `is valid from ${date} only`),
    dated('chain.not-after', 'notAfter', 'until', (date) => `expired at ${date}`),
  ],
}

/** Whether the leaf and its issuer are of the role that the report says. */
export function roleFinding({ role, links: [{ certificate: leaf }], extensions: { value } }: ChainState): Finding {
  if (leaf === undefined) return notApplicable('there is no leaf')
  const name = role.toUpperCase()
  const details = {
    expected: name,
    actual: `${quoted(leaf.subject.commonName)}, issued by ${quoted(leaf.issuer.commonName)}`,
  }
  const wrong = (reason: string): Finding =>
    fail(reason, mend('pass the certificate of the key that signed the report: KEY_INFO says which'), details)
  if (leafRole(leaf) !== role) return wrong(`the report says that a ${name} signed it, and the leaf is none`)
  if (intermediateOf(leaf.issuer.commonName)?.role !== role)
    return wrong(`the ${name} was issued by an ${role === 'vcek' ? 'ASVK' : 'ASK'}, which must not issue it`)
  if (role === 'vlek' && value?.hwId !== undefined) return wrong('the VLEK names a chip, as only a VCEK does')
  if (role === 'vcek' && value?.cspId !== undefined)
    return wrong('the VCEK names a cloud provider, as only a VLEK does')
  return pass(undefined, details)
}
