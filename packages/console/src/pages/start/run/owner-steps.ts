import { isRecord, type JsonRecord, textMember } from '../../../engine/json.ts'
import { readVerifierKey } from '../../../log/note.ts'
import { proveReceipt } from '../../../log/receipt.ts'
import type { Hands } from './calls.ts'
import { knownValues } from './exchange.ts'
import { ADVISORY, type Facts, FORBID, NAMESPACE, POLICY, REFERENCE, RESOURCE, type Remedy } from './model.ts'

/** What a step adds to the facts. */
export type Added = Partial<Facts>

const NS = `/namespaces/${NAMESPACE}`

/** The namespace of the run holds something that this run did not make: it is left alone. */
export class TakenError extends Error {
  override readonly name = 'TakenError'
}

/**
 * A namespace of its own; one of an earlier run is used again, without its reference set.
 * @throws TakenError when something else is kept there
 */
export async function makeNamespace({ owner }: Hands): Promise<Added> {
  const { namespaces } = await owner('GET', '/namespaces')
  if (!Array.isArray(namespaces) || !namespaces.includes(NAMESPACE)) {
    await owner('POST', '/namespaces', { name: NAMESPACE })
    return { again: false }
  }
  const { secrets } = await owner('GET', `${NS}/secrets`)
  if (records(secrets).some((one) => textMember(one, 'path') !== RESOURCE)) throw new TakenError()
  const { references } = await owner('GET', `${NS}/references`)
  const names = records(references).map((one) => textMember(one, 'name'))
  if (names.some((name) => name !== REFERENCE)) throw new TakenError()
  for (const name of names) await owner('DELETE', `${NS}/references/${name}`)
  return { again: true }
}

/** The secret goes in. */
export async function putSecret({ owner }: Hands, { secret }: Facts): Promise<Added> {
  const value = btoa(String.fromCharCode(...new TextEncoder().encode(secret)))
  const { version } = await owner('PUT', `${NS}/secrets/${RESOURCE}`, {
    value,
    contentType: 'text/plain; charset=utf-8',
  })
  return { secretVersion: Number(version) }
}

/** Who may have it. */
export async function putPolicy({ owner }: Hands): Promise<Added> {
  const { version } = await owner('PUT', `${NS}/policy`, { text: POLICY, note: 'first run' })
  return { policyVersion: Number(version) }
}

/** Which workload is known. */
export async function putReference(hands: Hands): Promise<Added> {
  const values = await knownValues(hands)
  await hands.owner('PUT', `${NS}/references/${REFERENCE}`, { tee: 'snp', values, owner: 'first run' })
  const [measurement] = Array.isArray(values['measurement']) ? values['measurement'] : []
  return { measurement: String(measurement ?? '') }
}

/** Why it was refused, as only the owner is told. */
export async function readRefusal({ owner }: Hands, { refusal }: Facts): Promise<Added> {
  const found = await owner('GET', `${NS}/decisions/${refusal?.decision ?? ''}`)
  const reasons = Array.isArray(found['reasons']) ? found['reasons'].map(String) : []
  const remedies = records(found['remedies']).map(
    (one): Remedy => ({ action: textMember(one, 'action'), by: textMember(one, 'by') }),
  )
  return { reasons, remedies }
}

/** The proof that the release stands in the log, checked in this page with the key that the checkpoint gives now. */
export async function proveRelease({ owner, logKey }: Hands, { decision = '' }: Facts): Promise<Added> {
  const receipt = await owner('GET', `${NS}/decisions/${decision}/receipt`)
  const key = await readVerifierKey((await logKey()).trim())
  return { receipt, proof: await proveReceipt(receipt, key) }
}

/** The vendor publishes an advisory about this CPU generation. */
export async function publishAdvisory({ owner }: Hands): Promise<Added> {
  const published = new Date().toISOString()
  await owner('POST', `${NS}/advisories`, { id: ADVISORY, vendor: 'amd', products: ['Milan'], published })
  const { affected } = await owner('GET', `${NS}/advisories/${ADVISORY}/affected`)
  return { affected: records(affected).length }
}

/** One line forbids it: first tried on what was decided so far, then put in force. */
export async function forbid({ owner }: Hands): Promise<Added> {
  const text = `${POLICY}\n${FORBID}`
  const { summary } = await owner('POST', `${NS}/policy/dry-run`, { text })
  const { version } = await owner('PUT', `${NS}/policy`, { text, note: ADVISORY })
  return { dryRun: String(summary ?? ''), forbiddenBy: Number(version) }
}

function records(value: unknown): readonly JsonRecord[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
