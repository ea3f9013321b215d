import { toHex } from '../core/bytes.ts'
import { compareOneOf } from '../core/compare.ts'
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
import type { Finding, Phase } from '../core/verdict.ts'
import { sePlainFlags } from './header.ts'
import { documentMissing, IBM } from './host-steps.ts'
import type { IbmSeState } from './state.ts'

const ATTESTATION = `${IBM}, attestation`
const NO_EXCHANGE = 'this is a host key document alone'
const NEW_EXCHANGE = mend('make a new request and have the guest answer it', 'workload-owner')

function step(
  id: string,
  phase: Phase,
  needs: readonly string[],
  check: (state: IbmSeState) => Finding,
): Step<IbmSeState> {
  return { id: `ibm-se.${id}`, phase, source: ATTESTATION, needs: needs.map((need) => `ibm-se.${need}`), check }
}

function waivable(one: Step<IbmSeState>): Step<IbmSeState> {
  return { ...one, waivable: true }
}

function isExchange({ evidence }: IbmSeState): boolean {
  return evidence.kind !== 'host-key'
}

/** A check of exchanges only. */
function ofExchange(check: (state: IbmSeState) => Finding): (state: IbmSeState) => Finding {
  return (state) => (isExchange(state) ? check(state) : notApplicable(NO_EXCHANGE))
}

function requestKey({ opened }: IbmSeState): Finding {
  return opened === undefined
    ? unchecked(
        'nobody gave the protection key of the request',
        mend('pass the key that was kept when the request was made as `protectionKey`'),
      )
    : pass()
}

function requestTag({ opened }: IbmSeState): Finding {
  return opened?.result
    ? pass()
    : fail('the tag of the request does not hold: it was changed, or is of another key', NEW_EXCHANGE)
}

function response({ evidence }: IbmSeState): Finding {
  return evidence.kind === 'response'
    ? pass(undefined, { actual: evidence.kind })
    : unchecked(
        'this is a request alone, which proves nothing of a guest',
        mend('have the guest answer the request, and give the response', 'workload-owner'),
      )
}

function headerPresent({ header, headerDigest, headerError }: IbmSeState): Finding {
  if (header !== undefined) return pass(undefined, headerDigest?.result && { actual: toHex(headerDigest.result) })
  if (headerError !== undefined)
    return fail(
      `the header given cannot be read: ${headerError.message}`,
      mend('give the header of the image, or the image'),
    )
  return unchecked(
    'nobody gave the header of the image',
    mend('pass the Secure Execution header of the image, or the image, as `header`'),
  )
}

function additional({ additionalError }: IbmSeState): Finding {
  return additionalError === undefined
    ? pass()
    : fail(`the additional data are not what the request asked for: ${additionalError.message}`, NEW_EXCHANGE)
}

function measurement({ evidence, measurement }: IbmSeState): Finding {
  if (evidence.kind !== 'response') return notApplicable('there is no response')
  const received = evidence.exchange.entries.measurement.bytes ?? new Uint8Array(0)
  if (measurement?.result !== undefined && sameMac(measurement.result, received))
    return pass(undefined, { actual: toHex(received) })
  return fail(
    'the measurement is another one: of another image than the header given, other user data, another configuration or nonce, or by nobody who could open the request',
    mend('give the header of the image that runs; if it is the right one, ask for a new response', 'workload-owner'),
    { actual: toHex(received) },
  )
}

/** Compares MACs in a time that does not tell how much of them is equal. */
function sameMac(made: Uint8Array, received: Uint8Array): boolean {
  if (made.length !== received.length) return false
  let difference = 0
  for (let i = 0; i < made.length; i++) difference |= (made[i] as number) ^ (received[i] as number)
  return difference === 0
}

function attestationKey({ additional, hosts, strangers }: IbmSeState): Finding {
  const hash = additional?.attestationHostKeyHash
  if (hash === undefined) return notApplicable('the request did not ask which host key was used')
  const actual = toHex(hash)
  if (hosts.some(({ keyHash }) => keyHash.result !== undefined && toHex(keyHash.result) === actual))
    return pass('it is one that the request was made for', { actual })
  if (strangers.includes(actual)) return documentMissing([actual])
  return fail('the host key that attested is none that the request was made for', REPLACE_EVIDENCE, { actual })
}

function imageKey({ additional, header, hosts, strangers }: IbmSeState): Finding {
  const hash = additional?.imageHostKeyHash
  if (hash === undefined || header === undefined)
    return notApplicable('the request did not ask which key the image was loaded with')
  const actual = toHex(hash)
  if (header.slots.some(({ hostKeyHash }) => toHex(hostKeyHash) === actual))
    return pass('the image was made for this host key', { actual })
  if (sePlainFlags(header.pcf).backupHostKeys) {
    if (hosts.some(({ keyHash }) => keyHash.result !== undefined && toHex(keyHash.result) === actual))
      return pass('the image allows backup host keys, and this is one of a verified host', { actual })
    if (strangers.includes(actual)) return documentMissing([actual])
  }
  return fail('the image was loaded with a host key that its header has no slot for', REPLACE_EVIDENCE, { actual })
}

const OPENED = ['request.key', 'request.tag']

/** The exchange: only the Ultravisor of a verified host can open the request and make the measurement. */
export const EXCHANGE_STEPS: StepGroup<IbmSeState> = {
  id: 'ibm-se.exchange',
  steps: [
    step('request.key', 'authenticity', [], ofExchange(requestKey)),
    step('request.tag', 'authenticity', ['request.key'], ofExchange(requestTag)),
    step('response', 'authenticity', [], ofExchange(response)),
    step('header', 'authenticity', [], ofExchange(headerPresent)),
    step('additional', 'authenticity', ['response'], ofExchange(additional)),
    step('measurement', 'authenticity', [...OPENED, 'response', 'header'], ofExchange(measurement)),
    step('attestation-key', 'authenticity', ['response', 'additional'], ofExchange(attestationKey)),
    step('image-key', 'authenticity', ['response', 'additional', 'header'], ofExchange(imageKey)),
  ],
}

