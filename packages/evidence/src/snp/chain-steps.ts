import { fail, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import { intermediateOf, leafRole } from './certificates.ts'
import { isPresent, type Part } from './collateral.ts'
import { AMD_KDS, kdsChainPath } from './kds.ts'
import type { ChainState } from './state.ts'

const CERTIFICATES = 'AMD 57230, certificate definitions'
const PATH = 'RFC 5280, section 6.1'

/** The remedy for certificates that are wrong: the right ones from AMD. */
function fetchChain(state: ChainState): Remedy {
  const product = productOf(state)
  const chain = `${AMD_KDS}${kdsChainPath(state.role, product)}`
  const source = state.leafSource()
  const leaf = source === undefined ? '' : `, and the leaf from ${source}`
  return { action: `fetch the certificates again: ASK or ASVK and ARK from ${chain}${leaf}`, by: 'relying-party' }
}

function productOf(state: ChainState): string {
  const name = state.intermediate.value?.subject.commonName ?? state.leaf.value?.certificate.issuer.commonName
  const product = intermediateOf(name)?.product
  return product === 'Milan' || product === 'Genoa' || product === 'Turin' ? product : '{Product}'
}

interface Link {
  readonly name: string
  readonly certificate: Certificate
}

/** The certificates that could be read, leaf first. */
function links(state: ChainState): readonly Link[] {
  const { leaf, intermediate, parts } = state
  const found: Link[] = []
  if (leaf.value !== undefined) found.push({ name: leafName(state), certificate: leaf.value.certificate })
  if (intermediate.value !== undefined) found.push({ name: intermediateName(state), certificate: intermediate.value })
  if (parts.ark.value !== undefined) found.push({ name: 'the ARK', certificate: parts.ark.value })
  return found
}

function leafName(state: ChainState): string {
  return state.role === 'vcek' ? 'the VCEK' : 'the VLEK'
}

function intermediateName(state: ChainState): string {
  return state.role === 'vcek' ? 'the ASK' : 'the ASVK'
}

/** A common name as evidence writes it, made harmless for a message. */
function quoted(text: string | undefined): string {
  return text === undefined ? 'no common name' : JSON.stringify(text.slice(0, 64))
}

interface PartKind {
  readonly id: 'leaf' | 'intermediate' | 'ark'
  readonly title: string
  readonly name: (state: ChainState) => string
  readonly part: (state: ChainState) => Part<unknown>
}

const LEAF: PartKind = { id: 'leaf', title: 'VCEK or VLEK certificate', name: leafName, part: (state) => state.leaf }
const INTERMEDIATE: PartKind = {
  id: 'intermediate',
  title: 'ASK or ASVK certificate',
  name: intermediateName,
  part: (state) => state.intermediate,
}
const ARK: PartKind = { id: 'ark', title: 'ARK certificate', name: () => 'the ARK', part: (state) => state.parts.ark }

function present(kind: PartKind): Step<ChainState> {
  return {
    id: `snp.${kind.id}.present`,
    title: `The ${kind.title} is at hand`,
    phase: 'authenticity',
    source: CERTIFICATES,
    check: (state) => {
      const name = kind.name(state)
      if (isPresent(kind.part(state))) return pass(`${name} was given`)
      const { tableError } = state.parts
      if (tableError !== undefined) {
        return fail(`${name} may be in the certificate table, which cannot be read: ${tableError.message}`, {
          action: 'pass the table as the host delivered it',
          by: 'platform-owner',
        })
      }
      return unchecked(`${name} is missing: nothing connects the report with AMD`, missing(kind, state))
    },
  }
}

function missing(kind: PartKind, state: ChainState): Remedy {
  if (kind !== LEAF)
    return { action: `fetch ${AMD_KDS}${kdsChainPath(state.role, productOf(state))}`, by: 'relying-party' }
  if (state.role === 'vlek') {
    return {
      action:
        'pass the VLEK from the certificate table that the host gives the guest (auxblob); AMD gives it to the cloud provider only',
      by: 'workload-owner',
    }
  }
  const source = state.leafSource()
  if (source !== undefined) return { action: `fetch ${source}`, by: 'relying-party' }
  return {
    action: 'the chip id is masked: pass the VCEK from the certificate table that the host gives the guest',
    by: 'workload-owner',
  }
}

function wellFormed(kind: PartKind): Step<ChainState> {
  return {
    id: `snp.${kind.id}.well-formed`,
    title: `The ${kind.title} can be read`,
    phase: 'authenticity',
    source: 'RFC 5280, section 4.1',
    needs: [`snp.${kind.id}.present`],
    check: (state) => {
      const { error } = kind.part(state)
      if (error === undefined) return pass(`${kind.name(state)} is a certificate`)
      return fail(`${kind.name(state)} cannot be read: ${error.message}`, fetchChain(state), {
        expected: error.expected,
      })
    },
  }
}

const ALL_READ = ['snp.leaf.well-formed', 'snp.intermediate.well-formed', 'snp.ark.well-formed']

const names: Step<ChainState> = {
  id: 'snp.chain.names',
  title: 'Subjects and issuers form the chain leaf, ASK or ASVK, ARK',
  phase: 'authenticity',
  source: CERTIFICATES,
  needs: ALL_READ,
  check: (state) => {
    const wrong = wrongName(state)
    if (wrong === undefined) return pass('each certificate names the next one as its issuer')
    return fail(wrong.reason, fetchChain(state), { expected: wrong.expected, actual: wrong.actual })
  },
}

function wrongName(
  state: ChainState,
): { readonly reason: string; readonly expected: string; readonly actual: string } | undefined {
  const leaf = state.leaf.value?.certificate
  const intermediate = state.intermediate.value
  const ark = state.parts.ark.value
  if (leaf === undefined || intermediate === undefined || ark === undefined) return undefined
  const wrong = (reason: string, expected: string, actual: string | undefined): ReturnType<typeof wrongName> => ({
    reason,
    expected,
    actual: quoted(actual),
  })
  if (leafRole(leaf) === undefined)
    return wrong('the leaf is neither a VCEK nor a VLEK', 'SEV-VCEK or SEV-VLEK', leaf.subject.commonName)
  if (intermediateOf(intermediate.subject.commonName) === undefined) {
    return wrong(
      'the certificate above the leaf is neither an ASK nor an ASVK',
      'SEV-{Product} or SEV-VLEK-{Product}',
      intermediate.subject.commonName,
    )
  }
  if (leaf.issuer.key !== intermediate.subject.key) {
    return wrong(
      `the issuer of ${leafName(state)} is not the certificate given as ${intermediateName(state).slice(4)}`,
      quoted(leaf.issuer.commonName),
      intermediate.subject.commonName,
    )
  }
  if (ark.subject.commonName?.startsWith('ARK-') !== true)
    return wrong('the root is no ARK', 'ARK-{Product}', ark.subject.commonName)
  if (intermediate.issuer.key !== ark.subject.key) {
    return wrong(
      `the issuer of ${intermediateName(state)} is not the ARK given`,
      quoted(intermediate.issuer.commonName),
      ark.subject.commonName,
    )
  }
  if (ark.issuer.key !== ark.subject.key)
    return wrong('the ARK is not self-issued', quoted(ark.subject.commonName), ark.issuer.commonName)
  const stranger = [leaf, intermediate, ark].find((one) => one.subject.organization !== 'Advanced Micro Devices')
  return stranger === undefined
    ? undefined
    : wrong('a certificate names another organisation', 'Advanced Micro Devices', stranger.subject.organization)
}

const constraints: Step<ChainState> = {
  id: 'snp.chain.constraints',
  title: 'The issuers are certificate authorities and the leaf is none',
  phase: 'authenticity',
  source: PATH,
  needs: ALL_READ,
  check: (state) => {
    for (const { name, certificate } of links(state)) {
      const fault = constraintFault(
        certificate,
        certificate === state.leaf.value?.certificate,
        certificate === state.parts.ark.value,
      )
      if (fault !== undefined) return fail(`${name} ${fault}`, fetchChain(state))
    }
    return pass('basic constraints, path lengths and key usages fit')
  },
}

function constraintFault(certificate: Certificate, isLeaf: boolean, isRoot: boolean): string | undefined {
  const { basicConstraints, keyUsage, unknownCritical } = certificate
  if (unknownCritical.length > 0) return `has a critical extension that is not known: ${unknownCritical[0]}`
  if (isLeaf) return basicConstraints?.ca === true ? 'is a certificate authority, which no leaf is' : undefined
  if (basicConstraints?.ca !== true) return 'is no certificate authority'
  if (keyUsage !== undefined && !keyUsage.has(KEY_USAGE.keyCertSign))
    return 'must not sign certificates, says its key usage'
  if (isRoot && basicConstraints.pathLength === 0) return 'allows no certificate authority below it'
  return undefined
}

const algorithms: Step<ChainState> = {
  id: 'snp.chain.algorithms',
  title: 'Keys and signature algorithms are those that AMD uses',
  phase: 'authenticity',
  source: CERTIFICATES,
  check: (state) => {
    if (links(state).length === 0) return notApplicable('there is no certificate')
    for (const { name, certificate } of links(state)) {
      const isLeaf = certificate === state.leaf.value?.certificate
      const { key } = certificate
      const keyFits = isLeaf ? key?.kind === 'P-384' : key?.kind === 'RSA' && (key.bits ?? 0) >= 4096
      if (!keyFits) {
        return fail(`${name} has a key of another kind`, fetchChain(state), {
          expected: isLeaf ? 'EC P-384' : 'RSA 4096',
          actual: certificate.keyKind,
        })
      }
      if (certificate.signed.scheme !== 'rsassa-pss-sha384') {
        return fail(`${name} is signed with an algorithm that AMD does not use`, fetchChain(state), {
          expected: 'RSASSA-PSS with SHA-384, MGF1 with SHA-384 and 48 bytes of salt',
          actual: `${certificate.signatureAlgorithm}${certificate.signatureAlgorithm === '1.2.840.113549.1.1.10' ? ' with other parameters' : ''}`,
        })
      }
    }
    return pass('CA keys are RSA-4096, the leaf is P-384, all signatures RSASSA-PSS with SHA-384')
  },
}

function signature(
  kind: PartKind,
  by: string,
  issuer: PartKind,
  job: (state: ChainState) => boolean | undefined,
): Step<ChainState> {
  return {
    id: `snp.${kind.id}.signature`,
    title: `The ${kind.title} is signed by ${by}`,
    phase: 'authenticity',
    source: PATH,
    needs: ['snp.chain.algorithms', `snp.${kind.id}.well-formed`, `snp.${issuer.id}.well-formed`],
    check: (state) =>
      job(state) === true
        ? pass(`the signature of ${kind.name(state)} verifies with the key of ${by}`)
        : fail(
            `the signature of ${kind.name(state)} does not verify with the key of ${by}: it is forged or damaged`,
            fetchChain(state),
          ),
  }
}

const pinned: Step<ChainState> = {
  id: 'snp.ark.pinned',
  title: 'The chain ends at a root key that is trusted',
  phase: 'authenticity',
  source: 'AMD root keys, pinned by SHA-256 of SubjectPublicKeyInfo',
  needs: ['snp.ark.well-formed'],
  check: ({ anchor }) =>
    anchor === undefined
      ? fail('the key of the ARK is none of the trusted root keys, whatever its name says', {
          action:
            'use certificates from AMD; to accept an example or test root, pass it in `trustAnchors` with `emulated: true`',
          by: 'relying-party',
        })
      : pass(`the key of the ARK is that of ${anchor.name}`, { anchor: anchor.id }),
}

function dated(
  id: string,
  title: string,
  bad: (certificate: Certificate, at: number) => boolean,
  say: (certificate: Certificate) => string,
): Step<ChainState> {
  return {
    id,
    title,
    phase: 'authenticity',
    source: 'RFC 5280, section 4.1.2.5',
    needs: ALL_READ,
    check: (state) => {
      const link = links(state).find(({ certificate }) => bad(certificate, state.at))
      if (link === undefined) return pass('so are all three certificates')
      return fail(`${link.name} ${say(link.certificate)}`, fetchChain(state), {
        actual: `judged at ${isoTime(state.at)}`,
      })
    },
  }
}

/** Chain of the endorsement, up to the pinned root. */
export const CHAIN_STEPS: StepGroup<ChainState> = {
  id: 'snp.chain',
  title: 'Endorsement chain',
  steps: [
    present(LEAF),
    present(INTERMEDIATE),
    present(ARK),
    wellFormed(LEAF),
    wellFormed(INTERMEDIATE),
    wellFormed(ARK),
    names,
    constraints,
    algorithms,
    // From the root down: a changed issuer key fails its own signature before that of what it issued.
    signature(ARK, 'itself', ARK, (state) => state.jobs.ark?.result),
    signature(INTERMEDIATE, 'the ARK', ARK, (state) => state.jobs.intermediate?.result),
    signature(LEAF, 'the ASK or ASVK', INTERMEDIATE, (state) => state.jobs.leaf?.result),
    pinned,
    dated(
      'snp.chain.not-before',
      'The certificates are valid already',
      (certificate, at) => at < certificate.notBefore,
      (certificate) => `is valid from ${isoTime(certificate.notBefore)} only`,
    ),
    dated(
      'snp.chain.not-after',
      'The certificates are still valid',
      (certificate, at) => at > certificate.notAfter,
      (certificate) => `expired at ${isoTime(certificate.notAfter)}`,
    ),
  ],
}

/** Whether the leaf and its issuer are of the role that the report says. */
export function roleFinding(state: ChainState): Finding {
  const leaf = state.leaf.value?.certificate
  const extensions = state.leaf.value?.extensions.value
  if (leaf === undefined) return notApplicable('there is no leaf')
  const expected = state.role.toUpperCase()
  const found = leafRole(leaf)
  if (found !== state.role)
    return wrongRole(
      `the report says that a ${expected} signed it, and the certificate is a ${(found ?? 'leaf').toUpperCase()}`,
    )
  const issuer = intermediateOf(leaf.issuer.commonName)?.role
  if (issuer !== state.role)
    return wrongRole(
      `the ${expected} was issued by ${issuer === 'vlek' ? 'an ASVK' : 'an ASK'}, which must not issue it`,
    )
  if (extensions !== undefined && state.role === 'vlek' && extensions.hwId !== undefined)
    return wrongRole('the VLEK names a chip, as only a VCEK does')
  if (extensions !== undefined && state.role === 'vcek' && extensions.cspId !== undefined)
    return wrongRole('the VCEK names a cloud provider, as only a VLEK does')
  return pass(`the report says ${expected}, and the chain is that of a ${expected}`)
}

function wrongRole(reason: string): Finding {
  return fail(reason, {
    action: 'pass the certificate of the key that signed the report: KEY_INFO says which',
    by: 'relying-party',
  })
}
