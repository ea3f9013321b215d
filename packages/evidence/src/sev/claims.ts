import { toHex } from '../core/bytes.ts'
import type { Assumption, Claims, Note } from '../core/verdict.ts'
import { productOfAnchor } from './anchors.ts'
import type { SevPlace } from './certificates.ts'
import type { SevPolicy } from './policy.ts'
import type { SevState } from './state.ts'

/** What evidence of this generation claims, beside what all evidence does. `userData` is empty: a guest can say nothing. */
export interface SevClaims extends Claims {
  readonly tee: 'sev'
  readonly evidenceKind: 'platform' | 'report' | 'launch'
  /** `sev-es` when the policy asks for encrypted registers; undefined where no policy is known. */
  readonly generation?: 'sev' | 'sev-es'
  readonly policy?: SevPolicy & { readonly raw: string }
  readonly firmware?: { readonly apiMajor: number; readonly apiMinor: number; readonly buildId?: number }
  readonly mnonce?: string
  /** `self`: the firmware made the OCA along with the platform's own keys; `external`: it was imported. */
  readonly platformOwner?: 'self' | 'external'
  /** SHA-256 of the SubjectPublicKeyInfo of each key, by its place in the chain. */
  readonly keys: Readonly<Partial<Record<SevPlace, string>>>
}

/** Claims of the evidence; believable only as far as the verdict goes. */
export function sevClaims(state: SevState): SevClaims {
  const {
    evidence,
    anchor,
    policy,
    rawPolicy,
    launch,
    matched,
    certificates: { pek },
  } = state
  const keys: Partial<Record<SevPlace, string>> = {}
  for (const place of ['ark', 'ask', 'cek', 'oca', 'pek', 'pdh'] as const) {
    const digest = state.keys[place]?.result
    if (digest !== undefined) keys[place] = toHex(digest)
  }
  const owner = ownerOf(state)
  const product = productOfAnchor(anchor)
  const mnonce =
    evidence.kind === 'report'
      ? evidence.report.mnonce
      : evidence.kind === 'launch'
        ? evidence.measure.mnonce
        : undefined
  return {
    tee: 'sev',
    vendor: 'amd',
    ...(product === undefined ? {} : { product }),
    isolation: 'vm',
    hardware: anchor !== undefined && anchor.emulated !== true,
    debug: policy !== undefined && !policy.noDebug,
    launchMeasurement: evidence.kind === 'report' ? toHex(evidence.report.launchDigest) : (matched ?? ''),
    runtimeMeasurements: {},
    userData: '',
    ...(keys.cek === undefined ? {} : { hardwareId: keys.cek }),
    tcb: { components: {} },
    evidenceKind: evidence.kind,
    ...(policy === undefined || rawPolicy === undefined
      ? {}
      : {
          generation: policy.encryptedState ? 'sev-es' : 'sev',
          policy: { ...policy, raw: `0x${rawPolicy.toString(16).padStart(8, '0')}` },
        }),
    ...(launch === undefined
      ? pek === undefined
        ? {}
        : { firmware: { apiMajor: pek.apiMajor, apiMinor: pek.apiMinor } }
      : { firmware: { apiMajor: launch.apiMajor, apiMinor: launch.apiMinor, buildId: launch.buildId } }),
    ...(mnonce === undefined ? {} : { mnonce: toHex(mnonce) }),
    ...(owner === undefined ? {} : { platformOwner: owner }),
    keys,
  }
}

// The firmware stamps its own API version on what it makes, so that an OCA of its own has the PEK's.
function ownerOf({ certificates: { oca, pek } }: SevState): 'self' | 'external' | undefined {
  if (oca === undefined || pek === undefined) return undefined
  return oca.apiMajor === pek.apiMajor && oca.apiMinor === pek.apiMinor && oca.key.kind === 'P-384'
    ? 'self'
    : 'external'
}

/** What a verdict relies on without evidence: what this generation cannot promise. */
export function sevAssumptions({ evidence, policy }: SevState): readonly Assumption[] {
  const assumed: Assumption[] = [
    {
      id: 'vendor-key',
      statement: 'AMD keeps its signing keys secret',
      because: 'these certificates have no dates and no revocation',
    },
    {
      id: 'chip-key',
      statement:
        "nobody extracted this chip's keys: the owner of Naples, Rome and Milan machines could, by a voltage glitch of the security processor or, on Naples, by rolling firmware back",
      because: 'the chain rests on a CEK, which no firmware update changes',
    },
    {
      id: 'memory-integrity',
      statement: 'the host does not replay, move or alter encrypted memory',
      because: 'SEV before SNP has no memory integrity',
    },
    {
      id: 'side-channels',
      statement: 'the host does not watch ciphertext, page faults or shared caches',
      because: 'SEV before SNP has no defence against a hypervisor that does',
    },
  ]
  if (evidence.kind !== 'platform') {
    assumed.push({
      id: 'no-guest-data',
      statement: 'whoever you talk to is this guest',
      because:
        'this evidence carries nothing that a guest chose: trust passes only through a secret injected at launch, never to a TLS key',
    })
  }
  if (evidence.kind === 'report') {
    assumed.push({
      id: 'host-asked',
      statement: 'it does not matter who asked for the report',
      because: 'the host may ask for it: fit for inventory, not for releasing keys',
    })
  }
  if (evidence.kind === 'launch') {
    assumed.push({
      id: 'session',
      statement: 'the TIK was wrapped for the PDH of this chain and for no other',
      because: 'the wrapping is made by the guest owner and is no part of the measurement',
    })
  }
  if (policy !== undefined && !policy.encryptedState) {
    assumed.push({
      id: 'register-state',
      statement: 'the host neither reads nor changes registers of the guest',
      because: 'policy bit 2 (SEV-ES) is not set, and the launch digest covers no registers',
    })
  }
  if (policy !== undefined && !policy.noSend) {
    assumed.push({
      id: 'migration',
      statement: 'platforms that the guest is sent to are as good as this one',
      because: 'policy bit 3 (no sending) is not set',
    })
  }
  return assumed
}

/** Facts that change no outcome. */
export function sevNotes({ certificates: { ark, cek, oca, pek, pdh } }: SevState): readonly Note[] {
  const notes: Note[] = []
  if (ark !== undefined && ark.signature === undefined)
    notes.push({
      id: 'sev.ark-unsigned',
      text: 'the ARK was given without its own signature; only its key was compared',
    })
  for (const [name, one] of [
    ['CEK', cek],
    ['OCA', oca],
    ['PEK', pek],
    ['PDH', pdh],
  ] as const) {
    if (one !== undefined && (one.reserved[0] !== 0 || one.reserved[1] !== 0))
      notes.push({ id: 'sev.reserved', text: `reserved bytes of the ${name} are not zero` })
  }
  return notes
}
