import { digestHex } from '../core/assemble.ts'
import { fail, mend, notApplicable, pass, type Step, unchecked } from '../core/engine.ts'
import type { CommonExpectations } from '../core/options.ts'
import type { Finding, TrustAnchor } from '../core/verdict.ts'
import { isOnCurve } from '../crypto/ec-key.ts'
import { MAX_CANDIDATES } from './candidates.ts'
import { type EndorsedKey, isEmulatedImplementation } from './endorsed.ts'
import type { ArmEndorsements } from './endorsements.ts'

/** What the steps about a platform's key read. */
export interface KeyState {
  readonly endorsements: ArmEndorsements
  /** How many keys count for this device. */
  readonly keys: number
  /** The one of them that signed, or else the first; undefined without any. */
  readonly endorsed: EndorsedKey | undefined
  /** Set when the key is one that is trusted. */
  readonly anchor: TrustAnchor | undefined
  /** Lower-case hex. */
  readonly implementationId: string
  readonly instanceId: string
  readonly expect: Pick<CommonExpectations, 'allowEmulated'>
}

/** SHA-256 of keys whose private half is published: they sign samples and development builds, never for hardware. */
const PUBLISHED_KEYS: readonly string[] = [
  // Trusted Firmware-A's test key, of TF-RMM's samples.
  '0928f896cb02326566530a62a1e36329a12d0a4a308f4fc81e8ff5560bca6bca',
  // Trusted Firmware-M's test key.
  '7b1a17147ca907e16cad79901fef13991ec6206e3d148b657068ad6c4cba4626',
  // The key of Veraison's samples.
  '51b944cdfa544d4c3273aa6bf350625a7dd53bbb6a71723274f538b19a207760',
]

/**
 * The anchor that an endorsed key is. Without a list of anchors the endorsement itself is the trust;
 * with one the key must be on it. It is emulated, whatever the list says, where the key is published or the
 * implementation that signed is an emulator's.
 */
export function anchorOf(
  endorsed: EndorsedKey | undefined,
  anchors: readonly TrustAnchor[] | undefined,
  implementationId: string,
): TrustAnchor | undefined {
  if (endorsed === undefined) return undefined
  const spkiSha256 = digestHex(endorsed.spki)
  const emulated = PUBLISHED_KEYS.includes(spkiSha256) || isEmulatedImplementation(implementationId)
  const made: TrustAnchor = {
    id: 'arm-platform-key',
    name: 'the endorsed platform key',
    vendor: 'Arm platform',
    spkiSha256,
    ...(emulated ? { emulated } : {}),
  }
  const listed = anchors === undefined ? made : anchors.find((anchor) => anchor.spkiSha256 === spkiSha256)
  return emulated && listed !== undefined ? { ...listed, emulated } : listed
}

function wellFormed({ endorsements: { error } }: KeyState): Finding {
  if (error === undefined) return pass('all endorsements can be read')
  return fail(
    `${error.part} cannot be read: ${error.error.message}`,
    mend('pass endorsements as their publisher delivers them'),
    { expected: error.error.expected },
  )
}

function present({ endorsed, keys, implementationId, instanceId, expect }: KeyState): Finding {
  const actual = `implementation ${implementationId}, instance ${instanceId}`
  if (keys > MAX_CANDIDATES)
    return unchecked(
      `there are ${keys} keys for this device, and no more than ${MAX_CANDIDATES} are tried`,
      mend('say which device each key belongs to: `implementation-id` and `instance-id`'),
      { actual },
    )
  if (keys > 1) return pass(`there are ${keys} verification keys for this device`, { actual })
  if (endorsed !== undefined) return pass('there is a verification key for this device', { actual })
  return unchecked(
    'there is no verification key for this device: nothing connects the token with hardware',
    isEmulatedImplementation(implementationId) && expect.allowEmulated !== true
      ? mend(ON_HARDWARE, 'platform-owner')
      : mend(`get the key of instance ${instanceId} from the maker of the device and pass it in \`endorsements\``),
    { actual },
  )
}

function valid({ endorsed }: KeyState): Finding {
  if (endorsed === undefined) return notApplicable('there is no key')
  const details = { actual: endorsed.key.kind }
  if (isOnCurve(endorsed.key)) return pass(`the key is a point on ${endorsed.key.kind}`, details)
  return fail(
    `the endorsed key is no point on ${endorsed.key.kind}: its coordinates do not belong together`,
    mend('get the key again from the maker of the device'),
    details,
  )
}

function trusted({ endorsed, anchor }: KeyState): Finding {
  if (anchor !== undefined)
    return pass('the key is one that you trust', { actual: anchor.spkiSha256, anchor: anchor.id })
  return fail(
    'the endorsed key is none of the keys in `trustAnchors`',
    mend('add the key to `trustAnchors`, or leave them out to trust all endorsed keys'),
    { actual: endorsed === undefined ? 'no key' : digestHex(endorsed.spki) },
  )
}

const ON_HARDWARE = 'run the workload on a device whose maker vouches for its key'

function hardware({ anchor, implementationId, expect }: KeyState): Finding {
  // What it says of itself proves nothing, and is enough to refuse it by.
  if (anchor === undefined && isEmulatedImplementation(implementationId) && expect.allowEmulated !== true)
    return fail(
      "EMULATED: the implementation is an emulator's, by its id: no hardware vouches for this",
      mend(ON_HARDWARE, 'platform-owner'),
      { actual: `implementation ${implementationId}` },
    )
  if (anchor === undefined) return notApplicable('no key is trusted')
  const details = { actual: `${anchor.name} (${anchor.vendor})`, anchor: anchor.id }
  if (anchor.emulated !== true)
    return pass('you vouch for the key of the device, and it is no published test key', details)
  if (expect.allowEmulated === true)
    return pass('EMULATED: no hardware vouches for this, and you allowed it with `allowEmulated`', details)
  return fail(
    'EMULATED: the private half of this key is public, or its platform or you call it emulated, so that anybody may have made this',
    mend('use a device with a key of its own; for tests only, pass `allowEmulated`', 'platform-owner'),
    details,
  )
}

/** Ids of the steps about the key that a signature rests on. */
export function keyNeeds(tee: 'cca' | 'psa'): readonly string[] {
  return [`${tee}.key.present`, `${tee}.key.valid`]
}

/** Whether there is a key for the device, and whether it may be believed. */
export function keySteps(tee: 'cca' | 'psa', source: string): readonly Step<KeyState>[] {
  const step = (
    id: string,
    title: string,
    check: (state: KeyState) => Finding,
    needs: readonly string[] = [],
  ): Step<KeyState> => ({
    id: `${tee}.${id}`,
    title,
    phase: 'authenticity',
    source,
    needs: needs.map((need) => `${tee}.${need}`),
    check,
  })
  return [
    step('endorsements.well-formed', 'The endorsements can be read', wellFormed),
    step('key.present', 'There is a verification key for the device', present, ['endorsements.well-formed']),
    step('key.valid', 'The key is a point on its curve', valid, ['key.present']),
    step('key.trusted', 'The key is trusted', trusted, ['key.present']),
  ]
}

/** Whether hardware stands behind the key. */
export function hardwareStep(tee: 'cca' | 'psa', source: string): Step<KeyState> {
  return {
    id: `${tee}.hardware`,
    title: 'Hardware stands behind the key',
    phase: 'appraisal',
    source,
    needs: [`${tee}.endorsements.well-formed`],
    check: hardware,
  }
}
