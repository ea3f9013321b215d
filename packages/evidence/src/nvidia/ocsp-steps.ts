import { untilText, type Values } from '../core/chain-values.ts'
import { fail, mend, notApplicable, pass, type Step, type StepGroup, unchecked } from '../core/engine.ts'
import { isoTime } from '../core/time.ts'
import type { Finding, Remedy } from '../core/verdict.ts'
import type { ChainScope } from './chain-steps.ts'
import { nonceHex, type OcspCandidate, responderFault } from './ocsp.ts'
import { type ChainView, latestAnswers, type TrustState } from './state.ts'

const OCSP = 'RFC 6960, section 3.2'
const SERVICE = 'http://ocsp.ndis.nvidia.com'
const HOLD = 6

const ASK: Remedy = mend(`ask ${SERVICE} again and pass its answers as \`ocsp\``)

/** Whether the OCSP answers that were given can be read; what they say is judged with each chain. */
export const OCSP_READABLE: StepGroup<TrustState> = {
  id: 'nvidia.ocsp',
  steps: [
    {
      id: 'nvidia.ocsp.well-formed',
      phase: 'authenticity',
      source: 'RFC 6960, section 4.2.1',
      check: ({ ocsp }) => {
        const broken = ocsp.find(({ error }) => error !== undefined)?.error
        if (ocsp.length === 0) return notApplicable('there are none')
        return broken === undefined
          ? pass('all of them')
          : fail(`an OCSP answer cannot be read: ${broken.message}`, ASK)
      },
    },
  ],
}

/**
 * The checks of revocation of a chain. Each certificate from position `first` up to the one below the root
 * must have an answer; answers about others count when they are there.
 */
export function ocspSteps<S extends TrustState>(scope: ChainScope<S>, first: number): readonly Step<S>[] {
  const step = (id: string, check: (view: ChainView, state: S) => Finding): Step<S> => ({
    id: `${scope.id}.ocsp.${id}`,
    phase: 'authenticity',
    source: OCSP,
    needs: scope.needs,
    check: (state) => {
      const view = scope.view(state)
      return view === undefined ? notApplicable('there is no chain') : check(view, state)
    },
  })
  const each = (
    id: string,
    good: string,
    fault: (one: OcspCandidate, state: S) => Finding | undefined,
    show?: (answers: readonly OcspCandidate[]) => Values,
  ): Step<S> =>
    step(id, (view, state) => {
      const answers = latestAnswers(view)
      if (answers.size === 0) return notApplicable('there are no answers')
      for (const one of answers.values()) {
        const wrong = fault(one, state)
        if (wrong !== undefined) return wrong
      }
      return pass(good, show?.([...answers.values()]))
    })
  return [
    { ...step('present', (view) => presence(view, first)), waivable: true },
    step('binding', bindings),
    each('responder', 'each responder has a certificate for it from the issuer', responder),
    each('signature', 'the signatures verify', (one) =>
      one.signature?.result === true
        ? undefined
        : fail(`the answer about certificate ${one.position} is forged or damaged`, ASK),
    ),
    each('current', 'all answers are current', current, currentUntil),
    each('nonce', 'each carries one of yours, or you asked for none', nonce),
    each('status', 'the issuers call all certificates good', status, statuses),
  ]
}

function presence(view: ChainView, first: number): Finding {
  const answers = latestAnswers(view)
  const missing: number[] = []
  for (let i = first; i < view.chain.certificates.length - 1; i++) if (!answers.has(i)) missing.push(i)
  if (missing.length === 0) return pass('there is an answer about each certificate below the root')
  const names = missing.map((i) => view.chain.certificates[i]?.serial.slice(0, 40)).join(', ')
  return unchecked(
    `whether certificates ${missing.join(', ')} of the chain are revoked is not known`,
    mend(
      `ask ${SERVICE} about the serial numbers ${names}, and pass the answers as \`ocsp\`, or run \`sekisho collateral fetch\``,
    ),
  )
}

function bindings(view: ChainView): Finding {
  const answers = latestAnswers(view)
  if (view.candidates.length === 0) return notApplicable('there are no answers')
  const stray = view.candidates.find(({ position }) => !answers.has(position))
  return stray === undefined
    ? pass('name and key digests are those of the issuers')
    : fail(`the answer about certificate ${stray.position} names another issuer, or names it with an unknown hash`, ASK)
}

function responder({ response, responderSignature, position }: OcspCandidate, { at }: TrustState): Finding | undefined {
  const wrong = (fault: string): Finding => fail(`the responder for certificate ${position} ${fault}`, ASK)
  if (response.unknownCritical.length > 0)
    return wrong(`adds a critical extension that is not known: ${response.unknownCritical[0]}`)
  // Without a certificate of its own, the issuer itself must have signed: the signature check is with its key then.
  if (response.responder === undefined) return undefined
  if (responderSignature?.result !== true) return wrong('was not appointed by the issuer')
  const fault = responderFault(response.responder, at)
  return fault === undefined ? undefined : wrong(fault)
}

function currentUntil(answers: readonly OcspCandidate[]): Values {
  return { expected: untilText(Math.min(...answers.flatMap(({ answer }) => answer.nextUpdate ?? []))) }
}

function statuses(answers: readonly OcspCandidate[]): Values {
  return { expected: 'good', actual: answers.map(({ answer }) => answer.status).join(', ') }
}

function current({ answer, position }: OcspCandidate, { at }: TrustState): Finding | undefined {
  const { thisUpdate, nextUpdate } = answer
  const details = { actual: `judged at ${isoTime(at)}` }
  if (at < thisUpdate)
    return fail(`the answer about certificate ${position} is from ${isoTime(thisUpdate)}, which is later`, ASK, details)
  if (nextUpdate === undefined)
    return fail(`the answer about certificate ${position} does not say how long it holds`, ASK, details)
  if (at > nextUpdate)
    return fail(`the answer about certificate ${position} held until ${isoTime(nextUpdate)}`, ASK, details)
  return undefined
}

function nonce({ response, position }: OcspCandidate, { expect }: TrustState): Finding | undefined {
  if (expect.ocspNonces === undefined) return undefined
  const actual = nonceHex(response)
  if (actual !== undefined && expect.ocspNonces.includes(actual)) return undefined
  return fail(
    `the answer about certificate ${position} carries ${actual === undefined ? 'no nonce' : 'another nonce'}`,
    ASK,
    {
      expected: expect.ocspNonces.join(', '),
    },
  )
}

function status({ answer, position }: OcspCandidate, { expect }: TrustState): Finding | undefined {
  if (answer.status === 'good') return undefined
  if (answer.status === 'unknown') {
    return fail(
      `the issuer does not know certificate ${position}`,
      mend('ask the hardware vendor about this device', 'hardware-vendor'),
    )
  }
  if (answer.reason === HOLD && expect.allowCertificateHold === true) return undefined
  const hold = answer.reason === HOLD ? ', on hold' : ''
  return fail(
    `certificate ${position} is revoked${hold}`,
    mend(`replace the device or firmware${hold && '; to accept holds, pass `allowCertificateHold`'}`, 'platform-owner'),
    { expected: 'good', actual: `revoked, reason ${answer.reason ?? 'not given'}` },
  )
}
