import { toHex } from '../core/bytes.ts'
import { isoTime } from '../core/time.ts'
import type { Assumption, Claims, Note } from '../core/verdict.ts'
import { type SePlainFlags, sePlainFlags } from './header.ts'
import { type SeRequestFlags, seRequestFlags } from './request.ts'
import type { IbmSeState } from './state.ts'

/** What evidence of Secure Execution claims, beside what all evidence does. */
export interface IbmSeClaims extends Claims {
  readonly tee: 'ibm-se'
  readonly evidenceKind: 'host-key' | 'request' | 'response'
  /** Names one start of a guest. */
  readonly configurationUid?: string
  readonly nonce?: string
  readonly requested?: SeRequestFlags
  readonly imageHostKeyHash?: string
  readonly attestationHostKeyHash?: string
  readonly secretStoreHash?: string
  readonly firmwareState?: string
  readonly image?: {
    readonly pld: string
    readonly ald: string
    readonly tld: string
    readonly tag: string
    readonly pages: string
    readonly hostKeyHashes: readonly string[]
    readonly flags: SePlainFlags
  }
  readonly hosts: readonly {
    readonly name: string
    readonly serial: string
    readonly keyHash: string
    readonly from: string
    readonly until: string
  }[]
}

/** Claims of the evidence; believable only as far as the verdict goes. */
export function ibmSeClaims(state: IbmSeState): IbmSeClaims {
  const { evidence, header, headerDigest, additional, anchor, secrets } = state
  const exchange = evidence.kind === 'response' ? evidence.exchange : undefined
  const hosts = state.hosts.map(({ certificate, keyHash }) => ({
    name: (certificate.subject.commonName ?? '').slice(0, 64),
    serial: certificate.serial,
    keyHash: toHex(keyHash.result ?? new Uint8Array(0)),
    from: isoTime(certificate.notBefore),
    until: isoTime(certificate.notAfter),
  }))
  const attested = additional?.attestationHostKeyHash
  const hardwareId = attested === undefined ? (hosts.length === 1 ? hosts[0]?.keyHash : undefined) : toHex(attested)
  return {
    tee: 'ibm-se',
    vendor: 'ibm',
    isolation: 'vm',
    hardware: anchor !== undefined && anchor.emulated !== true,
    debug: false,
    launchMeasurement: headerDigest?.result === undefined ? '' : toHex(headerDigest.result),
    runtimeMeasurements: {},
    userData: toHex(exchange?.entries.userData.bytes ?? new Uint8Array(0)),
    ...(hardwareId === undefined ? {} : { hardwareId }),
    tcb: { components: {} },
    evidenceKind: evidence.kind,
    ...hexMember('configurationUid', exchange?.entries.configUid.bytes),
    ...hexMember('nonce', secrets?.nonce),
    ...(evidence.kind === 'host-key' ? {} : { requested: seRequestFlags(evidence.request.flags) }),
    ...hexMember('imageHostKeyHash', additional?.imageHostKeyHash),
    ...hexMember('attestationHostKeyHash', attested),
    ...hexMember('secretStoreHash', additional?.secretStoreHash),
    ...hexMember('firmwareState', additional?.firmwareState),
    ...(header === undefined ? {} : { image: imageOf(header) }),
    hosts,
  }
}

function hexMember<N extends string>(name: N, bytes: Uint8Array | undefined): Partial<Record<N, string>> {
  const made: Partial<Record<N, string>> = {}
  if (bytes !== undefined) made[name] = toHex(bytes)
  return made
}

function imageOf(header: NonNullable<IbmSeState['header']>): NonNullable<IbmSeClaims['image']> {
  return {
    pld: toHex(header.pld),
    ald: toHex(header.ald),
    tld: toHex(header.tld),
    tag: toHex(header.tag),
    pages: header.pages.toString(),
    hostKeyHashes: header.slots.map(({ hostKeyHash }) => toHex(hostKeyHash)),
    flags: sePlainFlags(header.pcf),
  }
}

/** What a verdict relies on without evidence. */
export function ibmSeAssumptions({ evidence, anchor, header, additional }: IbmSeState): readonly Assumption[] {
  const assumed: Assumption[] = [
    {
      id: 'vendor-key',
      statement: 'IBM keeps the keys of its machines and of its key signing service secret',
      because: 'a host key document is all that ties a host key to a machine',
    },
    {
      id: 'firmware-level',
      statement: "the machine's firmware has no known hole",
      because: 'IBM publishes no levels that a verifier could compare',
    },
  ]
  if (anchor !== undefined && anchor.emulated !== true) {
    assumed.push({
      id: 'public-authority',
      statement: `${anchor.name} gives certificates with the name of IBM's key signing service to IBM only`,
      because: 'the root is a public one, and the subject alone tells the signing certificate',
    })
  }
  if (evidence.kind !== 'host-key') {
    assumed.push({
      id: 'protection-key',
      statement: 'nobody but you and the Ultravisor knows the protection key of the request',
      because: 'the measurement is a MAC, not a signature: whoever can open the request can make one',
    })
  }
  if (header !== undefined && sePlainFlags(header.pcf).componentsNotEncrypted) {
    assumed.push({
      id: 'plain-components',
      statement: 'nothing in the image is secret',
      because: 'plaintext control flag 35 is set: the components are measured but not encrypted',
    })
  }
  if (header !== undefined && sePlainFlags(header.pcf).dumpAllowed) {
    assumed.push({
      id: 'dumps',
      statement: 'whoever has the customer communication key may read the memory',
      because: 'plaintext control flag 34 allows encrypted dumps',
    })
  }
  if (evidence.kind === 'response' && additional?.secretStoreHash === undefined) {
    assumed.push({
      id: 'secret-store',
      statement: 'it does not matter which secrets were added at run time',
      because: 'the request did not ask for the hash of the secret store',
    })
  }
  return assumed
}

/** Facts that change no outcome. */
export function ibmSeNotes({ hosts, signing, evidence }: IbmSeState): readonly Note[] {
  const notes: Note[] = []
  const issuer = signing[0]
  if (issuer !== undefined && hosts.some(({ certificate }) => certificate.issuer.key !== issuer.subject.key)) {
    notes.push({
      id: 'ibm-se.hkd-issuer',
      text: 'a host key document names its issuer otherwise than the signing certificate names itself, as IBM does; key and signature decide',
    })
  }
  if (evidence.kind !== 'host-key' && evidence.request.reserved.some((bytes) => bytes.some((byte) => byte !== 0))) {
    notes.push({ id: 'ibm-se.reserved', text: 'reserved bytes of the request are not zero' })
  }
  return notes
}