function hardware({ anchor, expect }: IbmSeState): Finding {
  if (anchor === undefined) return notApplicable('the chain ends at no trusted root')
  const details = { actual: `${anchor.name} (${anchor.vendor})`, anchor: anchor.id }
  if (anchor.emulated !== true) return pass("the chain is that of IBM's key signing service", details)
  if (expect.allowEmulated === true)
    return pass('EMULATED: no hardware vouches for this, and you allowed it with `allowEmulated`', details)
  return fail(
    "EMULATED: the chain ends at a root that is not the one of IBM's service, so that anybody may have made this",
    mend('run the workload on real hardware; for tests only, pass `allowEmulated`'),
    details,
  )
}

function image({ headerDigest, expect }: IbmSeState): Finding {
  if (headerDigest?.result === undefined) return notApplicable('there is no header')
  return compareOneOf(
    { what: 'the image (SHA-256 of its header)', actual: toHex(headerDigest.result), option: 'measurement' },
    expect.measurement,
  )
}

function userData({ evidence, expect }: Pick<IbmSeState, 'evidence' | 'expect'>): Finding {
  if (evidence.kind !== 'response') return notApplicable('there is no response')
  const actual = toHex(evidence.exchange.entries.userData.bytes ?? new Uint8Array(0))
  return compareOneOf(
    { what: 'the user data', actual, option: 'reportData' },
    expect.reportData === undefined ? undefined : [expect.reportData],
    actual === '',
  )
}

function freshness(state: IbmSeState): Finding {
  const { evidence, secrets, expect } = state
  if (evidence.kind === 'host-key') return notApplicable(NO_EXCHANGE)
  if (expect.nonce !== undefined) {
    // The nonce is inside of the request, which only its key opens.
    if (state.opened === undefined) return requestKey(state)
    const actual = secrets?.nonce === undefined ? 'none' : toHex(secrets.nonce)
    return actual === expect.nonce
      ? pass('the nonce in the request is yours', { actual })
      : fail(
          'the nonce in the request is not yours: the response belongs to another exchange, or was replayed',
          NEW_EXCHANGE,
          { expected: expect.nonce, actual },
        )
  }
  if (expect.requestIsFresh === true) return pass(undefined, { expected: 'requestIsFresh' })
  // Empty user data are those of any exchange.
  if (expect.reportDataIsFresh === true && expect.reportData !== undefined && expect.reportData !== '')
    return userData({ evidence, expect })
  return unchecked(
    'nothing shows when the guest answered: it may be a replay',
    mend(
      'give the nonce of your request as `nonce`, or say with `requestIsFresh` that the request was made for this exchange',
    ),
  )
}

function configuration({ evidence, expect }: IbmSeState): Finding {
  if (evidence.kind !== 'response') return notApplicable('there is no response')
  if (expect.configurations === undefined)
    return notApplicable('any configuration will do: its UID names one start of the guest')
  return compareOneOf(
    {
      what: 'the configuration UID',
      actual: toHex(evidence.exchange.entries.configUid.bytes ?? new Uint8Array(0)),
      option: 'configurations',
    },
    expect.configurations,
  )
}

function secretStore({ additional, expect }: IbmSeState): Finding {
  const hash = additional?.secretStoreHash
  if (hash === undefined)
    return expect.secretStores === undefined
      ? notApplicable('the request did not ask for the secret store')
      : unchecked('the request did not ask for the secret store', mend('ask for it in the request (flag 4)'))
  return compareOneOf(
    { what: 'the hash of the secret store', actual: toHex(hash), option: 'secretStores' },
    expect.secretStores,
  )
}

function host({ additional, hosts, strangers, expect }: IbmSeState): Finding {
  if (expect.hardwareIds === undefined) return notApplicable('any host will do')
  const named = additional?.attestationHostKeyHash
  const found =
    named === undefined ? hosts.map(({ keyHash }) => toHex(keyHash.result ?? new Uint8Array(0))) : [toHex(named)]
  if (found.length === 0) return documentMissing(strangers)
  const other = found.find((one) => expect.hardwareIds?.includes(one) !== true) ?? found[0]
  return compareOneOf({ what: 'the host key', actual: other ?? '', option: 'hardwareIds' }, expect.hardwareIds)
}

/** What the relying party wants. */
export const APPRAISAL_STEPS: StepGroup<IbmSeState> = {
  id: 'ibm-se.appraisal',
  steps: [
    step('hardware', 'appraisal', ['root.pinned'], hardware),
    waivable(
      step('guest', 'appraisal', [], ({ evidence }) =>
        evidence.kind === 'host-key'
          ? unchecked(
              'a host key document vouches for a machine, not for a guest',
              mend('get a response to an attestation request; or waive this check if the machine is all you ask about'),
            )
          : pass(undefined, { actual: evidence.kind }),
      ),
    ),
    waivable(step('expect.measurement', 'appraisal', [], ofExchange(image))),
    waivable(step('expect.user-data', 'appraisal', [], userData)),
    waivable(step('expect.freshness', 'appraisal', [], freshness)),
    waivable(step('expect.configuration', 'appraisal', [], configuration)),
    waivable(step('expect.secret-store', 'appraisal', [], secretStore)),
    waivable(step('expect.hardware-id', 'appraisal', [], host)),
  ],
}
