import { untilText, type Values } from '../core/chain-values.ts'
import { fail, mend, notApplicable, pass, type Step, unchecked } from '../core/engine.ts'
import { EvidenceError, refuse } from '../core/errors.ts'
import { isoTime } from '../core/time.ts'
import type { Finding } from '../core/verdict.ts'
import type { SignatureJob } from '../crypto/jobs.ts'
import { type Certificate, KEY_USAGE } from '../x509/certificate.ts'
import { type Crl, parseCrl } from '../x509/crl.ts'
import { decodePem } from '../x509/pem.ts'
import { WIDE } from '../x509/wide-algorithms.ts'
import type { TokenChain } from './certificates.ts'
import type { TokenList, TokenRevocation, TokenState } from './state.ts'

/** Most revocation lists of one verification. */
export const MAX_LISTS = 16

/**
 * Reads lists, DER or PEM, and finds the authority of each among the certificates. One that cannot be read is named by
 * the verdict.
 *
 * @throws TypeError for more than 16
 */
export function planRevocation(lists: readonly Uint8Array[], chain: TokenChain | undefined): TokenRevocation {
  if (lists.length > MAX_LISTS) throw new TypeError(`crls: expected at most ${MAX_LISTS}`)
  return { chain, lists: lists.map((bytes) => readList(new Uint8Array(bytes), chain)) }
}

function readList(bytes: Uint8Array, chain: TokenChain | undefined): TokenList {
  try {
    const crl = parseCrl(derOf(bytes), WIDE)
    const issuer = chain?.certificates.slice(1).find(({ subject }) => subject.key === crl.issuer.key)
    return { crl, fault: undefined, issuer, signature: issuer?.key && crl.signed.by(issuer.key) }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { crl: undefined, fault: error.message, issuer: undefined, signature: undefined }
  }
}

function derOf(bytes: Uint8Array): Uint8Array {
  if (bytes[0] === 0x30) return bytes
  const [der, ...more] = decodePem(new TextDecoder().decode(bytes), 'X509 CRL', 'crl')
  if (der !== undefined && more.length === 0) return der
  throw refuse('crl', 'several lists', 'one list')
}

/** What must be computed before the lists can be judged. */
export function revocationJobs({ lists }: TokenRevocation): readonly SignatureJob[] {
  return lists.map(({ signature }) => signature).filter((job) => job !== undefined)
}

const NONE = 'you gave no revocation list'
const NO_CHAIN = 'the key has no certificates that a list could be about'
const GET_CHAIN = mend('give the key with its certificates (`x5c`), or no list')
const GET_LIST = mend('give the current lists of the authorities above the key, or none')

// Certificates that only the token shows are judged up to a root, or say nothing: a thief of the key writes others.
function vouched({ revocation, chain, shown }: TokenState): TokenChain | undefined {
  return chain === undefined && revocation.chain === shown ? undefined : revocation.chain
}

type Check = (list: TokenList & { readonly crl: Crl }, state: TokenState) => string | undefined

/** A step that holds unless one list has a fault. */
function each(
  holds: string,
  fault: Check,
  show?: (lists: readonly TokenList[]) => Values,
): (state: TokenState) => Finding {
  return (state) => {
    const { lists } = state.revocation
    if (lists.length === 0) return notApplicable(NONE)
    if (vouched(state) === undefined) return notApplicable(NO_CHAIN)
    for (const [i, list] of lists.entries()) {
      const { crl } = list
      const found = crl === undefined ? `cannot be read: ${list.fault}` : fault({ ...list, crl }, state)
      if (found !== undefined) return fail(`revocation list ${i} ${found}`, GET_LIST)
    }
    return pass(holds, show?.(lists))
  }
}

function genuineFault({ crl, issuer, signature }: TokenList & { readonly crl: Crl }): string | undefined {
  if (issuer === undefined) return 'is of no authority above the key: it says nothing about its certificates'
  if (crl.unknownCritical.length > 0) return `has a critical extension that is not known: ${crl.unknownCritical[0]}`
  if (issuer.keyUsage?.has(KEY_USAGE.crlSign) === false) return 'is of an authority that must not sign lists'
  return signature?.result === true ? undefined : 'is not signed by its authority: it is forged or damaged'
}

function currentFault({ crl }: TokenList & { readonly crl: Crl }, { at }: TokenState): string | undefined {
  if (at < crl.thisUpdate) return `is of ${isoTime(crl.thisUpdate)}, later than the time of judging`
  if (crl.nextUpdate === undefined) return 'does not say until when it is current'
  return at > crl.nextUpdate ? `is stale: the next one came by ${isoTime(crl.nextUpdate)}` : undefined
}

function currentUntil(lists: readonly TokenList[]): Values {
  return { expected: untilText(Math.min(...lists.flatMap(({ crl }) => crl?.nextUpdate ?? []))) }
}

function notRevoked(state: TokenState): Finding {
  const { lists } = state.revocation
  const chain = vouched(state)
  if (lists.length === 0) return notApplicable(NONE)
  // Whoever gives a list wants an answer: that nothing was compared with it is none.
  if (chain === undefined) return unchecked(NO_CHAIN, GET_CHAIN)
  const below = chain.certificates.slice(0, -1)
  const listsOf = (one: Certificate): readonly TokenList[] =>
    lists.filter(({ crl }) => crl?.issuer.key === one.issuer.key)
  const bad = below.find((one) => listsOf(one).some(({ crl }) => crl?.revoked.has(one.serial) === true))
  if (bad !== undefined)
    return fail(
      `the certificate with serial 0x${bad.serial} is revoked: nothing that rests on it counts`,
      mend('get a token that is signed with a key whose certificates hold', 'workload-owner'),
    )
  const open = below.filter((one) => listsOf(one).length === 0).length
  return pass(open === 0 ? 'no certificate is on a list' : `none is on a list; of ${open} there is no list`, {
    actual: below.map(({ serial }) => `0x${serial}`).join(', '),
  })
}

const CRL = 'RFC 5280, section 6.3'

function step(
  id: string,
  title: string,
  check: (state: TokenState) => Finding,
  needs: readonly string[],
): Step<TokenState> {
  return {
    id: `token.chain.crl.${id}`,
    title,
    phase: 'authenticity',
    source: CRL,
    needs: needs.map((need) => `token.chain.${need}`),
    check,
  }
}

/** Revocation lists that the caller gave. */
export const REVOCATION_STEPS: readonly Step<TokenState>[] = [
  step(
    'genuine',
    'The revocation lists are of the authorities',
    each('each is of an authority and signed', genuineFault),
    ['signatures'],
  ),
  step('current', 'The revocation lists are current', each('they are', currentFault, currentUntil), ['crl.genuine']),
  step('not-revoked', 'No certificate is revoked', notRevoked, ['crl.genuine']),
]
