import { allZero, toHex } from '../core/bytes.ts'
import { isoTime } from '../core/time.ts'
import type { Assumption, Claims, Note } from '../core/verdict.ts'
import { isRuntimeRegister, launchRegister } from './appraisal-steps.ts'
import { instanceIdOf, type NitroDevice, type NitroDocument, pcrOf, ZERO_PCR } from './document.ts'
import type { NitroState } from './state.ts'

/** What an attestation document claims, beside what all evidence does. `tcb` is empty: AWS publishes no TCB levels. */
export interface NitroClaims extends Claims {
  readonly tee: 'nitro'
  readonly device: NitroDevice
  readonly moduleId: string
  /** EC2 instance, when the module id has AWS's form. */
  readonly instanceId?: string
  /** ISO 8601 in UTC, and milliseconds since 1970. */
  readonly time: string
  readonly timestamp: number
  /** Every register by number. */
  readonly pcrs: Readonly<Record<string, string>>
  /** Null where the document says null; undefined where it says nothing. An empty byte string is the empty text. */
  readonly publicKey?: string | null
  readonly documentUserData?: string | null
  readonly nonce?: string | null
  /** Common name of the leaf: module id and region. */
  readonly leaf?: string
}

const EMPTY: Uint8Array = new Uint8Array(0)

/** Whether the document says that the enclave runs in debug mode: PCR0, PCR1 and PCR2 are zero. */
export function isDebug(document: NitroDocument): boolean {
  return document.device === 'nsm' && [0, 1, 2].every((index) => allZero(pcrOf(document, index) ?? EMPTY))
}

/** Claims of a document; believable only as far as the verdict goes. */
export function nitroClaims(state: NitroState): NitroClaims {
  const { document, anchor, publicKey, userData, nonce } = state
  const pcrs: Record<string, string> = {}
  const runtime: Record<string, string> = {}
  for (const [index, value] of state.pcrs) {
    pcrs[index] = value
    if (isRuntimeRegister(state, index) && value !== ZERO_PCR) runtime[`PCR${index}`] = value
  }
  const signer = state.pcrs.get(8)
  const instanceId = instanceIdOf(document.moduleId)
  const leaf = state.chain.links.at(-1)?.certificate?.subject.commonName
  return {
    tee: 'nitro',
    vendor: 'aws',
    product: document.device === 'nsm' ? 'Nitro Enclaves' : 'NitroTPM',
    isolation: document.device === 'nsm' ? 'vm' : 'none',
    hardware: anchor !== undefined && anchor.emulated !== true,
    debug: state.debug,
    launchMeasurement: state.pcrs.get(launchRegister(state)) ?? '',
    runtimeMeasurements: runtime,
    ...(document.device === 'nsm' && signer !== undefined && signer !== ZERO_PCR ? { signer } : {}),
    userData: userData ?? '',
    ...(instanceId === undefined ? {} : { hardwareId: instanceId }),
    tcb: { components: {} },
    device: document.device,
    moduleId: document.moduleId,
    ...(instanceId === undefined ? {} : { instanceId }),
    time: isoTime(document.timestamp),
    timestamp: document.timestamp,
    pcrs,
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(userData === undefined ? {} : { documentUserData: userData }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(leaf === undefined ? {} : { leaf }),
  }
}

/** What a verdict about this document relies on without evidence. */
export function nitroAssumptions({ document, chain }: NitroState): readonly Assumption[] {
  const assumed: Assumption[] = [
    {
      id: 'vendor-key',
      statement: 'AWS keeps its attestation keys secret',
      because: `the chain has ${chain.links.length - 1} issuers, and none can be revoked`,
    },
    {
      id: 'cloud-operator',
      statement: 'AWS, whose hypervisor measures and signs, does not turn against its customer',
      because: 'no processor vendor signs anything here',
    },
  ]
  if (document.device === 'nitrotpm') {
    assumed.push({
      id: 'instance-administrator',
      statement: 'nobody changes the running instance after its boot',
      because: 'a NitroTPM measures the boot and isolates nothing',
    })
  }
  return assumed
}

/** Facts that change no outcome. */
export function nitroNotes({ document, chain }: NitroState): readonly Note[] {
  const notes: Note[] = []
  const unknown = Object.keys(document.unknown)
  if (unknown.length > 0) {
    notes.push({
      id: 'nitro.unknown-members',
      text: `unknown members: ${unknown
        .slice(0, 8)
        .map((name) => JSON.stringify(name))
        .join(', ')}`,
    })
  }
  const leaf = chain.links.at(-1)?.certificate?.subject.commonName
  if (leaf !== undefined && !leaf.startsWith(document.moduleId)) {
    notes.push({ id: 'nitro.module-id', text: 'the leaf does not name the module of the document' })
  }
  return notes
}

/** Lower-case hex; null and undefined stay what they are. */
export function hexOrNull(value: Uint8Array | null | undefined): string | null | undefined {
  return value === null || value === undefined ? value : toHex(value)
}
