import { digestHex } from '../core/assemble.ts'
import { begunValues, currentValues, untilText, type Values } from '../core/chain-values.ts'
import {
  fail,
  mend,
  notApplicable,
  pass,
  REPLACE_EVIDENCE,
  type Step,
  type StepGroup,
  unchecked,
} from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding } from '../core/verdict.ts'
import type { Certificate } from '../x509/certificate.ts'
import { constraintFault, isListed, isSignedBy, isStrong, type ListSearch, MAX_INTERMEDIATES } from './certificates.ts'
import { namesIssuer } from './key-ids.ts'
import type { IbmSeState } from './state.ts'
import type { HostKeyDocument } from './x509-files.ts'

export const IBM = 'IBM Secure Execution for Linux'
const RULES = `${IBM}, verifying the host key document`
const PATH = 'RFC 5280, section 6.1'

const OTHER_DOCUMENT = mend('get the current host key document of this machine from IBM Resource Link')
const OTHER_SIGNER = mend(
  "get IBM's current host key signing certificate, with its CA certificates, from IBM Resource Link",
)
const LISTS = mend("get the current revocation lists: IBM's for host keys, and the certificate authority's")

function step(
  id: string,
  source: string,
  needs: readonly string[],
  check: (state: IbmSeState) => Finding,
): Step<IbmSeState> {
  return {
    id: `ibm-se.${id}`,
    phase: 'authenticity',
    source,
    needs: needs.map((need) => `ibm-se.${need}`),
    check,
  }
}

function waivable(one: Step<IbmSeState>): Step<IbmSeState> {
  return { ...one, waivable: true }
}

function quoted(certificate: Certificate): string {
  const { organizationalUnit, commonName } = certificate.subject
  return JSON.stringify((organizationalUnit ?? commonName ?? 'without a name').slice(0, 64))
}

function eachOfPath(
  fault: (one: Certificate, position: number, state: IbmSeState) => string | undefined,
  good: string,
  show?: (certificates: readonly Certificate[]) => Values,
): (state: IbmSeState) => Finding {
  return (state) => {
    const values = show?.(state.path.certificates)
    for (const [i, one] of state.path.certificates.entries()) {
      const wrong = fault(one, i, state)
      if (wrong !== undefined) return fail(`the certificate of ${quoted(one)} ${wrong}`, OTHER_SIGNER, values)
    }
    return pass(good, values)
  }
}

function eachHost(
  fault: (one: HostKeyDocument, state: IbmSeState) => string | undefined,
  good: string,
  show?: (certificates: readonly Certificate[], state: IbmSeState) => Values,
  remedy = OTHER_DOCUMENT,
): (state: IbmSeState) => Finding {
  return (state) => {
    const certificates = state.hosts.map(({ certificate }) => certificate)
    const values = show?.(certificates, state)
    for (const host of state.hosts) {
      const wrong = fault(host, state)
      if (wrong !== undefined)
        return fail(`the host key document of ${quoted(host.certificate)} ${wrong}`, remedy, values)
    }
    return pass(good, values)
  }
}

// What they are recognised by is the organisational unit: a common name is shared.
function namesOf(certificates: readonly Certificate[]): Values {
  return { actual: certificates.map(quoted).join(', ') }
}

function serialsOf(certificates: readonly Certificate[]): Values {
  return { actual: certificates.map(({ serial }) => `0x${serial}`).join(', ') }
}

function signer({ signing }: IbmSeState): Certificate | undefined {
  return signing[0]
}

function present({ evidence, hosts, strangers }: IbmSeState): Finding {
  if (evidence.kind === 'host-key') return pass()
  if (strangers.length === 0)
    return pass(`there is a document for each of the ${hosts.length} host keys of the request`)
  return documentMissing(strangers)
}

/** The finding where a check needs the document of a host of the request, and there is none. */
export function documentMissing(strangers: readonly string[]): Finding {
  return unchecked('the request can be answered by hosts that no document is at hand for', OTHER_DOCUMENT, {
    expected: 'a document for each host key of the request',
    actual: strangers.slice(0, 4).join(', '),
  })
}

