import { toHex } from '@sekisho/evidence'
import { isRecord, textMember } from '../../../engine/json.ts'
import type { Hands, Heard } from './calls.ts'
import { bindingOf, makeKey, publicKeyOf } from './key.ts'
import { type Facts, type Flaw, MACHINE, NAMESPACE, UNKNOWN_MEASUREMENT } from './model.ts'

/** Evidence for one nonce and one key, as the workload sends it. */
interface Sent {
  readonly session: string
  readonly tee: string
  readonly evidence: unknown
  readonly runtimeData: unknown
}

/** What attesting gave. */
export interface Attested {
  readonly key: CryptoKeyPair
  readonly session: string
  readonly heard: Heard
}

/**
 * One exchange of the workload: a nonce, a signature of the emulated machine over nonce and key, and the evidence.
 *
 * @param flaw what is wrong with the machine, if anything is
 * @throws ApiError
 */
export async function attest(hands: Hands, flaw: Flaw | undefined): Promise<Attested> {
  const key = await makeKey()
  hands.note({ did: 'key', text: JSON.stringify(await publicKeyOf(key)) })
  const sent = await evidenceOf(hands, key, flaw)
  return { key, session: sent.session, heard: await hands.workload('/workload/attest', sent) }
}

/** Prolongs the lease with fresh evidence of the same workload and key. @throws ApiError */
export async function renew(hands: Hands, { key, lease }: Facts): Promise<Heard> {
  if (key === undefined || lease === undefined) throw new Error('there is no lease to renew')
  const sent = await evidenceOf(hands, key, undefined)
  return hands.workload(`/workload/leases/${lease.id}/renew`, sent, lease.secret)
}

async function evidenceOf(hands: Hands, key: CryptoKeyPair, flaw: Flaw | undefined): Promise<Sent> {
  const { body } = await hands.workload('/workload/challenge', { namespace: NAMESPACE, tee: MACHINE.tee })
  const nonce = textMember(body, 'nonce')
  const publicKey = await publicKeyOf(key)
  const bound = await bindingOf(nonce, publicKey)
  hands.note({ did: 'binding', text: toHex(bound) })
  const reportData = btoa(String.fromCharCode(...bound))
  const signed = await hands.owner('POST', '/emulated/attest', { ...machineWith(flaw), reportData })
  return {
    session: textMember(body, 'session'),
    tee: MACHINE.tee,
    evidence: signed['evidence'],
    runtimeData: { nonce, 'tee-pubkey': publicKey },
  }
}

/** The machine of the run. */
export function machineWith(flaw: Flaw | undefined): Readonly<Record<string, unknown>> {
  if (flaw === 'debug') return { ...MACHINE, debug: true }
  return flaw === 'measurement' ? { ...MACHINE, measurement: UNKNOWN_MEASUREMENT } : MACHINE
}

/** Values of a reference set that know the machine as it should be. @throws ApiError */
export async function knownValues(hands: Hands): Promise<Readonly<Record<string, unknown>>> {
  const reportData = btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(48))))
  const { reference } = await hands.owner('POST', '/emulated/attest', { ...machineWith(undefined), reportData })
  return isRecord(reference) ? reference : {}
}
