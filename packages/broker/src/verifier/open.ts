import { isDeepStrictEqual } from 'node:util'
import { createMemory, EvidenceError, type Tee, toHex } from '@sekisho/evidence'
import { tpmMakers } from '../enrolment/makers.ts'
import { refuseEmulatedArm } from './arm.ts'
import { azureDoor } from './azure.ts'
import { sha256 } from './bytes.ts'
import { ccaDoor } from './cca.ts'
import { FROM_FILES } from './from-files.ts'
import { iasDoor } from './ias.ts'
import { ibmSeDoor } from './ibm-se.ts'
import type {
  Door,
  EndorsementFiles,
  Judged,
  JudgeRequest,
  OpenedVerifier,
  Received,
  Surroundings,
  VerifierOptions,
} from './model.ts'
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
 * @throws TypeError for a root that does not say `emulated: true`, a TPM maker's that does, or endorsements of emulated
 *   Arm platforms where no such root is given
 */
export function openVerifier(options: VerifierOptions): OpenedVerifier {
  let around = surroundings(options)
  let doors = openedFor(around, options)
  let digest = filesDigest(options)
  const doorOf = (tee: Tee): Door => {
    const known = doors.get(tee)
    if (known !== undefined) return known
    const open = DOORS[tee]
    if (open === undefined) throw noDoor(tee)
    const door = open(around)
    doors.set(tee, door)
    return door
  }
  return {
    emulated: (options.trustAnchors ?? []).length > 0,
    get files() {
      return digest
    },
    tpmMakers: tpmMakers(tpmAnchors(options), options.tpmRoots?.pool ?? []),
    recognise: receive,
    skeleton: (received) => doorOf(received.tee).skeleton(received),
    comparable(received) {
      const door = doorOf(received.tee)
      return door.comparable?.(received) ?? door.skeleton(received)
    },
    binding: (received, digest) => doorOf(received.tee).binding(received, digest),
    isDevice: (received) => doorOf(received.tee).isDevice?.(received) === true,
    challenge: (tee, nonce) => (isTee(tee) ? doorOf(tee).challenge?.(nonce) : undefined),
    async verify(received: Received, request: JudgeRequest): Promise<Judged> {
      // Taken with the door: the files may be replaced before it answers.
      const by = digest
      const judged = await doorOf(received.tee).verify(received, request)
      return FROM_FILES.includes(received.tee) && request.kept === undefined ? { ...judged, files: by } : judged
    },
    renew: () => options.source?.renew?.(),
    forget() {
      for (const tee of doors.keys()) if (!FROM_FILES.includes(tee)) doors.delete(tee)
    },
    replaceFiles(files) {
      const { arm: _arm, secureExecution: _images, tokens: _tokens, bundles: former, ...rest } = around.options
      const next: Surroundings = { ...around, options: { ...rest, ...files } }
      const bundles = !isDeepStrictEqual(former, files.bundles)
      const opened = openedFor(next, files)
      // What was fetched for platforms is held on, unless a bundle may tell more.
      if (!bundles)
        for (const [tee, door] of doors) if (!FROM_FILES.includes(tee) && !opened.has(tee)) opened.set(tee, door)
      around = next
      doors = opened
      digest = filesDigest(files)
      return { bundles }
    },
  }
}

/** The doors to be opened at once: what the operator got wrong is said at the start, and to nobody who sends evidence. */
function openedFor(around: Surroundings, { arm, secureExecution, tokens }: EndorsementFiles): Map<Tee, Door> {
  const doors = new Map<Tee, Door>()
  if ((around.options.trustAnchors ?? []).length === 0) refuseEmulatedArm(arm)
  if (secureExecution !== undefined) doors.set('ibm-se', ibmSeDoor(around))
  if (tokens !== undefined) doors.set('token', tokenDoor(around))
  return doors
}

function filesDigest({ arm, secureExecution, tokens }: EndorsementFiles): string {
  return sha256(
    JSON.stringify({ arm, secureExecution, tokens }, (_name, value: unknown) =>
      value instanceof Uint8Array ? toHex(value) : value,
    ),
  )
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
