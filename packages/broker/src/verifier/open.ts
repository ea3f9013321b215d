import { createMemory, EvidenceError, type Tee } from '@sekisho/evidence'
import { tpmMakers } from '../enrolment/makers.ts'
import { azureDoor } from './azure.ts'
import { ccaDoor } from './cca.ts'
import { iasDoor } from './ias.ts'
import { ibmSeDoor } from './ibm-se.ts'
import type { Door, Judged, JudgeRequest, Received, Surroundings, Verifier, VerifierOptions } from './model.ts'
import { newsTeller } from './news.ts'
import { nitroDoor } from './nitro.ts'
import { nvidiaDoor } from './nvidia.ts'
import { psaDoor } from './psa.ts'
import { receive } from './recognise.ts'
import { sevDoor } from './sev.ts'
import { sgxDoor } from './sgx.ts'
import { snpDoor } from './snp.ts'
import { tdxDoor } from './tdx.ts'
import { tokenDoor } from './token.ts'
import { tpmAnchors, tpmDoor } from './tpm.ts'

const DOORS: Readonly<Partial<Record<Tee, (around: Surroundings) => Door>>> = {
  snp: snpDoor,
  sev: sevDoor,
  sgx: sgxDoor,
  'sgx-epid': iasDoor,
  tdx: tdxDoor,
  nitro: nitroDoor,
  cca: ccaDoor,
  psa: psaDoor,
  'ibm-se': ibmSeDoor,
  tpm: tpmDoor,
  'azure-vtpm': azureDoor,
  'nvidia-gpu': nvidiaDoor,
  token: tokenDoor,
}

const HOLD_SECONDS = 300
const MAX_HELD = 1024

/**
 * Opens a verifier of evidence of every TEE that a checkpoint takes. Prepared endorsements are held for a while and
 * bounded in number; what is held is judged again on each use (dates, revocation), only its parsing is saved.
 *
 * @throws TypeError for a root that does not say `emulated: true`, or a TPM maker's that does
 */
export function openVerifier(options: VerifierOptions): Verifier {
  const around = surroundings(options)
  const doors = new Map<Tee, Door>()
  const doorOf = (tee: Tee): Door => {
    const known = doors.get(tee)
    if (known !== undefined) return known
    const open = DOORS[tee]
    if (open === undefined) throw noDoor(tee)
    const door = open(around)
    doors.set(tee, door)
    return door
  }
  // What the operator got wrong is said at the start, and to nobody who sends evidence.
  if (options.secureExecution !== undefined) doorOf('ibm-se')
  if (options.tokens !== undefined) doorOf('token')
  return {
    emulated: (options.trustAnchors ?? []).length > 0,
    tpmMakers: tpmMakers(tpmAnchors(options), options.tpmRoots?.pool ?? []),
    recognise: receive,
    skeleton: (received) => doorOf(received.tee).skeleton(received),
    binding: (received, digest) => doorOf(received.tee).binding(received, digest),
    isDevice: (received) => doorOf(received.tee).isDevice?.(received) === true,
    challenge: (tee, nonce) => (isTee(tee) ? doorOf(tee).challenge?.(nonce) : undefined),
    verify: (received: Received, request: JudgeRequest): Promise<Judged> =>
      doorOf(received.tee).verify(received, request),
  }
}

function isTee(name: string): name is Tee {
  return Object.hasOwn(DOORS, name)
}

function surroundings(options: VerifierOptions): Surroundings {
  const { trustAnchors = [], memory = createMemory(), holdSeconds = HOLD_SECONDS, maxHeld = MAX_HELD } = options
  const foreign = trustAnchors.find((one) => one.emulated !== true)
  if (foreign !== undefined)
    throw new TypeError(`trustAnchors: ${foreign.id} must say \`emulated: true\`; vendors' roots are known already`)
  const played = (options.tpmRoots?.anchors ?? []).find(
    (one) => one.emulated === true || trustAnchors.some(({ spkiSha256 }) => spkiSha256 === one.spkiSha256),
  )
  if (played !== undefined) throw new TypeError(`tpmRoots: ${played.id} is emulated, and no maker's`)
  return {
    options,
    memory,
    holdMs: holdSeconds * 1000,
    maxHeld,
    trouble: options.onTrouble ?? ((): void => undefined),
    noted: newsTeller(maxHeld, options.onNews ?? ((): void => undefined)),
    anchors: (vendor) => (trustAnchors.length === 0 ? {} : { trustAnchors: [...vendor, ...trustAnchors] }),
  }
}

function noDoor(tee: Tee): EvidenceError {
  return new EvidenceError('unsupported-kind', `evidence of the kind ${tee}`, {
    field: 'evidence',
    offset: 0,
    expected: `one of ${Object.keys(DOORS).join(', ')}`,
  })
}