function complete({ path }: IbmSeState): Finding {
  if (path.complete) return pass(undefined, namesOf(path.certificates))
  const last = path.certificates.at(-1)
  return unchecked(
    `the issuer of ${last === undefined ? 'the signing certificate' : quoted(last)} is not among the certificates given, or more than ${MAX_INTERMEDIATES} stand below the root`,
    OTHER_SIGNER,
  )
}

function pinned({ anchor, path }: IbmSeState): Finding {
  if (anchor !== undefined)
    return pass(`the last key is that of ${anchor.name}`, { actual: anchor.spkiSha256, anchor: anchor.id })
  const key = path.certificates.at(-1)?.spkiDigest
  return fail(
    'the chain ends at a root that is not trusted',
    mend('use the chain that IBM publishes; trust another root only by naming it as an anchor'),
    key && { actual: digestHex(key) },
  )
}

function pathSigned({ path }: IbmSeState): Finding {
  const { certificates } = path
  for (const [i, one] of certificates.entries()) {
    if (!isSignedBy(one, certificates[i + 1] ?? one))
      return fail(`the certificate of ${quoted(one)} is not signed by its issuer`, REPLACE_EVIDENCE)
  }
  return pass()
}

function pathLists({ path, pathLists }: IbmSeState): Finding {
  const missing = path.certificates.find((_, i) => pathLists[i]?.usable.length === 0 && pathLists[i]?.stale !== true)
  return missing === undefined
    ? pass()
    : unchecked(`no usable revocation list says whether the certificate of ${quoted(missing)} is revoked`, LISTS)
}

function pathListsCurrent({ path, pathLists, at }: IbmSeState): Finding {
  const stale = path.certificates.find((_, i) => pathLists[i]?.stale === true)
  return stale === undefined
    ? pass(undefined, currentUntil(pathLists))
    : unchecked(`the list for the certificate of ${quoted(stale)} is not valid at ${isoTime(at)}`, LISTS)
}

function currentUntil(searches: readonly ListSearch[]): Values {
  const ends = searches.flatMap(({ usable }) => usable.flatMap(({ nextUpdate }) => nextUpdate ?? []))
  return ends.length === 0 ? {} : { expected: untilText(Math.min(...ends)) }
}

function pathRevoked({ path, pathLists }: IbmSeState): Finding {
  const revoked = path.certificates.find((certificate, i) => isListed({ certificate }, pathLists[i]?.usable ?? []))
  return revoked === undefined
    ? pass(undefined, serialsOf(path.certificates))
    : fail(`the certificate of ${quoted(revoked)} is revoked`, OTHER_SIGNER, serialsOf([revoked]))
}

function hostLists({ hostLists }: IbmSeState): Finding {
  if (hostLists.usable.length > 0) return pass(undefined, currentUntil([hostLists]))
  return unchecked(
    `no usable revocation list of the signing key is at hand${hostLists.stale ? ': those given are expired or not valid yet' : ''}`,
    LISTS,
  )
}

const SIGNER = ['signing-key.present', 'signing-key.single']
const CHAIN = [...SIGNER, 'chain.complete']
const HOSTS = [...SIGNER]

/** IBM's rules for host key documents, in their order. */
export const HOST_STEPS: StepGroup<IbmSeState> = {
  id: 'ibm-se.hosts',
  steps: [
    step('files.well-formed', RULES, [], ({ files: { error } }) =>
      error === undefined
        ? pass()
        : fail(`a file cannot be read: ${error.message}`, OTHER_DOCUMENT, { expected: error.expected }),
    ),
    step('hkd.present', RULES, [], present),
    step('signing-key.present', RULES, [], (state) =>
      signer(state) === undefined
        ? unchecked("no certificate has the subject of IBM's key signing service", OTHER_SIGNER)
        : pass(),
    ),
    step('signing-key.single', RULES, [], ({ signing }) =>
      signing.length > 1
        ? fail(
            `${signing.length} certificates have the subject of IBM's key signing service`,
            mend('give the one that signed this document'),
            { expected: '1', actual: `${signing.length}` },
          )
        : pass(undefined, namesOf(signing)),
    ),
    step('chain.complete', PATH, SIGNER, complete),
    step(
      'chain.constraints',
      PATH,
      SIGNER,
      eachOfPath(constraintFault, 'basic constraints, path lengths and key usages fit'),
    ),
    step(
      'chain.strength',
      RULES,
      SIGNER,
      eachOfPath(
        (one) => (isStrong(one) ? undefined : `has a weak key or signature (${one.keyKind})`),
        'at least 112 bits each',
      ),
    ),
    step('root.pinned', RULES, CHAIN, pinned),
    step('chain.signature', PATH, CHAIN, pathSigned),
    step(
      'chain.not-before',
      PATH,
      SIGNER,
      eachOfPath(
        (one, _, { at }) => (at < one.notBefore ? `is valid from ${isoTime(one.notBefore)} only` : undefined),
        'so they are',
        begunValues,
      ),
    ),
    step(
      'chain.not-after',
      PATH,
      SIGNER,
      eachOfPath(
        (one, _, { at }) => (at > one.notAfter ? `ended at ${isoTime(one.notAfter)}` : undefined),
        'so they are',
        currentValues,
      ),
    ),
    waivable(step('chain.crl', RULES, CHAIN, pathLists)),
    waivable(step('chain.crl-current', RULES, CHAIN, pathListsCurrent)),
    step('chain.not-revoked', RULES, CHAIN, pathRevoked),
    step(
      'hkd.akid',
      RULES,
      HOSTS,
      eachHost(
        ({ certificate }, state) => {
          const issuer = signer(state)
          return issuer !== undefined && namesIssuer(certificate.extensions, issuer)
            ? undefined
            : 'names another signing key'
        },
        'none names another one',
        (_, { signing }) => namesOf(signing),
      ),
    ),
    step(
      'hkd.signature',
      RULES,
      HOSTS,
      eachHost(
        ({ certificate }, state) => {
          const issuer = signer(state)
          return issuer !== undefined && isSignedBy(certificate, issuer)
            ? constraintFault(certificate, 0)
            : 'is not signed by the signing key'
        },
        'by the signing key',
        undefined,
        REPLACE_EVIDENCE,
      ),
    ),
    step(
      'hkd.not-before',
      RULES,
      [],
      eachHost(
        ({ certificate }, { at }) =>
          at < certificate.notBefore ? `is valid from ${isoTime(certificate.notBefore)} only` : undefined,
        'so they are',
        begunValues,
      ),
    ),
    step(
      'hkd.not-after',
      RULES,
      [],
      eachHost(
        ({ certificate }, { at }) =>
          at >= certificate.notAfter ? `ended at ${isoTime(certificate.notAfter)}` : undefined,
        'so they are',
        currentValues,
      ),
    ),
    waivable(step('hkd.crl', RULES, HOSTS, hostLists)),
    step(
      'hkd.not-revoked',
      RULES,
      HOSTS,
      eachHost(
        (host, { hostLists }) => (isListed(host, hostLists.usable) ? 'is revoked' : undefined),
        'none is listed',
        serialsOf,
      ),
    ),
    step(
      'hkd.strength',
      RULES,
      [],
      eachHost(({ certificate }) => (isStrong(certificate) ? undefined : 'has a weak signature'), 'at least 112 bits'),
    ),
  ].map((one) =>
    one.id.startsWith('ibm-se.hkd.') && one.id !== 'ibm-se.hkd.present'
      ? {
          ...one,
          check: (state: IbmSeState): Finding =>
            state.hosts.length === 0 ? notApplicable('there is no host key document') : one.check(state),
        }
      : one,
  ),
}
